"""Stored candles as recordings of a run, with the hash of what was used."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from tradewind.adapters.replay_feed import Recording
from tradewind.app.news_articles import Library
from tradewind.app.news_calendar import calendar_for, concerned, notes_on
from tradewind.app.signal_text import utc
from tradewind.app.workspace import Workspace
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.article import NewsRead
from tradewind.model.bar import BarColumns
from tradewind.model.calendar import NewsCalendar
from tradewind.model.instrument import Instrument
from tradewind.model.instruments import resolve
from tradewind.model.session import SessionCalendar, calendar_of
from tradewind.model.timeframe import Timeframe
from tradewind.model.venue_symbols import venue_symbols


class Material(msgspec.Struct, frozen=True):
    """What a run is made of; ``data_hash`` covers the data sets and the range taken of them.

    ``warnings`` is what a person should know about the files the bars came from. ``calendar`` is what was due in that
    time, where a calendar is kept that says so; ``news`` what articles said, for runs that ask for them.
    """

    recordings: tuple[Recording, ...]
    bases: dict[str, Timeframe]
    data_hash: str
    simulated: bool
    synthetic: int
    warnings: tuple[str, ...] = ()
    calendar: NewsCalendar | None = None
    news: tuple[NewsRead, ...] = ()

    @property
    def bars(self) -> int:
        """Bars in all recordings."""
        return sum(len(one.columns.ts_close) for one in self.recordings)

    @property
    def first_ts(self) -> int:
        """Open of the first bar of all, UTC nanoseconds."""
        return min(int(one.columns.ts_open[0]) for one in self.recordings)


def origin_lines(recordings: Sequence[Recording], instruments: Mapping[str, Instrument]) -> tuple[str, ...]:
    """Which series each symbol's bars are, as its source calls it, with what is to be known about it.

    ``XAU/USD 1h: yahoo (GC=F). Yahoo serves GC=F, the COMEX gold future: ...``
    """
    lines = []
    for one in recordings:
        instrument = instruments[one.symbol]
        names = venue_symbols(instrument)
        parts = one.source.split("+")
        told = [f"{part} ({names[part.split('@')[0]]})" if part.split("@")[0] in names else part for part in parts]
        known = any(part.split("@")[0] in instrument.notes.lower() for part in parts)
        lines.append(f"{one.symbol} {one.timeframe}: {', '.join(told)}" + (f". {instrument.notes}" if known else ""))
    return tuple(lines)


def material_for(
    workspace: Workspace,
    symbols: Sequence[str],
    *,
    interval: Timeframe | None = None,
    detail: str = "auto",
    start: int | None = None,
    end: int | None = None,
) -> Material:
    """The stored bars of ``symbols`` with ``start <= ts_open < end``.

    ``interval`` is the shortest timeframe decided on; ``detail`` says which stored bars it is made from, see
    ``Workspace.base_of``.

    Raises:
        Unavailable: nothing is stored for a symbol, or nothing lies in the range.
        Misconfigured: the bars were cut at other hours than the symbol's sessions.
    """
    recordings, bases, parts = [], {}, []
    simulated, synthetic = False, 0
    warnings: list[str] = []
    for symbol in symbols:
        base = workspace.base_of(symbol, interval, detail)
        dataset = workspace.candles.dataset(symbol, base)
        warnings += workspace.candles.condition(symbol, base)
        columns = workspace.candles.read(symbol, base, start, end)
        if not len(columns.ts_close):
            raise Unavailable(
                f"no {symbol} {base} bars lie in the asked range",
                where="candles",
                allowed=f"{utc(dataset.ts_first)} to {utc(dataset.ts_last)}",
                next_step="widen --timerange, or import the missing bars",
            )
        _require_sessions(symbol, base, columns, calendar_of(resolve(symbol, workspace.config.instruments).calendar))
        sources = {segment.source for segment in dataset.segments}
        simulated |= dataset.simulated
        synthetic += dataset.synthetic_rows
        recordings.append(Recording(symbol, base, columns, "+".join(sorted(sources))))
        bases[symbol] = base
        parts.append(f"{symbol}|{base}|{dataset.hash}|{columns.ts_open[0]}|{columns.ts_close[-1]}")
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return Material(tuple(recordings), bases, digest[:16], simulated, synthetic, tuple(warnings))


def with_calendar(workspace: Workspace, material: Material) -> Material:
    """The same bars with what was due in their time, for runs whose entries keep out of scheduled news."""
    config = workspace.config
    instruments = [resolve(one.symbol, config.instruments) for one in material.recordings]
    if not concerned(config, [one.asset_class for one in instruments]):
        return material
    last = max(int(one.columns.ts_close[-1]) for one in material.recordings)
    calendar = calendar_for(config, material.first_ts, last, workspace.folder)
    warnings = (*material.warnings, *notes_on(config, calendar))
    if calendar is None:
        return msgspec.structs.replace(material, warnings=warnings)
    events = hashlib.sha256(msgspec.json.encode(calendar.events)).hexdigest()
    digest = hashlib.sha256(f"{material.data_hash}|calendar|{events}".encode()).hexdigest()
    return msgspec.structs.replace(material, warnings=warnings, calendar=calendar, data_hash=digest[:16])


def with_news(workspace: Workspace, material: Material) -> Material:
    """The same bars with what articles of the archive said in their time, and when they were read.

    Where nobody read any in that time they stay as they are, with a warning.

    Raises:
        Corrupt, Unavailable: the archive cannot be read.
    """
    library = Library(workspace.config, workspace.folder)
    instruments = [resolve(one.symbol, workspace.config.instruments) for one in material.recordings]
    last = max(int(one.columns.ts_close[-1]) for one in material.recordings)
    news = library.told(material.first_ts, material.first_ts, last, instruments)
    if not news:
        missing = f"nobody has read any news between {utc(material.first_ts)} and {utc(last)}: sentiment is unknown"
        return msgspec.structs.replace(
            material, warnings=(*material.warnings, f"{missing} (tradewind news import FILE)")
        )
    digest = hashlib.sha256(f"{material.data_hash}|news|".encode() + msgspec.json.encode(news)).hexdigest()
    return msgspec.structs.replace(material, news=news, data_hash=digest[:16])


def _require_sessions(symbol: str, base: Timeframe, columns: BarColumns, calendar: SessionCalendar) -> None:
    """Refuses bars that are no intervals of the calendar: their closes would be decided on at the wrong hours."""
    starts, ends = calendar.buckets(columns.ts_open, base)
    wrong = np.flatnonzero((starts != columns.ts_open) | (ends != columns.ts_close))
    if len(wrong):
        row = int(wrong[0])
        raise Misconfigured(
            f"{len(wrong)} of {len(starts)} {symbol} {base} bars are cut at other hours than its sessions, the first"
            f" from {utc(int(columns.ts_open[row]))} to {utc(int(columns.ts_close[row]))}",
            where="candles",
            allowed=f"{base} bars such as {utc(int(starts[row]))} to {utc(int(ends[row]))}",
            next_step=f"import bars of {symbol} of an hour or less; {base} bars are made from them",
        )
