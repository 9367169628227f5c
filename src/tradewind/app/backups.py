"""Backups as a configuration wants them: where to, when, which stay."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import msgspec

from tradewind.adapters.store.backup import Kind, Manifest, take
from tradewind.adapters.store.backup_shelf import FolderShelf, Keep, Shelf, bucket_shelf, expired, growth
from tradewind.adapters.store.opening import database_at
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.errors import TradewindError
from tradewind.model.timeframe import DAY, HOUR


class Taken(NamedTuple):
    """What a backup came to: its manifest, the places it lies in, what was removed there, and what went wrong beside.

    ``growth`` is in bytes a day, None before there is a day to compare.
    """

    manifest: Manifest
    places: tuple[str, ...]
    removed: tuple[str, ...]
    faults: tuple[str, ...]
    growth: float | None


class Backups:
    """The backups of one configuration's store."""

    def __init__(self, config: AppConfig, folder: Path | None = None) -> None:
        workspace = Workspace(config, folder)
        self.database = workspace.database
        self.folder = workspace.folder / config.backup.folder
        self.keep = Keep(config.backup.daily, config.backup.weekly, config.backup.others)
        self._hour = config.backup.hour
        self._bucket = config.aws.backup_bucket
        self._region = config.aws.region

    def shelves(self) -> list[Shelf]:
        """The folder, and the bucket where one is configured.

        Raises:
            Unavailable: a bucket is configured and boto3 is not installed.
        """
        here = FolderShelf(self.folder)
        return [here, bucket_shelf(self._bucket, self._region)] if self._bucket else [here]

    def here(self) -> list[Manifest]:
        """Backups of this store in the folder, newest first."""
        return self.of(self.database)

    def of(self, database: Path) -> list[Manifest]:
        """Backups of the store at ``database`` in the folder, newest first."""
        return [one for one in FolderShelf(self.folder).manifests() if Path(one.source).name == database.name]

    def take(self, kind: Kind, now: int) -> Taken:
        """Takes a backup, copies it to the bucket, and removes what need not stay.

        A bucket that refuses is told in ``faults``: the backup on this host is there all the same.

        Raises:
            Unavailable: there is no store, or the disk refuses.
            Corrupt: the store is damaged.
        """
        before = self.here()
        with closing(database_at(self.database)) as database:
            manifest = take(database, self.folder, kind, now)
        places, removed, faults = [], [], []
        try:
            shelves = self.shelves()
        except TradewindError as fault:
            shelves, faults = [FolderShelf(self.folder)], [str(fault)]
        for shelf in shelves:
            try:
                shelf.put(self.folder, manifest)
                places.append(shelf.where)
                mine = [one for one in shelf.manifests() if Path(one.source).name == self.database.name]
                for old in expired(mine, self.keep):
                    shelf.drop(old)
                    removed.append(f"{shelf.where.rstrip('/')}/{old.name}")
            except TradewindError as fault:
                faults.append(str(fault))
        return Taken(manifest, tuple(places), tuple(removed), tuple(faults), growth(before, manifest.bytes, now))

    def due(self, now: int) -> bool:
        """Whether the daily backup is owed: its hour has come and there is none since."""
        since = (now - self._hour * HOUR) // DAY * DAY + self._hour * HOUR
        return not any(one.kind == "daily" and one.ts >= since for one in self.here())

    def growth(self, now: int) -> float | None:
        """Bytes a day that the store grew by, from its backups; None before there is a day to compare."""
        with closing(database_at(self.database)) as database:
            return growth(self.here(), database.size(), now)


def taken_line(taken: Taken) -> str:
    """``backup tradewind.db.backup-20261121: 12,400 rows up to entry 3,000, 4.2 MB, in backups``."""
    one = taken.manifest
    grown = "" if taken.growth is None else f", growing {taken.growth / 1e6:.2f} MB a day"
    line = (
        f"backup {one.name}: {one.rows:,} rows up to entry {one.seq:,}, {one.bytes / 1e6:.1f} MB,"
        f" in {' and '.join(taken.places)}{grown}"
    )
    return "; ".join((line, *(f"WARNING: {fault}" for fault in taken.faults)))


def document(taken: Taken) -> dict[str, object]:
    """A backup as JSON."""
    return {
        "backup": msgspec.to_builtins(taken.manifest),
        "places": list(taken.places),
        "removed": list(taken.removed),
        "faults": list(taken.faults),
        "growth_bytes_per_day": taken.growth,
    }
