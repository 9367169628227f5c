"""Copies of the models folder: one file with its hash, here and in the bucket, and the way back."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from tradewind.adapters.market.sealed.durable import sync_folder, write_bytes_durably
from tradewind.adapters.models.bucket import Bucket, bucket_of
from tradewind.adapters.models.run_shelf import SUFFIX
from tradewind.adapters.models.shelf import ARTIFACTS, LARGEST, MANIFEST, seat_of
from tradewind.app.models.promotion import Promotions
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.errors import Corrupt, Rejected, TradewindError, Unavailable
from tradewind.model.timeframe import DAY, SECOND

PREFIX: Final = "models_backup_"
PARTS: Final = ("versions", "promoted", "evaluations", "weights")
HASH: Final = ".sha256"
WEEK: Final = 7 * DAY


class Copied(NamedTuple):
    """A copy: its file, hash and size, versions and seats in it, the places it lies in, and what went wrong beside."""

    file: Path
    sha256: str
    bytes: int
    versions: tuple[str, ...]
    seats: tuple[str, ...]
    places: tuple[str, ...]
    faults: tuple[str, ...]


class PutBack(NamedTuple):
    """What a copy brought back; ``there`` were the same already, ``refused`` are not what they were, and why.

    ``aside`` is what it took the place of, kept under other names.
    """

    versions: tuple[str, ...]
    there: tuple[str, ...]
    seats: tuple[str, ...]
    refused: tuple[str, ...]
    aside: tuple[str, ...] = ()


class WeeklyCopies:
    """The copies a service takes: one a week where there are models, of which ``backup.weekly`` (at least one) stay."""

    def __init__(self, config: AppConfig, folder: Path | None = None) -> None:
        workspace = Workspace(config, folder)
        self.folder = workspace.folder / config.backup.folder
        self._promotions = Promotions(workspace)
        self._keep = max(1, config.backup.weekly)
        self._bucket = config.aws.backup_bucket
        self._region = config.aws.region

    def due(self, now: int) -> bool:
        """Whether there are models and the newest copy here is a week old, by the day in its name."""
        if not self._promotions.shelf.versions():
            return False
        found = self._here()
        if not found:
            return True
        newest = datetime.strptime(found[-1].name.removeprefix(PREFIX)[:8], "%Y%m%d").replace(tzinfo=UTC)
        return now - int(newest.timestamp()) * SECOND >= WEEK

    def take(self, now: int) -> Copied:
        """Takes one and removes the oldest ones here that need not stay.

        Raises:
            Unavailable: the disk refuses.
        """
        bucket = bucket_of(self._bucket, self._region) if self._bucket else None
        done = copy_models(self._promotions, self.folder, now, bucket)
        for old in self._here()[: -self._keep]:
            old.with_name(old.name + HASH).unlink(missing_ok=True)
            old.unlink(missing_ok=True)
        return done

    def _here(self) -> list[Path]:
        names = self.folder.glob(f"{PREFIX}*.tar")
        return sorted(path for path in names if path.name.removeprefix(PREFIX)[:8].isdecimal())


def copy_models(promotions: Promotions, folder: Path, now: int, bucket: Bucket | None = None) -> Copied:
    """Copies versions, seats, evaluations and decisions into ``folder/models_backup_YYYYMMDD.tar``.

    Of a run it is what the run made itself, and the run's name is in front: ``tradewind.db-models_backup_...``. A
    second copy of a day has its time in its name. The key that signs is not in it. A bucket that refuses is told in
    ``faults``; the copy here is there all the same.

    Raises:
        Unavailable: there are no models, or the disk refuses.
    """
    shelf = promotions.shelf
    if not shelf.own_versions():
        made_by = "tradewind train" if shelf.behind is None else "leave --store out for those of the project"
        raise Unavailable("no models to copy", where=str(shelf.folder), next_step=made_by)
    with shelf.alone():
        data = _packed(shelf.folder)
    moment = datetime.fromtimestamp(now // SECOND, UTC)
    prefix = PREFIX if shelf.behind is None else f"{shelf.folder.name.removesuffix(SUFFIX)}-{PREFIX}"
    path = folder / f"{prefix}{moment:%Y%m%d}.tar"
    if path.exists():
        path = folder / f"{prefix}{moment:%Y%m%d-%H%M%S}.tar"
    digest = hashlib.sha256(data).hexdigest()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_bytes_durably(path, data)
    write_bytes_durably(path.with_name(path.name + HASH), f"{digest}  {path.name}\n".encode())
    sync_folder(folder)
    places, faults = [str(path)], []
    if bucket is not None:
        try:
            places += [bucket.put(path.name + HASH, f"{digest}  {path.name}\n".encode()), bucket.put(path.name, data)][
                1:
            ]
        except TradewindError as fault:
            faults.append(str(fault))
    return Copied(path, digest, len(data), shelf.own_versions(), shelf.own_seats(), tuple(places), tuple(faults))


def put_back(
    promotions: Promotions, data: bytes, name: str, sha256: str, wanted: str = "", *, seats: bool = False
) -> PutBack:
    """Brings back what a copy holds: every version that still answers its probe as it was trained, or ``wanted`` alone.

    A version that is there and verifies stays as it is; one that does not is set aside. Seats and decisions come back
    only where none are, or with ``seats``, those that are there set aside: who serves is decided by promotions, not by
    copies.

    Raises:
        Corrupt: it is not the copy that was made, or no copy; its seats and decisions do not verify.
        Unavailable: it does not hold ``wanted``, or no seats where ``seats`` asks for them.
    """
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise Corrupt("it is not the copy that was made", where=name, next_step="take another copy")
    files = dict(_unpacked(data, name))
    versions = sorted({path.split("/")[1] for path in files if path.startswith("versions/")})
    if wanted and wanted not in versions:
        raise Unavailable(f"it holds no version {wanted}", where=name, allowed=", ".join(versions[-5:]))
    back: list[str] = []
    there: list[str] = []
    refused: list[str] = []
    aside: list[str] = []
    for version in versions:
        if wanted not in ("", version):
            continue
        try:
            known, put_aside = _version_back(promotions, files, version)
            (there if known else back).append(version)
            aside += put_aside
        except TradewindError as fault:
            refused.append(f"{version}: {fault}")
    found, moved = _seats_back(promotions, files, replaces=seats) if seats or not wanted else ((), ())
    return PutBack(tuple(back), tuple(there), found, tuple(refused), (*aside, *moved))


def _version_back(promotions: Promotions, files: dict[str, bytes], version: str) -> tuple[bool, list[str]]:
    """``(was there, what was set aside)`` of one version, verified after it lies on the shelf; one that fails is taken
    off again."""
    shelf = promotions.shelf
    head = f"versions/{version}/"
    artifact = next((name for name in ARTIFACTS if head + name in files), "")
    if not artifact or head + MANIFEST not in files:
        raise Corrupt("it is not one artifact and a manifest", where=version, next_step="take another copy")
    copied = (artifact, files[head + artifact], files[head + MANIFEST])
    with shelf.alone():
        own = version in shelf.own_versions()
        aside = [shelf.take_off(version)] if own and not _whole(promotions, version) else []
        known = version in shelf.own_versions()
        if known and shelf.read(version) != copied:
            raise Rejected(
                "another model of this name is here, and it verifies",
                where=version,
                allowed="the one that is here stays; the copy's can be brought back into another project",
                next_step="tradewind models list --versions",
            )
        try:
            if not known:
                shelf.put(version, *copied)
            evaluation = files.get(f"evaluations/{version}.json")
            if evaluation is not None and shelf.evaluation(version) is None:
                shelf.keep_evaluation(version, evaluation)
            promotions.version(version)
        except TradewindError:
            if not known:
                shelf.remove(version)
            for place in aside:
                shelf.put_again(version, place)
            raise
    return known, [str(place) for place in aside]


def _whole(promotions: Promotions, version: str) -> bool:
    try:
        promotions.version(version)
    except TradewindError:
        return False
    return True


def _seats_back(
    promotions: Promotions, files: dict[str, bytes], *, replaces: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``(seats that are back, what was set aside)``; nothing changes where the copy's own do not verify."""
    shelf = promotions.shelf
    seats = {path.removeprefix("promoted/").removesuffix(".json"): data for path, data in files.items()
             if path.startswith("promoted/") and path.endswith(".json")}  # fmt: skip
    if not replaces and (shelf.own_seats() or shelf.decisions()):
        return (), ()
    if replaces and not seats:
        raise Unavailable("it holds no seats", where="the copy", next_step="leave --seats out, or take another copy")
    with shelf.alone():
        aside = shelf.set_seats_aside()
        try:
            for line in files.get("decisions.jsonl", b"").splitlines():
                shelf.decide(line)
            for name, data in seats.items():
                shelf.choose(name, data)
            if unknown := seats.keys() - {seat_of(one.symbol, one.timeframe) for one in promotions.seats()}:
                raise Corrupt(
                    f"its record has no decision about {', '.join(sorted(unknown))}",
                    where="the copy",
                    next_step="take another copy",
                )
        except TradewindError:
            shelf.put_seats_again(aside)
            raise
    return tuple(sorted(seats)), tuple(str(place) for place in aside)


def _packed(folder: Path) -> bytes:
    """A tar of the folder's parts; the same files give the same bytes."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            hidden = any(part.startswith(".") for part in name.split("/"))
            if path.is_file() and not hidden and (name == "decisions.jsonl" or name.split("/")[0] in PARTS):
                member = tarfile.TarInfo(name)
                member.size = path.stat().st_size
                tar.addfile(member, io.BytesIO(path.read_bytes()))
    return stream.getvalue()


def _unpacked(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """``(path, bytes)`` of every file; nothing is written by the archive's own names.

    Raises:
        Corrupt: it is no copy, or holds what no copy holds.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            for member in tar:
                parts = member.name.split("/")
                plain = (
                    member.isfile() and member.size <= LARGEST and not any(part in ("", "..", ".") for part in parts)
                )
                if not plain or (parts[0] not in PARTS and member.name != "decisions.jsonl"):
                    raise Corrupt(f"it holds {member.name!r}", where=name, allowed=", ".join(PARTS))
                file = tar.extractfile(member)
                assert file is not None
                yield member.name, file.read()
    except tarfile.TarError as fault:
        raise Corrupt(f"no copy of models: {fault}", where=name, next_step="take another copy") from fault
