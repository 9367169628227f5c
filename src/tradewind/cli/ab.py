"""``tradewind ab``: two versions on the same bars that neither has seen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import SymbolsOption

app = single()


@app.command()
@verb
def ab(
    first: Annotated[str, typer.Argument(help="A version, the beginning of its name, or champion.")],
    second: Annotated[str, typer.Argument(help="The other one, or challenger.")],
    config: Path | None = None,
    symbol: SymbolsOption = None,
    interval: Annotated[
        str | None, typer.Option("--interval", "--timeframe", "-i", help="Bar length of the models, 1m to 1d.")
    ] = None,
) -> Report:
    """Paired difference of accuracy, Brier score and net result with 95% limits (exit 4: the second is not better).

    What they read counts as seen by their kinds of model from then on.
    """
    from tradewind.cli.answers.ab import compared

    return compared(config, (first, second), tuple(symbol or ()), interval)
