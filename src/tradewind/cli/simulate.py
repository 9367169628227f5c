"""``tradewind simulate``: the whole service in a hostile world made from a seed, with every law checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import MOST_WORKERS
from tradewind.errors import Misconfigured

app = single()

DaysOption = Annotated[float, typer.Option("--days", help="Simulated days of faults, 0.1 to 3660.")]
SeedOption = Annotated[
    int | None, typer.Option("--seed", min=0, help="The same seed is the same run, event by event. Default: 1.")
]
SeedsOption = Annotated[str, typer.Option("--seeds", help="Many seeds instead of one: 1..50 or 1,5,9..12.")]
WorkersOption = Annotated[int, typer.Option("--workers", min=1, max=MOST_WORKERS, help="Processes for many seeds.")]
KeepOption = Annotated[
    Path | None,
    typer.Option("--keep", help="File of results, a JSON line a seed; those that are there are not run again."),
]
FaultsOption = Annotated[
    str, typer.Option("--faults", help="all, none, harmless, or rows and kinds of the menu: FLT-04,power_cut.")
]
ShrinkOption = Annotated[bool, typer.Option("--shrink", help="Find the fewest faults that break the same law.")]
WorldOption = Annotated[
    str, typer.Option("--world", help="bot-year (one symbol, 1m, six timeframes) or two-markets (two symbols, 1h).")
]


@app.command()
@verb
def simulate(
    days: DaysOption = 7.0,
    seed: SeedOption = None,
    seeds: SeedsOption = "",
    workers: WorkersOption = 1,
    keep: KeepOption = None,
    faults: FaultsOption = "all",
    shrink: ShrinkOption = False,
    world: WorldOption = "bot-year",
) -> Report:
    """Runs the service SIMULATED: faults, deaths, power cuts; exit 4 with the seed when a law is broken."""
    from tradewind.cli.answers.simulate import answer, answer_many

    if seeds:
        if seed is not None:
            raise Misconfigured(
                f"--seed {seed} beside --seeds {seeds}",
                where="--seed",
                allowed="one of the two",
                next_step="leave one out",
            )
        return answer_many(
            days=days, seeds=seeds, faults=faults, world=world, workers=workers, keep=keep, shrinks=shrink
        )
    return answer(days=days, seed=1 if seed is None else seed, faults=faults, shrinks=shrink, world=world, keep=keep)
