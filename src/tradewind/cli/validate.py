"""``tradewind validate``: strategies of the book put to the proof on stored candles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import (
    MOST_WORKERS,
    OptionalIntervalOption,
    PeriodOption,
    SeedOption,
    SymbolsOption,
    TimeRangeOption,
    named,
)
from tradewind.model.strategy import StrategyStatus

app = single()

StrategiesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help="Ids or spec hashes. Default: every strategy of --status."),
]
ProfileOption = Annotated[
    str, typer.Option("--profile", help="Gates that decide: source, honest or strict. Default: gate.profile.")
]
WorkersOption = Annotated[int, typer.Option("--workers", min=1, max=MOST_WORKERS, help="Processes to measure with.")]


@app.command()
@verb
def validate(
    config: Path | None = None,
    strategy: StrategiesArgument = None,
    family: Annotated[str | None, typer.Option("--family", help="Only this family.")] = None,
    status: Annotated[
        StrategyStatus, typer.Option("--status", help="Those of this status, where no id is given.")
    ] = StrategyStatus.CANDIDATE,
    symbol: SymbolsOption = None,
    interval: OptionalIntervalOption = None,
    timerange: TimeRangeOption = None,
    period: PeriodOption = None,
    profile: ProfileOption = "",
    workers: WorkersOption = 1,
    seed: SeedOption = 1,
) -> Report:
    """Judges strategies of the book by every gate, source and honest, into signed verdicts (exit 4: none passed)."""
    from tradewind.cli.answers.validate import ValidateOptions, answer

    return answer(
        config,
        ValidateOptions(
            names=tuple(strategy or ()),
            family=named("--family", family),
            status=status,
            symbols=symbol,
            interval=interval,
            timerange=timerange,
            period=period,
            profile=profile,
            workers=workers,
            seed=seed,
        ),
    )
