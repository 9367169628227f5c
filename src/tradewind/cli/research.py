"""``tradewind research``: search, validation and gates as one job."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import (
    MOST_WORKERS,
    IntervalOption,
    PeriodOption,
    SeedOption,
    SymbolsOption,
    TimeRangeOption,
    named,
)
from tradewind.model.timeframe import Timeframe

app = single()


class Stage(StrEnum):
    """How far a job goes."""

    SEARCH = "search"
    VALIDATE = "validate"
    ALL = "all"


CountOption = Annotated[
    int | None,
    typer.Option("--count", "-n", min=1, max=100_000, help="Strategies a symbol; default: generator.max_strategies."),
]
FamiliesOption = Annotated[
    list[str] | None, typer.Option("--family", help="Only this family; repeat for several. Default: all.")
]
ProfileOption = Annotated[
    str, typer.Option("--profile", help="Gates that decide: source, honest or strict. Default: gate.profile.")
]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", min=1, max=MOST_WORKERS, help="Processes; default: one a processor, one for small jobs."),
]
ClusterOption = Annotated[
    str | None, typer.Option("--cluster", metavar="ADDRESS", help="dask.distributed scheduler, tcp://HOST:PORT.")
]
ListOption = Annotated[bool, typer.Option("--list", help="Lists the jobs of this project and does nothing.")]


@app.command()
@verb
def research(
    config: Path | None = None,
    stage: Annotated[Stage, typer.Option("--stage", help="How far to go.")] = Stage.ALL,
    symbol: SymbolsOption = None,
    interval: IntervalOption = Timeframe.H1,
    timerange: TimeRangeOption = None,
    period: PeriodOption = None,
    count: CountOption = None,
    family: FamiliesOption = None,
    seed: SeedOption = 1,
    profile: ProfileOption = "",
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    list_jobs: ListOption = False,
) -> Report:
    """Searches, validates and judges strategies as one job; the same command goes on where it was stopped.

    Exit 4 where nothing passed: no edge found is a result.
    """
    from tradewind.cli.answers.research import ResearchOptions, answer, jobs_answer

    if list_jobs:
        return jobs_answer(config)
    typed = ResearchOptions(
        stage=stage.value,
        symbols=symbol,
        interval=interval,
        timerange=timerange,
        period=period,
        strategies=count,
        families=family,
        seed=seed,
        profile=profile,
        workers=workers,
        cluster=named("--cluster", cluster) or "",
    )
    return answer(config, typed)
