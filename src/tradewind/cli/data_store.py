"""``tradewind data status|drop|restore``: how far what is stored reaches, the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.adapters.market.candle_store import CandleStore
from tradewind.app.config import load_config
from tradewind.app.data_coverage import Coverage, coverage
from tradewind.cli.contract import NEGATIVE, Report, single, table, verb
from tradewind.cli.data_list import dataset_document
from tradewind.cli.data_options import candle_folder, minute, paired
from tradewind.cli.options import IntervalOption, OptionalIntervalOption, PairArgument
from tradewind.errors import Corrupt, Misconfigured
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import Timeframe

app = single()


@app.command()
@verb
def status(
    symbol: Annotated[str, typer.Argument(help="Pair such as EUR/USD; all stored pairs when left out.")] = "",
    config: Path | None = None,
    interval: OptionalIntervalOption = None,
    years: Annotated[float, typer.Option("--years", min=0, help="History wanted; research asks for 5 years.")] = 5.0,
) -> Report:
    """Says how many years of bars there are and what is short (exit 4 for a named pair that is short)."""
    settings = load_config(config)
    name = resolve(symbol, settings.instruments).symbol if symbol else ""
    found = coverage(CandleStore(candle_folder(settings)), name, interval, years)
    rows = [
        (paired(each.symbol, simulated=each.simulated), each.interval, _basis(each), each.rows,
         minute(each.ts_first), minute(each.ts_last), each.years, each.shortfall or "enough")
        for each in found
    ]  # fmt: skip
    names = ["pair", "interval", "stored", "bars", "first", "last", "years", f"of {years:g} years"]
    document = [{**_fields(each), "shortfall": each.shortfall} for each in found]
    short = bool(name) and all(each.shortfall for each in found)
    advice = "Import files or fetch from another provider to close the shortfall." if short else ""
    return Report(document, table("History", names, rows, note=advice), NEGATIVE if short else 0)


def _fields(each: Coverage) -> dict[str, object]:
    return {field: getattr(each, field) for field in each.__struct_fields__}


def _basis(each: Coverage) -> str:
    return "itself" if each.stored_as is each.interval else f"from {each.stored_as}"


@app.command()
@verb
def drop(
    symbol: PairArgument,
    interval: IntervalOption,
    config: Path | None = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
) -> Report:
    """Moves a stored series into the trash; `data restore` brings it back."""
    settings = load_config(config)
    store, name = CandleStore(candle_folder(settings)), resolve(symbol, settings.instruments).symbol
    try:
        rows = store.dataset(name, interval).rows
        what = f"{rows} {interval} bars of {name}"
    except Corrupt as fault:
        rows, what = None, f"the damaged {interval} series of {name} ({fault.found})"
    if not yes:
        raise Misconfigured(f"{what} would be moved into the trash", next_step="repeat with --yes")
    place = store.drop(name, interval)
    return Report(
        {"symbol": name, "interval": interval, "rows": rows, "moved_to": str(place)},
        f"Moved to {place}: {what}. Undo: tradewind data restore {name} --interval {interval}",
    )


@app.command()
@verb
def restore(symbol: PairArgument, interval: IntervalOption, config: Path | None = None) -> Report:
    """Brings back the series dropped last."""
    settings = load_config(config)
    name = resolve(symbol, settings.instruments).symbol
    dataset = CandleStore(candle_folder(settings)).restore(name, Timeframe(interval))
    return Report(dataset_document(dataset), f"{dataset.rows} {interval} bars of {name} are back.")
