"""``tradewind soak``: hours of service, in simulated time or real, and what they cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import OptionalIntervalOption, SymbolsOption, split_symbols

app = single()


HoursOption = Annotated[float, typer.Option("--hours", min=0.01, max=20_000.0, help="How long, in hours of --clock.")]


@app.command()
@verb
def soak(
    config: Path | None,
    hours: Annotated[
        float, typer.Option("--hours", min=0.01, max=20_000.0, help="How long, in hours of --clock.")
    ] = 24.0,
    clock: Annotated[
        Literal["sim", "real"], typer.Option("--clock", help="Simulated time, or this machine's.")
    ] = "sim",
    symbol: SymbolsOption = None,
    interval: OptionalIntervalOption = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the SIMULATED market.")] = 1,
    folder: Annotated[Path, typer.Option("--folder", help="Where store and logs go; must be new.")] = Path("soak"),
) -> Report:
    """Runs the service on a SIMULATED market and measures memory, files, disk, processor and errors; 4 if it failed."""
    from tradewind.cli.answers.soak import SoakOptions, answer

    return answer(config, SoakOptions(hours, clock, split_symbols(symbol), interval, seed, folder))
