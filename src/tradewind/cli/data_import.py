"""``tradewind data import``: files of bars into the candle store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.cli.contract import Report, progress, single, table, verb
from tradewind.cli.data_options import (
    FormatOption,
    OptionalSymbolOption,
    StampOption,
    ZoneOption,
    candle_folder,
    minute,
)
from tradewind.cli.options import OptionalIntervalOption
from tradewind.errors import Corrupt, Misconfigured, TradewindError

if TYPE_CHECKING:
    from tradewind.app.bar_files import Imported

app = single()

_BAD_SHOWN = 20


@app.command("import")
@verb
def import_(
    files: Annotated[list[Path], typer.Argument(help="Files or folders of bars.")],
    config: Path | None = None,
    symbol: OptionalSymbolOption = "",
    interval: OptionalIntervalOption = None,
    format: FormatOption = "",
    tz: ZoneOption = "",
    stamp: StampOption = "",
    source: Annotated[str, typer.Option("--source", help="Name kept with the bars. Default: the file's name.")] = "",
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Store the sound rows of a file with bad ones.")] = False,
    on_conflict: Annotated[
        str, typer.Option("--on-conflict", help="For bars stored with other values: refuse, keep or replace.")
    ] = "refuse",
) -> Report:
    """Reads bar files (Parquet, CSV, MetaTrader, freqtrade, Jesse) into the candle store."""
    # Here, because the readers load a frame library that the other verbs of this group can do without.
    from tradewind.app.bar_files import ImportOptions, files_of, import_file

    settings = load_config(config)
    options = ImportOptions(
        symbol=symbol,
        interval=interval,
        format=format,
        zone=tz,
        stamp=stamp,
        source=source,
        skip_bad=skip_bad,
        on_conflict=on_conflict,
        extra=settings.instruments,
    )
    store, now = CandleStore(candle_folder(settings)), WallClock().now()
    every = files_of(files)
    done: list[Imported] = []
    failed: list[tuple[Path, TradewindError]] = []
    with progress("Importing", total=len(every) if len(every) > 1 else None) as advance:
        for path in every:
            try:
                done.append(import_file(store, path, options, now))
            except TradewindError as fault:
                error = _as_input(fault, path)
                if len(every) == 1:
                    raise error from fault
                failed.append((path, error))
            advance()
    document = {
        "imported": [_document(each) for each in done],
        "failed": [{"file": str(path), "message": str(error)} for path, error in failed],
    }
    return Report(document, _human(done, failed), max((error.exit_code for _, error in failed), default=0))


def _as_input(error: TradewindError, path: Path) -> TradewindError:
    """A damaged file that somebody typed is wrong input (exit 2); damage of the store is something else (exit 1)."""
    if isinstance(error, Corrupt) and path.name in error.where:
        return Misconfigured(error.found, where=error.where, allowed=error.allowed, next_step=error.next_step)
    return error


def _document(each: Imported) -> dict[str, Any]:
    return {
        "file": each.file,
        "symbol": each.symbol,
        "interval": each.interval,
        "rows": each.rows,
        "added": each.added,
        "stored": each.dataset.rows,
        "first": each.dataset.ts_first,
        "last": each.dataset.ts_last,
        "hash": each.dataset.hash,
        "convention": each.convention,
        "notes": each.notes,
        "bad_rows": each.bad,
        "findings": each.quality.counts(),
        "missing": each.quality.missing,
        "reasons": each.quality.faults_that_matter(),
    }


def _human(done: list[Imported], failed: list[tuple[Path, TradewindError]]) -> list[Any]:
    parts: list[Any] = []
    if done:
        rows = [
            (each.symbol, each.interval, each.rows, each.added, minute(each.dataset.ts_first),
             minute(each.dataset.ts_last), each.quality.missing, each.convention, each.dataset.hash[:12])
            for each in done
        ]  # fmt: skip
        names = ["pair", "interval", "bars", "new", "first", "last", "missing", "times", "data hash"]
        parts.append(table("Imported", names, rows))
    for each in done:
        parts += [f"{each.symbol} {each.interval}: {note}" for note in each.notes]
        if each.bad:
            parts.append(f"{each.symbol} {each.interval}: {len(each.bad)} bad row{'s' * (len(each.bad) > 1)} left out:")
            parts += [f"  line {bad.line}: {bad.reason}" for bad in each.bad[:_BAD_SHOWN]]
        parts += [f"{each.symbol} {each.interval}: {reason}" for reason in each.quality.faults_that_matter()]
    parts += [f"not imported: {error}" for _, error in failed]
    parts.append("Next: tradewind data verify" if done else "Nothing was imported.")
    return parts
