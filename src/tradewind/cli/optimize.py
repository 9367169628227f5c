"""``tradewind optimize``: the parameters of one family that did best on the train window of one symbol."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import IntervalOption, SeedOption
from tradewind.model.timeframe import Timeframe

app = single()

FamilyOption = Annotated[str, typer.Option("--family", help="Family to search; see `tradewind strategy families`.")]
OneSymbolOption = Annotated[
    str, typer.Option("--symbol", "--pair", "-p", help="Pair to search on. Default: the configured one.")
]
TrialsOption = Annotated[
    int, typer.Option("--trials", "-n", min=1, max=100_000, help="Distinct parameter sets to evaluate.")
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", min=0.0, max=1e6, help="Seconds after which no new batch is begun; 0: none.")
]
ObjectiveOption = Annotated[
    str,
    typer.Option(
        "--objective",
        help="wilson (lower bound of the win rate above break-even), expectancy (mean R) or sharpe (daily, net).",
    ),
]
MinTradesOption = Annotated[
    int | None,
    typer.Option("--min-trades", min=1, help="Closed trades a set needs to be ranked. Default: gate.min_train."),
]
StopsOption = Annotated[
    str, typer.Option("--preset", help="Range of the stops: fx-tight, metal or crypto. Default: by asset class.")
]


@app.command()
@verb
def optimize(
    family: FamilyOption,
    config: Path | None = None,
    symbol: OneSymbolOption = "",
    interval: IntervalOption = Timeframe.H1,
    objective: ObjectiveOption = "wilson",
    trials: TrialsOption = 200,
    timeout: TimeoutOption = 0.0,
    min_trades: MinTradesOption = None,
    preset: StopsOption = "",
    seed: SeedOption = 1,
) -> Report:
    """Searches a family's parameters with Optuna on the train window alone; what it finds is a candidate, not proven.

    Every set that was evaluated is a trial of the ledger and a candidate of the book. Exit 4: none had enough
    trades; 5: there was no time for one.
    """
    from tradewind.cli.answers.optimize import OptimizeOptions, answer

    return answer(
        config,
        OptimizeOptions(family, symbol, interval, objective, trials, timeout, min_trades, preset, seed),
    )
