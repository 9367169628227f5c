"""``tradewind selector``: which strategies deserve more weight, in which state of the market."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, group, verb
from tradewind.cli.options import StoreOption

app = group("The selector: states of the market, weights of strategies, choices.")

PairArgument = Annotated[
    str | None, typer.Argument(metavar="[PAIR]", help="Pair such as EUR/USD. Default: the run's first.")
]
LastOption = Annotated[int, typer.Option("--last", min=1, max=1000, help="How many of the newest choices.")]


@app.command()
@verb
def state(config: Path | None, pair: PairArgument = None, last: LastOption = 5, store: StoreOption = None) -> Report:
    """The state of a pair's market, who comes first in it with which weight, and the newest choices."""
    from tradewind.cli.answers.selector import selector_answer

    return selector_answer(config, pair, last, store)
