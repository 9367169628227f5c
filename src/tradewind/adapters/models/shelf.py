"""Versions of models, and which of them each seat serves, as files of a project's models folder.

``versions/VERSION/`` holds an artifact and its signed manifest and never changes once it is there.
``promoted/SEAT.json`` names what a seat serves and is replaced as a whole, so whoever reads it sees the old choice or
the new one. A seat is a symbol on a timeframe: ``BTC-USDT-1h``. ``evaluations/VERSION.json`` is what a version showed
on its sealed bars, ``decisions.jsonl`` every decision about a seat. The shelf knows bytes and not what they say.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from typing import Final

from tradewind.adapters.market.sealed.durable import one_writer, sync_folder, write_bytes_durably
from tradewind.errors import Corrupt, Misconfigured, Rejected, Unavailable
from tradewind.model.timeframe import Timeframe

MANIFEST: Final = "manifest.json"
ARTIFACTS: Final = ("model.json", "model.onnx")
LARGEST: Final = 512 << 20
"""Bytes of an artifact that are still read."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def seat_of(symbol: str, timeframe: Timeframe) -> str:
    """The name of a seat: ``BTC-USDT-1h``."""
    return f"{symbol.replace('/', '-')}-{timeframe}"


class ModelShelf:
    """The models folder of a project; nothing is made before something is put there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._versions = folder / "versions"
        self._promoted = folder / "promoted"
        self._evaluations = folder / "evaluations"
        self._decisions = folder / "decisions.jsonl"

    @property
    def behind(self) -> ModelShelf | None:
        """The shelf that says what a seat serves where nothing was decided here; None: no other."""
        return None

    def alone(self) -> AbstractContextManager[None]:
        """Holds the shelf for a change; a second process is told who holds it (Retryable)."""
        return one_writer(self.folder / ".lock", "the models folder")

    def put(self, version: str, name: str, artifact: bytes, manifest: bytes) -> Path:
        """Adds a version, wholly or not at all; the same one again changes nothing.

        Raises:
            Rejected: another model lies there under this version.
            Unavailable: the disk refuses.
        """
        place = self._place(version)
        if name not in ARTIFACTS:
            raise Misconfigured(f"an artifact called {name!r}", where=version, allowed=" or ".join(ARTIFACTS))
        if place.exists():
            if self.read(version) == (name, artifact, manifest):
                return place
            raise Rejected("another model of this version is there", where=str(place), next_step="name a new version")
        part = self._versions / f".{version}.{os.getpid()}"
        try:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            write_bytes_durably(part / name, artifact)
            write_bytes_durably(part / MANIFEST, manifest)
            sync_folder(part)
            part.rename(place)
            sync_folder(self._versions)
        except OSError as fault:
            raise Unavailable(f"cannot write: {fault.strerror or fault}", where=str(place)) from fault
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return place

    def read(self, version: str) -> tuple[str, bytes, bytes]:
        """``(name of the artifact, its bytes, the manifest's bytes)``.

        Raises:
            Unavailable: there is no such version, or it cannot be read.
            Corrupt: it is not one artifact and a manifest, or too large to be a model.
        """
        place = self._place(version)
        names = [name for name in ARTIFACTS if (place / name).is_file()]
        try:
            manifest = (place / MANIFEST).read_bytes()
            if len(names) != 1 or (place / names[0]).stat().st_size > LARGEST:
                raise Corrupt(
                    f"{len(names)} artifacts" if len(names) != 1 else "an artifact of more than 512 MiB",
                    where=str(place),
                    allowed="one of " + ", ".join(ARTIFACTS),
                )
            return names[0], (place / names[0]).read_bytes(), manifest
        except OSError as fault:
            raise Unavailable(
                f"no model {version}: {fault.strerror or fault}",
                where=str(place),
                next_step="tradewind models list",
            ) from fault

    def stamp(self, version: str) -> tuple[tuple[str, int, int], ...]:
        """Name, size and time of a version's files: another one where any of them was written, moved or taken away."""
        place = self._place(version)
        try:
            found = [(path.name, path.stat()) for path in sorted(place.iterdir())]
        except OSError:
            return ()
        return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)

    def versions(self) -> tuple[str, ...]:
        """Every version that is there, sorted."""
        return self.own_versions()

    def own_versions(self) -> tuple[str, ...]:
        """Those that lie in this folder itself."""
        return _names(self._versions, "*")

    def own_seats(self) -> tuple[str, ...]:
        """Those that this folder itself says something of."""
        return tuple(name.removesuffix(".json") for name in _names(self._promoted, "*.json"))

    def remove(self, version: str) -> None:
        """Deletes a version; the caller knows that no seat names it."""
        shutil.rmtree(self._place(version))
        sync_folder(self._versions)

    def take_off(self, version: str) -> Path:
        """Moves a version out of sight, beside the others under a hidden name; where it lies then."""
        place = _free(self._versions / f".{version}.aside")
        self._place(version).rename(place)
        sync_folder(self._versions)
        return place

    def put_again(self, version: str, place: Path) -> None:
        """Moves what ``take_off`` took back."""
        place.rename(self._place(version))
        sync_folder(self._versions)

    def set_seats_aside(self) -> tuple[Path, ...]:
        """Moves seats and decisions out of sight, beside them under hidden names; where they lie then."""
        moved = []
        for path in (self._decisions, self._promoted):
            if path.exists():
                moved.append(path.rename(_free(path.with_name(f".{path.name}.aside"))))
        if moved:
            sync_folder(self.folder)
        return tuple(moved)

    def put_seats_again(self, aside: Sequence[Path]) -> None:
        """Removes the seats and decisions that are there and moves those of ``set_seats_aside`` back."""
        shutil.rmtree(self._promoted, ignore_errors=True)
        self._decisions.unlink(missing_ok=True)
        for path in aside:
            path.rename(self._promoted if self._promoted.name in path.name else self._decisions)
        sync_folder(self.folder)

    def seats(self) -> tuple[str, ...]:
        """Every seat that something was promoted for, sorted."""
        return self.own_seats()

    def choice(self, seat: str) -> bytes | None:
        """What a seat serves, as it was written; None where nothing was promoted for it.

        Raises:
            Unavailable: it cannot be read.
        """
        return _read(self._pointer(seat))

    def chose(self, seat: str) -> bool:
        """Whether this folder itself says what a seat serves."""
        return self._pointer(seat).is_file()

    def choose(self, seat: str, choice: bytes) -> None:
        """Replaces what a seat serves, durably and as a whole; what was intended for it is done with.

        Raises:
            Unavailable: the disk refuses; the old choice stands.
        """
        _made(self._promoted)
        write_bytes_durably(self._pointer(seat), choice)
        self._next(seat).unlink(missing_ok=True)
        sync_folder(self._promoted)

    def intend(self, seat: str, choice: bytes) -> None:
        """Keeps what a seat is about to serve beside it, durably; nothing is served by it.

        Raises:
            Unavailable: the disk refuses.
        """
        _made(self._promoted)
        write_bytes_durably(self._next(seat), choice)
        sync_folder(self._promoted)

    def intended(self, seat: str) -> bytes | None:
        """What ``intend`` kept and ``choose`` did not come to; None where there is nothing."""
        return _read(self._next(seat))

    def evaluation(self, version: str) -> bytes | None:
        """What a version showed on its sealed bars, as it was written; None where they were not opened for it.

        Raises:
            Unavailable: it cannot be read.
        """
        return _read(self._evaluations / f"{self._place(version).name}.json")

    def keep_evaluation(self, version: str, data: bytes) -> Path:
        """Writes down what a version showed on its sealed bars.

        Raises:
            Unavailable: the disk refuses.
        """
        path = self._evaluations / f"{self._place(version).name}.json"
        _made(self._evaluations)
        write_bytes_durably(path, data)
        sync_folder(self._evaluations)
        return path

    def decisions(self) -> bytes:
        """Every decision, one a line, oldest first; a line that was not written to its end is left out.

        Raises:
            Unavailable: they cannot be read.
        """
        found = _read(self._decisions) or b""
        return found[: found.rfind(b"\n") + 1]

    def decide(self, line: bytes) -> None:
        """Appends a decision, durable on return; the caller holds ``alone``.

        Raises:
            Unavailable: the disk refuses.
        """
        whole = self.decisions()
        _made(self.folder)
        try:
            with self._decisions.open("r+b" if self._decisions.exists() else "x+b") as file:
                file.seek(len(whole))
                file.truncate()
                file.write(line + b"\n")
                file.flush()
                os.fsync(file.fileno())
            sync_folder(self.folder)
        except OSError as fault:
            raise Unavailable(f"cannot write: {fault.strerror or fault}", where=str(self._decisions)) from fault

    def _place(self, version: str) -> Path:
        if not _NAME.fullmatch(version):
            raise Misconfigured(f"{version!r} as a version", allowed="letters, digits, dots, _ and -")
        return self._versions / version

    def _next(self, seat: str) -> Path:
        pointer = self._pointer(seat)
        return pointer.with_name(f"{pointer.name}.next")

    def _pointer(self, seat: str) -> Path:
        if not _NAME.fullmatch(seat):
            raise Misconfigured(f"{seat!r} as a seat", allowed="a symbol and a timeframe, BTC-USDT-1h")
        return self._promoted / f"{seat}.json"


def _free(path: Path) -> Path:
    """The path, numbered where something lies there."""
    numbered = (path.with_name(f"{path.name}.{number}") for number in count(2))
    return path if not path.exists() else next(one for one in numbered if not one.exists())


def _names(folder: Path, pattern: str) -> tuple[str, ...]:
    found = folder.glob(pattern) if folder.is_dir() else ()
    return tuple(sorted(path.name for path in found if not path.name.startswith(".")))


def _made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise Unavailable(f"cannot make: {fault.strerror or fault}", where=str(folder)) from fault


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise Unavailable(f"cannot read: {fault.strerror or fault}", where=str(path)) from fault
