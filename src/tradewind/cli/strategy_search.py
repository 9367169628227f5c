"""``tradewind strategy families|generate``: what a search may draw, and strategies drawn from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import IntervalOption, SeedOption
from tradewind.model.timeframe import Timeframe

app = single()

CountOption = Annotated[
    int | None,
    typer.Option("--count", "-n", min=1, max=100_000, help="How many; default: generator.max_strategies."),
]
StopsOption = Annotated[str, typer.Option("--preset", help="Range of the stops: fx-tight, metal or crypto.")]
FamiliesOption = Annotated[
    list[str] | None, typer.Option("--family", help="Only this family; repeat for several. Default: all.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Draw and show them, and enter nothing in the book.")]
StopModesOption = Annotated[
    list[str] | None,
    typer.Option("--stop-mode", help="Only this kind of stop: pct, atr or wider_of; repeat for several."),
]


@app.command()
@verb
def families(config: Path | None = None, family: FamiliesOption = None, preset: StopsOption = "fx-tight") -> Report:
    """Lists every family: what it does, what a search may draw for it, and where the idea comes from."""
    from tradewind.cli.answers.strategy_search import families_answer

    return families_answer(config, family, preset)


@app.command()
@verb
def generate(
    config: Path | None = None,
    count: CountOption = None,
    seed: SeedOption = 0,
    family: FamiliesOption = None,
    interval: IntervalOption = Timeframe.H1,
    preset: StopsOption = "fx-tight",
    stop_mode: StopModesOption = None,
    dry_run: DryRunOption = False,
) -> Report:
    """Draws distinct strategies and enters them in the book as candidates; the same seed draws the same ones."""
    from tradewind.cli.answers.strategy_search import generate_answer

    return generate_answer(config, count, seed, family, interval, preset, stop_mode, dry_run=dry_run)
