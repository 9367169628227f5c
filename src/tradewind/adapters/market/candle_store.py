"""History on disk: sealed monthly Parquet files, a memory-mapped twin that opens at once, one manifest per series.

The manifest is the commit point: files of a new state are written under new names, then the manifest is renamed into
place, then the files of the old state are removed. A crash anywhere leaves the old state or the new one. Sealed files
that neither state names are never deleted: they are moved into the trash.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np

from tradewind.adapters.market.sealed import columns as mapped
from tradewind.adapters.market.sealed import partitions, recovery
from tradewind.adapters.market.sealed.durable import TEMPORARY, one_writer, sync_folder, write_durably
from tradewind.adapters.market.sealed.manifest import (
    FIRST_WRITE,
    MANIFEST,
    MANIFEST_COPY,
    SEALED,
    Dataset,
    dataset_hash,
    encode,
    is_simulated,
    load,
    lost,
    series_folder,
    survey,
)
from tradewind.adapters.market.sealed.merge import Traced, merge, require_sound, segments_of, traced
from tradewind.adapters.market.sealed.seals import changed_since, file_fault
from tradewind.errors import Corrupt, Misconfigured, Unavailable
from tradewind.model.bar import BarColumns
from tradewind.model.timeframe import Timeframe

_SYMBOL = re.compile(r"[A-Z0-9]{1,20}/[A-Z0-9]{1,20}(:[A-Z0-9]{1,20})?")
_TRASH = ".trash"


class CandleStore:
    """Bars by symbol and timeframe under one folder. Any number of readers, one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(
        self,
        symbol: str,
        timeframe: Timeframe,
        columns: BarColumns,
        source: str | Sequence[str],
        *,
        price_kind: str = "bid",
        synthetic: str = "",
        on_conflict: str = "refuse",
        convention: str = "",
    ) -> Dataset:
        """Adds bars to a series, durable on return; bars already stored are counted once.

        Args:
            symbol: canonical ``BASE/QUOTE``.
            timeframe: of the bars.
            columns: strictly increasing, non-overlapping bars with sound prices; spread NaN where unknown.
            source: where the bars came from, one name for all or one per bar.
            price_kind: bid, mid or last; a series holds one kind only.
            synthetic: why the bars were made rather than received; ``""`` for real ones.
            on_conflict: for a bar that is stored with other values: refuse, keep or replace.
            convention: how the source stamps its bars (open or close) and in which zone, for people.

        Raises:
            Corrupt: the columns are not sound bars, or the stored series is damaged.
            Misconfigured: conflicting bars or price kind, unknown policy, bad symbol, no bars.
            Retryable: another process is writing.
            Unavailable: the disk is full or the folder is not writable. Nothing is changed by a call that raises.
        """
        folder = self._series(symbol, timeframe)
        incoming = _incoming(columns, source, synthetic)
        require_sound(incoming.columns, f"{symbol} {timeframe}")
        with one_writer(self.folder / ".lock"):
            old = self._stored(folder)
            if old is not None and old.price_kind != price_kind:
                raise Misconfigured(
                    f"the stored bars are {old.price_kind} prices, the new ones {price_kind}",
                    where=f"{symbol} {timeframe}",
                    next_step="keep the two kinds in two stores, or drop the stored series first",
                )
            bars = incoming
            if old is not None:
                bars = merge(traced(self._columns(folder, old), old.segments), incoming, on_conflict)
                require_sound(bars.columns, f"{symbol} {timeframe}, stored and new bars together")
            names = dict.fromkeys([source] if isinstance(source, str) else source, convention)
            conventions = (old.conventions if old else {}) | ({} if not convention else names)
            return self._seal(folder, old, bars, (symbol, timeframe, price_kind), conventions)

    def read(self, symbol: str, timeframe: Timeframe, start: int | None = None, end: int | None = None) -> BarColumns:
        """Stored bars with ``start <= ts_open < end`` as views of the mapped file: nothing is copied or decoded.

        A missing or changed mapped file is rebuilt from the Parquet partitions first.

        Raises:
            Unavailable: nothing is stored for the series.
            Corrupt: a partition that is needed is damaged; the message names the file.
        """
        folder = self._series(symbol, timeframe)
        columns = self._columns(folder, self.dataset(symbol, timeframe))
        first = 0 if start is None else int(np.searchsorted(columns.ts_open, start))
        last = len(columns.ts_open) if end is None else int(np.searchsorted(columns.ts_open, end))
        return columns.slice(first, max(first, last))

    def dataset(self, symbol: str, timeframe: Timeframe) -> Dataset:
        """The manifest of one series.

        Raises:
            Unavailable: nothing is stored for it; the message lists what is.
            Corrupt: its manifest is lost or damaged.
        """
        folder = self._series(symbol, timeframe)
        if not (folder / MANIFEST).exists() and lost(folder) is None:
            have = ", ".join(f"{each.symbol} {each.timeframe}" for each in self.datasets())
            raise Unavailable(
                f"no {timeframe} bars of {symbol} are stored",
                where=str(self.folder),
                allowed=have or "nothing is stored yet",
                next_step=f"tradewind data import FILE --symbol {symbol} --interval {timeframe}",
            )
        return load(folder)

    def datasets(self) -> tuple[Dataset, ...]:
        """Every stored series that can be read, sorted by symbol, then from the shortest timeframe."""
        return survey(self.folder)[0]

    def unreadable(self, symbol: str = "") -> tuple[Corrupt, ...]:
        """Series (of ``symbol``, or of all) whose manifest is lost or damaged."""
        within = self._series(symbol, Timeframe.M1).parent if symbol else self.folder
        return tuple(fault for fault in survey(self.folder)[1] if fault.where.startswith(f"{within}/"))

    def condition(self, symbol: str, timeframe: Timeframe) -> tuple[str, ...]:
        """What a person should know before these bars are used, found without reading them; usually nothing.

        Files that were written to since they were sealed are compared with their seals. The bars that ``read`` returns
        are sound in every case, or it raises.
        """
        folder, dataset = self._series(symbol, timeframe), self.dataset(symbol, timeframe)
        name = f"{symbol} {timeframe}"
        found = [
            f"{name}: {fault.found} ({fault.where}); the mapped copy of its bars is used."
            f" Next: tradewind data verify --symbol {symbol} --repair"
            for fault in changed_since(folder, dataset)
        ]
        try:
            columns, touched = mapped.open_columns(folder, dataset)
            bad = columns is None or (touched and bool(mapped.contents_differ(columns, dataset.partitions)))
        except FileNotFoundError:
            bad = True
        if bad:
            found.append(f"{name}: {dataset.columns} is missing or damaged; rebuilt from the sealed files")
        return tuple(found)

    def damage(self, symbol: str, timeframe: Timeframe) -> tuple[Corrupt, ...]:
        """Reads every stored byte and compares it with the manifest; all damage is returned, none repaired."""
        folder = self._series(symbol, timeframe)
        dataset = self.dataset(symbol, timeframe)
        found: list[Corrupt] = []
        for partition in dataset.partitions:
            try:
                partitions.unseal(folder, partition)
            except Corrupt as error:
                found.append(error)
        try:
            columns, _ = mapped.open_columns(folder, dataset)
            bad = "its size or header" if columns is None else mapped.contents_differ(columns, dataset.partitions)
        except FileNotFoundError:
            bad = "it is missing"
        if bad:
            found.append(
                Corrupt(
                    f"the mapped columns are damaged ({bad})",
                    where=str(folder / dataset.columns),
                    next_step="tradewind data verify --repair rebuilds them from the Parquet partitions",
                )
            )
        return tuple(found)

    def repair(self, symbol: str, timeframe: Timeframe) -> None:
        """Writes damaged monthly files again from the mapped columns, or the mapped columns from the monthly files.

        Raises:
            Corrupt: both copies of a month are damaged; nothing was changed.
        """
        folder, dataset = self._series(symbol, timeframe), self.dataset(symbol, timeframe)
        whole = tuple(part for part in dataset.partitions if file_fault(folder, part) is None)
        with one_writer(self.folder / ".lock"):
            if len(whole) == len(dataset.partitions):
                self._rebuild(folder, dataset)
                return
            with suppress(FileNotFoundError):
                os.utime(folder / dataset.columns, None)  # so that the contents are compared before they are trusted
            bars = traced(self._columns(folder, dataset), dataset.segments)
            known = msgspec.structs.replace(dataset, partitions=whole)
            self._seal(folder, known, bars, (symbol, timeframe, dataset.price_kind), dataset.conventions)

    def recover(self, symbol: str, timeframe: Timeframe, price_kind: str) -> str:
        """Puts a lost or damaged manifest back, from its copy or from the monthly files; returns how.

        The monthly files do not say where their bars came from: those bars count as SIMULATED from then on, since
        nobody can rule it out. ``price_kind`` is assumed of them.

        Raises:
            Corrupt: a monthly file cannot be read, or two contradict each other; nothing was changed.
            Unavailable: there are no monthly files.
        """
        folder = self._series(symbol, timeframe)
        with one_writer(self.folder / ".lock"):
            copy = recovery.whole_copy(folder)
            if copy is not None:
                write_durably(folder / MANIFEST, lambda file: file.write(encode(copy)))
                sync_folder(folder)
                return "the manifest was put back from its copy"
            bars = recovery.from_months(folder, f"{symbol} {timeframe}")
            self._seal(folder, None, bars, (symbol, timeframe, price_kind), {})
        return (
            "the manifest was rebuilt from the monthly files; the origin of the bars is not known, so they are labelled"
            " SIMULATED until the series is dropped and imported again"
        )

    def drop(self, symbol: str, timeframe: Timeframe) -> Path:
        """Moves a series into the trash folder and returns its place there; ``restore`` brings it back."""
        with one_writer(self.folder / ".lock"):
            folder = self._series(symbol, timeframe)
            if not (folder / MANIFEST).exists() and lost(folder) is None:
                self.dataset(symbol, timeframe)  # raises, naming what is stored; a damaged series can be dropped
            trash = self.folder / _TRASH
            trash.mkdir(exist_ok=True)
            stem = f"{folder.parent.name}.{timeframe}"
            place = trash / f"{stem}.{len(list(trash.glob(f'{stem}.*'))) + 1:04d}"
            folder.rename(place)
            sync_folder(trash)
            sync_folder(folder.parent)
            return place

    def restore(self, symbol: str, timeframe: Timeframe) -> Dataset:
        """Brings back the series dropped last.

        Raises:
            Unavailable: none was dropped.
            Misconfigured: bars are stored in its place.
        """
        folder = self._series(symbol, timeframe)
        if not (self.folder / _TRASH).is_dir():
            raise Unavailable(f"no dropped {timeframe} bars of {symbol}", where=str(self.folder / _TRASH))
        with one_writer(self.folder / ".lock"):
            dropped = sorted((self.folder / _TRASH).glob(f"{folder.parent.name}.{timeframe}.*"))
            if not dropped:
                raise Unavailable(f"no dropped {timeframe} bars of {symbol}", where=str(self.folder / _TRASH))
            if folder.exists():
                raise Misconfigured(
                    f"{timeframe} bars of {symbol} are stored already",
                    where=str(folder),
                    next_step="drop them first, then restore twice",
                )
            folder.parent.mkdir(parents=True, exist_ok=True)
            dropped[-1].rename(folder)
            sync_folder(folder.parent)
            return load(folder)

    @staticmethod
    def _stored(folder: Path) -> Dataset | None:
        """What a write adds to; raises ``Corrupt`` rather than build on, or beside, what it cannot read."""
        try:
            return load(folder)
        except Unavailable:
            return None

    def _series(self, symbol: str, timeframe: Timeframe) -> Path:
        if not _SYMBOL.fullmatch(symbol):
            raise Misconfigured(f"{symbol!r} is not a symbol", allowed="BASE/QUOTE such as EUR/USD")
        return series_folder(self.folder, symbol, timeframe)

    def _seal(
        self,
        folder: Path,
        old: Dataset | None,
        bars: Traced,
        identity: tuple[str, Timeframe, str],
        conventions: dict[str, str],
    ) -> Dataset:
        folder.mkdir(parents=True, exist_ok=True)
        if old is None and lost(folder) is None:
            write_durably(folder / FIRST_WRITE, lambda file: file.write(b""))
            sync_folder(folder)
        known = {partition.content: partition for partition in old.partitions} if old else {}
        segments = segments_of(bars)
        made = [(each.ts_first, each.ts_last) for each in segments if is_simulated(each)]
        opens = bars.columns.ts_open
        parts = tuple(
            partitions.seal(
                folder,
                month,
                bars.columns.slice(start, stop),
                known,
                simulated=any(first <= opens[stop - 1] and opens[start] <= last for first, last in made),
            )
            for month, start, stop in partitions.months_of(bars.columns)
        )
        symbol, timeframe, price_kind = identity
        digest = dataset_hash(symbol, timeframe, price_kind, [part.content for part in parts])
        dataset = Dataset(
            symbol=symbol,
            timeframe=timeframe,
            price_kind=price_kind,
            rows=len(bars.columns.ts_open),
            ts_first=int(bars.columns.ts_open[0]),
            ts_last=int(bars.columns.ts_close[-1]),
            hash=digest,
            columns=f"columns.{digest[:12]}.bin",
            partitions=parts,
            segments=segments,
            conventions=conventions,
        )
        if old is None or old.hash != digest or not (folder / dataset.columns).exists():
            mapped.write_columns(folder / dataset.columns, bars.columns, digest)
        write_durably(folder / MANIFEST_COPY, lambda file: file.write(encode(dataset)))
        sync_folder(folder)
        write_durably(folder / MANIFEST, lambda file: file.write(encode(dataset)))
        for parent in (folder, folder.parent, self.folder):
            sync_folder(parent)
        self._sweep(folder, dataset, old)
        return dataset

    def _sweep(self, folder: Path, dataset: Dataset, old: Dataset | None) -> None:
        """Removes the files of the old state and of interrupted writes; other sealed files go into the trash."""
        wanted, replaced = _files_of(dataset), _files_of(old) if old is not None else set()
        for path in list(folder.iterdir()):
            if path.name in wanted:
                continue
            if path.suffix == TEMPORARY or path.name in replaced:
                path.unlink(missing_ok=True)
            elif path.suffix in SEALED:
                trash = self.folder / _TRASH / f"{folder.parent.name}.{folder.name}-unnamed"
                trash.mkdir(parents=True, exist_ok=True)
                path.replace(trash / path.name)

    def _columns(self, folder: Path, dataset: Dataset) -> BarColumns:
        try:
            columns, touched = mapped.open_columns(folder, dataset)
        except FileNotFoundError:
            current = load(folder)
            if current.hash != dataset.hash:  # a writer committed between our two reads
                return self._columns(folder, current)
            columns, touched = None, True
        if columns is not None and touched:
            if mapped.contents_differ(columns, dataset.partitions):
                columns = None
            else:
                mapped.restamp(folder / dataset.columns)
        return columns if columns is not None else self._rebuild(folder, dataset)

    @staticmethod
    def _rebuild(folder: Path, dataset: Dataset) -> BarColumns:
        months = [partitions.unseal(folder, partition) for partition in dataset.partitions]
        columns = BarColumns(*(np.concatenate(column) for column in zip(*months, strict=True)))
        mapped.write_columns(folder / dataset.columns, columns, dataset.hash)
        return columns


def _incoming(columns: BarColumns, source: str | Sequence[str], synthetic: str) -> Traced:
    """Contiguous arrays of the stored types with one spelling of zero and NaN, so that equal bars hash equally."""
    n = len(columns.ts_open)
    if n == 0:
        raise Misconfigured("there are no bars to store")
    floats = [np.asarray(column, dtype=np.float64) + 0.0 for column in columns[2:]]
    floats[-1][np.isnan(floats[-1])] = np.nan
    times = [np.ascontiguousarray(column, dtype=np.int64) for column in columns[:2]]
    clean = BarColumns(times[0], times[1], *floats)
    if isinstance(source, str):
        return Traced(clean, np.zeros(n, dtype=np.int64), ((source, synthetic),))
    names = tuple(dict.fromkeys(source))
    codes = {name: code for code, name in enumerate(names)}
    origin = np.array([codes[name] for name in source], dtype=np.int64)
    return Traced(clean, origin, tuple((name, synthetic) for name in names))


def _files_of(dataset: Dataset) -> set[str]:
    return {dataset.columns, *(partition.file for partition in dataset.partitions)}
