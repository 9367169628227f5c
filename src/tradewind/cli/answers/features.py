"""``tradewind features``: building feature sets, and holding them against what was known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from rich.console import RenderableType

from tradewind.adapters.feature_files import files_in
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.bar_files import ImportOptions, files_of, sound_bars
from tradewind.app.config import load_config
from tradewind.app.feature_sets import Built, Checked, SeriesBars, build, stored_series, verify
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.cli.contract import DONE, NEGATIVE, Report, progress, table, warn
from tradewind.cli.data_options import minute, paired
from tradewind.cli.options import TimeRange, split_symbols
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.stamp import SIMULATED
from tradewind.model.timeframe import Timeframe


class BuildOptions(NamedTuple):
    """What was typed after ``features build``."""

    symbols: tuple[str, ...]
    intervals: tuple[str, ...]
    timerange: TimeRange | None
    inputs: tuple[Path, ...]
    output: Path | None
    save: bool
    sentiment: bool = False


class VerifyOptions(NamedTuple):
    """What was typed after ``features verify``; ``most`` is the share of a column that may be unknown."""

    files: tuple[Path, ...]
    symbols: tuple[str, ...]
    intervals: tuple[str, ...]
    inputs: tuple[Path, ...]
    leakage: bool
    complete: bool
    most: float


def built(config: Path | None, asked: BuildOptions) -> Report:
    """Builds every series asked for; what is merely configured and not stored is left out with a word."""
    settings = load_config(config)
    folder = asked.output or Workspace(settings).data / "features"
    intervals = intervals_of(asked.intervals)
    symbols = Workspace(settings).symbols(split_symbols(list(asked.symbols) or None)) if asked.symbols else ()
    if asked.inputs:
        series, left = list(_read(settings, asked.inputs, symbols, intervals, asked.timerange)), list[str]()
        plan = [(one.symbol, one.timeframe) for one in series]
    else:
        series, left = [], []
        names = symbols or Workspace(settings).symbols()
        every = intervals or tuple(one.interval for one in settings.timeframes.intervals)
        plan = [(name, interval) for name in names for interval in every]
    done: list[Built] = []
    with progress("Building features", total=len(plan)) as advance:
        for at, (name, interval) in enumerate(plan):
            advance.named(f"Features of {name} {interval}")
            try:
                bars = series[at] if series else _stored(settings, name, interval, asked.timerange)
                done.append(build(settings, bars, folder, save=asked.save, news=asked.sentiment))
            except Unavailable as error:
                if asked.inputs or (asked.symbols and asked.intervals):
                    raise
                left.append(f"{name} {interval} is left out: {error.found}")
            advance()
    if not done:
        raise Unavailable(
            "; ".join(left) or "no series", where="candles", next_step="tradewind data import FILE, or data fetch"
        )
    warn(left)
    short = [one for one in done if not one.usable]
    document = {"features": [_document(one) for one in done], "left_out": left, "written": asked.save}
    text: list[RenderableType] = [_built_text(done, folder, written=asked.save)]
    if asked.sentiment:
        text += _unknown_text(done)
    return Report(document, text, NEGATIVE if short else DONE)


def verified(config: Path | None, asked: VerifyOptions) -> Report:
    """Checks every file; exit 4 where something was found in one."""
    settings = load_config(config)
    paths = _files(Workspace(settings).data / "features", asked, settings)
    bars = tuple(_read(settings, asked.inputs, (), (), None)) if asked.inputs else ()
    checked = []
    with progress("Verifying features", total=None) as advance:
        for path in paths:
            advance.named(f"Verifying {path.name}")
            checked.append(
                verify(
                    settings, path, leakage=asked.leakage, completely=asked.complete, most_unknown=asked.most,
                    bars=bars, on_bars=advance,
                )
            )  # fmt: skip
    bad = [one for one in checked if not one.sound]
    document = {
        "features": checked,
        "verdict": "faults" if bad else "sound",
        "checked": [word for word, on in (("leakage", asked.leakage), ("completeness", asked.complete)) if on],
    }
    return Report(document, list(_checked_text(checked, asked)), NEGATIVE if bad else DONE)


def intervals_of(typed: Sequence[str]) -> tuple[Timeframe, ...]:
    """Timeframes as typed, single or separated by commas, without repeats.

    Raises:
        Misconfigured: one of them is none.
    """
    words = [word for text in typed for word in text.split(",") if word.strip()]
    if typed and not words:
        raise Misconfigured(
            f"{','.join(typed)!r} names no bar length", where="--interval", allowed=", ".join(Timeframe)
        )
    return tuple(dict.fromkeys(Timeframe.parse(word) for word in words))


def _stored(settings: AppConfig, symbol: str, interval: Timeframe, span: TimeRange | None) -> SeriesBars:
    span = span or TimeRange()
    return stored_series(settings, symbol, interval, span.start, span.end)


def _read(
    settings: AppConfig,
    inputs: Sequence[Path],
    symbols: tuple[str, ...],
    intervals: tuple[Timeframe, ...],
    span: TimeRange | None,
) -> Sequence[SeriesBars]:
    """Bars of files; an option that names one series says what the files do not."""
    options = ImportOptions(
        symbol=symbols[0] if len(symbols) == 1 else "",
        interval=intervals[0] if len(intervals) == 1 else None,
        extra=settings.instruments,
    )
    for path in inputs:
        if not path.exists():
            raise Unavailable("no such file or folder", where=str(path), allowed="bar files, or folders of them")
    now = WallClock().now()
    found = []
    for path in files_of(inputs):
        instrument, timeframe, intake = sound_bars(path, options, now)
        if (symbols and instrument.symbol not in symbols) or (intervals and timeframe not in intervals):
            continue
        columns = intake.columns
        if span is not None:
            after = columns.ts_open >= (span.start or 0)
            columns = columns.take(after if span.end is None else after & (columns.ts_open < span.end))
        made = SIMULATED if intake.synthetic else ""
        found.append(SeriesBars(instrument.symbol, timeframe, columns, f"file:{path.name}", made))
    if not found:
        raise Unavailable("none of the files holds what was asked for", where=", ".join(map(str, inputs)))
    return found


def _files(folder: Path, asked: VerifyOptions, settings: AppConfig) -> list[Path]:
    """The files named, those of the folders named, or those of the project, of the symbols and intervals asked for."""
    named = asked.files or (folder,)
    paths = [path for one in named for path in (files_in(one) if one.is_dir() else (one,))]
    symbols = Workspace(settings).symbols(split_symbols(list(asked.symbols))) if asked.symbols else ()
    heads = {symbol.replace("/", "-").replace(":", "_") for symbol in symbols}
    intervals = intervals_of(asked.intervals)
    chosen = [
        path
        for path in paths
        if (not heads or path.name.rpartition("-")[0] in heads)
        and (not intervals or path.name.rpartition("-")[2].partition("_")[0] in intervals)
    ]
    if not chosen or (not asked.files and not folder.is_dir()):
        raise Unavailable("no feature files", where=", ".join(map(str, named)), next_step="tradewind features build")
    return chosen


def _document(one: Built) -> dict[str, Any]:
    return {
        "file": one.file,
        **msgspec.structs.asdict(one.origin),
        "interval": one.origin.timeframe,
        "complete_rows": one.usable,
        "first_complete": one.complete.first,
        "channels": one.channels,
        "unknown": one.complete.unknown,
        "news": one.news,
        "labels": one.labels,
        "bytes": one.size,
    }


def _built_text(done: Sequence[Built], folder: Path, *, written: bool) -> RenderableType:
    rows = []
    for one in done:
        origin, labels = one.origin, one.labels
        shares = [None if share is None else f"{share:.1%}" for share in (labels.up, labels.unresolved)]
        rows.append(
            (paired(origin.symbol, simulated=bool(origin.made)), origin.timeframe, origin.rows, one.usable,
             labels.samples, round(labels.n_eff), *shares, minute(origin.first_ts), minute(origin.last_ts),
             origin.schema_hash[:8], origin.data_hash[:8])
        )  # fmt: skip
    names = [
        "pair",
        "interval",
        "bars",
        "usable",
        "samples",
        "n_eff",
        "up",
        "neither",
        "first",
        "last",
        "schema",
        "data",
    ]
    size = sum(one.size for one in done) / 2**20
    note = f"Written to {folder} ({size:.1f} MiB)." if written else "Nothing was written."
    return table("Features", names, rows, note=note)


def _unknown_text(done: Sequence[Built]) -> list[RenderableType]:
    """How much of every channel is NaN after the warm-up, and what is known of the news at all."""
    found: list[RenderableType] = []
    for one in done:
        shares = [(name, f"{share:.2%}") for name, share in one.complete.unknown.items()]
        cover = one.news
        note = (
            ""
            if cover is None
            else f"{cover.articles:,} articles; the news of a day are known at {cover.known:.1%} of all bars."
        )
        title = f"Unknown values of {one.origin.symbol} {one.origin.timeframe} from the first whole row on"
        found.append(table(title, ["channel", "NaN"], shares, note=note))
    return found


def _checked_text(checked: Sequence[Checked], asked: VerifyOptions) -> Sequence[str | RenderableType]:
    rows = []
    for one in checked:
        whole = one.complete
        unknown = None if whole is None else max(whole.unknown.values(), default=0.0)
        rows.append(
            (paired(one.symbol, simulated=bool(one.made)), one.interval, one.rows,
             ("none" if not one.columns else len(one.columns)) if one.leakage_checked else None,
             None if unknown is None else f"{unknown:.2%}", one.gaps, one.data_hash[:12],
             "sound" if one.sound else "FAULTS")
        )  # fmt: skip
    names = ["pair", "interval", "bars", "wrong columns", "most unknown", "missing bars", "data hash", "verdict"]
    how = "Every bar was replayed with the bars up to it alone." if asked.leakage else "No bar was replayed."
    said = [f"{Path(one.file).name}: {fault}" for one in checked for fault in one.faults]
    for one in checked:
        whole = one.complete
        some = {name: share for name, share in whole.unknown.items() if share} if whole and whole.first >= 0 else {}
        if some:
            shares = ", ".join(f"{name} {share:.2%}" for name, share in some.items())
            said.append(f"{Path(one.file).name}: unknown after the warm-up: {shares}")
    return [table("Feature files", names, rows, note=how), *said]
