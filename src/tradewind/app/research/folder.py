"""A job on disk: what was asked for, and what each phase left behind, so that a killed job goes on.

Every file is whole or absent, and behind a checksum over its bytes and its place in the job: one that was edited or
carried over is Corrupt. ``request.json`` is what the job does; in the folder of a symbol ``search.arrays`` holds
what every strategy showed (until the symbol is judged), ``search.json`` what is said about it, ``batch.json`` what the
whole batch shows and the ledger's trials at that moment, ``portion-N.json`` what was measured on candidates, and
``proof.json`` the end. ``created.json`` is when the job was begun, ``version.json`` by which version of the program it
was taken up last.

A job is removed by deleting its folder. What it tried and which sealed windows it read stays in the trial ledger.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np

from tradewind.adapters.market.sealed.durable import sync_folder, write_durably
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.research.confirmed import confirmed
from tradewind.app.research.request import JobRequest
from tradewind.app.research.result import ProofResult, SearchResult, SymbolResult
from tradewind.errors import Corrupt, Misconfigured, Unavailable

FOLDER = "research"
NEWEST = "newest"
"""What names the newest job."""
_REQUEST = "request.json"
_CREATED = "created.json"
_VERSION = "version.json"
SWEPT = "search.arrays"
SEARCHED = "search.json"
PROVEN = "proof.json"
Kept = TypeVar("Kept")


class JobFolder:
    """``data/research/ID``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def id(self) -> str:
        """The job's name."""
        return self.path.name

    @classmethod
    def begun(cls, data: Path, request: JobRequest, now: int) -> JobFolder:
        """The folder of ``request``, made where it is new; ``now`` is then the time of the job for good."""
        folder = cls.of(data, request)
        for name, value in ((_REQUEST, request), (_CREATED, now)):
            if not (folder.path / name).exists():
                folder.keep(name, value)
        return folder

    @classmethod
    def of(cls, data: Path, request: JobRequest) -> JobFolder:
        """Where the job of ``request`` is, or would be."""
        return cls(data / FOLDER / request.id)

    @property
    def created(self) -> int:
        """When the job was begun, UTC nanoseconds: the time on everything it writes."""
        found: int = self._required(_CREATED, int)
        return found

    @property
    def request(self) -> JobRequest:
        """What was asked for."""
        found: JobRequest = self._required(_REQUEST, JobRequest)
        return found

    def keep(self, name: str, value: Any) -> None:
        """Writes a value as one line of JSON and its checksum as a second one, whole or not at all."""
        text = msgspec.json.encode(value, order="deterministic")
        data = text + b"\n" + self._checksum(name, text)
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, lambda file: file.write(data))
        sync_folder(path.parent)

    def told(self, name: str, value: Kept) -> Kept:
        """Keeps a value and gives it back as it is read again, so that every life of a job tells the same."""
        self.keep(name, value)
        found: Kept = self._required(name, type(value))
        return found

    def kept(self, name: str, kind: type[Kept]) -> Kept | None:
        """What ``keep`` wrote; None where it is not there.

        Raises:
            Corrupt: it is there and not what was written.
        """
        try:
            return msgspec.json.decode(self._whole(name), type=kind)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            raise Corrupt(
                f"not what was written: {error}", where=str(self.path / name),
                next_step="delete this file; the job makes it again",
            ) from error  # fmt: skip

    def faults(self) -> Iterator[Corrupt]:
        """Every file that is not what was written, of a job that is done as well; what is missing is none."""
        for path in sorted(self.path.rglob("*.json")):
            try:
                self._whole(str(path.relative_to(self.path)))
            except Corrupt as fault:
                yield fault

    def _whole(self, name: str) -> bytes:
        """The text of a file, once its checksum holds."""
        text, _, checksum = (self.path / name).read_bytes().partition(b"\n")
        if checksum != self._checksum(name, text):
            raise Corrupt(
                "not what was written: its checksum differs", where=str(self.path / name),
                next_step="delete this file; the job makes it again",
            )  # fmt: skip
        return text

    def _checksum(self, name: str, text: bytes) -> bytes:
        """SHA-256 over the job, the file's place in it and its text, as a line of hex digits."""
        return hashlib.sha256(f"{self.id}/{name}\n".encode() + text).hexdigest().encode() + b"\n"

    def keep_arrays(self, name: str, **arrays: Any) -> None:
        """Writes arrays under names behind the SHA-256 of all of them, whole or not at all."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        packed = io.BytesIO()
        np.savez(packed, **arrays)
        data = packed.getbuffer()
        digest = hashlib.sha256(data).digest()
        write_durably(path, lambda file: file.write(digest) + file.write(data))

    def kept_arrays(self, name: str) -> dict[str, Any] | None:
        """What ``keep_arrays`` wrote; None where it is not there.

        Raises:
            Corrupt: it is there and not what was written.
        """
        try:
            data = (self.path / name).read_bytes()
        except FileNotFoundError:
            return None
        size = hashlib.sha256().digest_size
        if len(data) <= size or hashlib.sha256(memoryview(data)[size:]).digest() != data[:size]:
            raise Corrupt(
                "not what was written: its checksum differs", where=str(self.path / name),
                next_step="delete this file; the job makes it again",
            )  # fmt: skip
        with np.load(io.BytesIO(data[size:]), allow_pickle=False) as found:
            return dict(found)

    def taken_up(self, version: str) -> str:
        """Notes the version that works on the job now; names the one before where that was another one and left a rest.

        What other code measured on symbols that are not proven yet is removed, so that it is measured again: half of
        a proof by one version and half by the next would be that of neither.
        """
        before = self.kept(_VERSION, str) or ""
        if before == version:
            return ""
        rest = [place_of(one.instrument.symbol) for one in self.request.serieses] if before else []
        rest = [place for place in rest if not (self.path / place / PROVEN).exists()]
        for place in rest:
            for file in (self.path / place).glob("*"):
                file.unlink()
        self.keep(_VERSION, version)
        return before if rest else ""

    def tidy(self, symbol: str) -> None:
        """Removes what only helped to get to the proof of a symbol."""
        place = self.path / place_of(symbol)
        for file in [place / SWEPT, *place.glob("portion-*.json")]:
            file.unlink(missing_ok=True)

    def results(self) -> Iterator[SymbolResult]:
        """What is known of each symbol by now, in the order of the request.

        Raises:
            Corrupt: a file of the job, or the signed verdict on an approved strategy, was changed.
            Unavailable: such a verdict is missing, or says something else.
        """
        files = VerdictFiles(self.path.parents[1])
        for one in self.request.serieses:
            name = place_of(one.instrument.symbol)
            search = self.kept(f"{name}/{SEARCHED}", SearchResult)
            if search is not None:
                yield confirmed(SymbolResult(search, self.kept(f"{name}/{PROVEN}", ProofResult)), files)

    def _required(self, name: str, kind: type[Kept]) -> Kept:
        found = self.kept(name, kind)
        if found is None:
            raise Corrupt(
                f"{name} is missing", where=str(self.path), next_step="delete the folder; the command makes it again"
            )
        return found


class JobState(NamedTuple):
    """A job and how far it came: symbols asked for, searched, proven."""

    folder: JobFolder
    symbols: tuple[str, ...]
    searched: int
    proven: int

    @property
    def done(self) -> bool:
        """Every symbol was judged."""
        return self.proven == len(self.symbols)


def place_of(symbol: str) -> str:
    """The folder of a symbol inside a job."""
    return symbol.replace("/", "-")


def jobs_of(data: Path, damaged: Callable[[Corrupt], None]) -> tuple[JobState, ...]:
    """Every job of a project that can be read, the newest first; ``damaged`` is called for each other one."""
    found = []
    for path in sorted((data / FOLDER).glob(f"*/{_CREATED}")):
        folder = JobFolder(path.parent)
        try:
            found.append((folder, folder.created, folder.request))
        except Corrupt as fault:
            damaged(fault)
    states = []
    for folder, _, request in sorted(found, key=lambda one: (-one[1], one[0].id)):
        symbols = tuple(one.instrument.symbol for one in request.serieses)
        searched, proven = (
            sum((folder.path / place_of(symbol) / name).exists() for symbol in symbols) for name in (SEARCHED, PROVEN)
        )
        states.append(JobState(folder, symbols, searched, proven))
    return tuple(states)


def job_named(data: Path, name: str = "") -> JobFolder:
    """The job whose id begins with ``name``, the newest one for ``newest`` or where nothing is given.

    Raises:
        Corrupt: a job is damaged that may be the one that is meant.
        Unavailable: there is no job at all.
        Misconfigured: no id begins so, or several do.
    """
    faults: list[Corrupt] = []
    states = jobs_of(data, faults.append)
    name = "" if name == NEWEST else name
    fitting = [one.folder for one in states if one.folder.id.startswith(name)]
    if faults and (not name or not fitting):
        raise faults[0]
    if not states:
        raise Unavailable("no research was ever done here", where=str(data / FOLDER), next_step="tradewind research")
    if not name:
        return fitting[0]
    if len(fitting) != 1:
        raise Misconfigured(
            f"{len(fitting)} jobs begin with {name!r}", where=str(data / FOLDER),
            allowed=", ".join(one.folder.id for one in states), next_step="tradewind research --list",
        )  # fmt: skip
    return fitting[0]
