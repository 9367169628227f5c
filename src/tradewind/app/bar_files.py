"""From a file of bars to the candle store: what series it is, what it holds, what was kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.files.intake import BadRow, Intake, Request
from tradewind.adapters.market.files.reader import known_formats, read_as_found, read_bars
from tradewind.adapters.market.quality import QualityReport, inspect
from tradewind.adapters.market.sealed.manifest import Dataset
from tradewind.app.control.free_text import one_line
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.bar import BarColumns
from tradewind.model.instrument import Instrument
from tradewind.model.instruments import resolve
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import Timeframe

_PACKED = (".gz", ".zip", ".jsongz")


class ImportOptions(msgspec.Struct, frozen=True):
    """What the user said about the files; empty means: find out from the file."""

    symbol: str = ""
    interval: Timeframe | None = None
    format: str = ""
    zone: str = ""
    stamp: str = ""
    source: str = ""
    skip_bad: bool = False
    on_conflict: str = "refuse"
    extra: tuple[Instrument, ...] = ()


class Imported(msgspec.Struct, frozen=True):
    """One imported file: ``rows`` sound bars in it, ``added`` of them new to the store."""

    file: str
    symbol: str
    interval: Timeframe
    rows: int
    added: int
    convention: str
    notes: tuple[str, ...]
    bad: tuple[BadRow, ...]
    dataset: Dataset
    quality: QualityReport


def import_file(store: CandleStore, path: Path, options: ImportOptions, now: int) -> Imported:
    """Reads, judges and stores one file. ``now`` is UTC nanoseconds: a bar that closes later is not final.

    Raises:
        TradewindError: as ``read_bars`` and ``CandleStore.write`` do; nothing was stored then.
    """
    source = one_line(options.source, "--source")
    instrument, timeframe = series_of(path, options)
    request = _request(instrument, timeframe, options, now)
    intake = read_bars(path, request, format_name=options.format, skip_bad=options.skip_bad)
    known = {(each.symbol, each.timeframe): each.rows for each in store.datasets()}
    dataset = store.write(
        instrument.symbol,
        timeframe,
        intake.columns,
        source or f"file:{path.name}",
        price_kind=instrument.price_kind,
        synthetic=intake.synthetic,
        on_conflict=options.on_conflict,
        convention=intake.convention,
    )
    return Imported(
        file=str(path),
        symbol=instrument.symbol,
        interval=timeframe,
        rows=len(intake.columns.ts_open),
        added=dataset.rows - known.get((instrument.symbol, timeframe), 0),
        convention=intake.convention,
        notes=intake.notes,
        bad=intake.bad,
        dataset=dataset,
        quality=inspect(intake.columns, instrument.symbol, timeframe, request.calendar),
    )


def found_in(
    path: Path, options: ImportOptions, now: int
) -> tuple[Instrument, Timeframe, BarColumns, tuple[BadRow, ...]]:
    """What a file holds as it stands, in its own order and unjudged, for an examination before it is imported."""
    instrument, timeframe = series_of(path, options)
    request = _request(instrument, timeframe, options, now)
    return instrument, timeframe, *read_as_found(path, request, format_name=options.format)


def sound_bars(path: Path, options: ImportOptions, now: int) -> tuple[Instrument, Timeframe, Intake]:
    """What a file holds, judged as before an import, and stored nowhere.

    Raises:
        TradewindError: as ``read_bars`` does.
    """
    instrument, timeframe = series_of(path, options)
    request = _request(instrument, timeframe, options, now)
    return instrument, timeframe, read_bars(path, request, format_name=options.format, skip_bad=options.skip_bad)


def _request(instrument: Instrument, timeframe: Timeframe, options: ImportOptions, now: int) -> Request:
    return Request(
        timeframe=timeframe,
        calendar=calendar_of(instrument.calendar),
        tick=instrument.tick,
        now=now,
        zone=options.zone,
        stamp=options.stamp,
    )


def files_of(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The files named, and the bar files (by their suffix) in the folders named, sorted within each folder.

    Raises:
        Unavailable: a path does not exist, or a folder holds no bar file.
        Misconfigured: a path is a device or a pipe, which may never end.
    """
    suffixes = tuple(suffix for each in known_formats().values() for suffix in each.suffixes)
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            if path.exists() and not path.is_file():
                raise Misconfigured(
                    "it is no file but a device or a pipe", where=str(path), allowed="files and folders",
                    next_step="write the bars into a file first",
                )  # fmt: skip
            found.append(path)
            continue
        inside = [each for each in sorted(path.iterdir()) if _bare(each).endswith(suffixes)]
        if not inside:
            raise Unavailable("the folder holds no bar file", where=str(path), allowed=", ".join(sorted(set(suffixes))))
        found += inside
    return tuple(found)


def series_of(path: Path, options: ImportOptions) -> tuple[Instrument, Timeframe]:
    """Instrument and timeframe: those of the options, or those the file's name says (``BTC_USDT-5m.feather``).

    Raises:
        Misconfigured: neither says, or the symbol is unknown.
    """
    words = [word for word in re.split(r"[-_. ,]+", _bare(path)) if word]
    place = next((i for i, word in enumerate(words) if i and _timeframe(word) is not None), None)
    timeframe = options.interval or (_timeframe(words[place]) if place is not None else None)
    if timeframe is None:
        raise Misconfigured(
            "the interval of the bars is not said", where=str(path), next_step="repeat with --interval 1h (or 1m to 1d)"
        )
    if options.symbol:
        return resolve(options.symbol, options.extra), timeframe
    name = words[: place or 1]
    for text in ("".join(name[:2]), name[0] if name else ""):
        try:
            return resolve(text, options.extra), timeframe
        except Misconfigured:
            continue
    raise Misconfigured(
        "the symbol of the bars is not said and the file's name does not tell it",
        where=str(path),
        next_step="repeat with --symbol BASE/QUOTE",
    )


def _bare(path: Path) -> str:
    """The lower-case file name without the suffix of a packing."""
    name = path.name.lower()
    for suffix in _PACKED:
        name = name.removesuffix(suffix) + (".json" if suffix == ".jsongz" and name.endswith(suffix) else "")
    return name


def _timeframe(word: str) -> Timeframe | None:
    try:
        return Timeframe.parse(word)
    except Misconfigured:
        return None
