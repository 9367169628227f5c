"""``tradewind filters``: what was blocked, by what, how often."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, group, verb
from tradewind.cli.options import StoreOption, SymbolsOption, days_of

app = group("What the filters blocked, and how often.")

DaysOption = Annotated[
    float, typer.Option("--days", parser=days_of, metavar="FLOAT", help="Days before the newest decision; 0: all.")
]
LastOption = Annotated[int, typer.Option("--last", min=0, help="Also list so many of the newest blocks, one by one.")]


@app.command()
@verb
def stats(
    config: Path | None,
    symbol: SymbolsOption = None,
    days: DaysOption = 30.0,
    last: LastOption = 0,
    store: StoreOption = None,
) -> Report:
    """Counts every refusal of the store's run by reason, with the values met and the limits they were held to."""
    from tradewind.cli.answers.filters import answer

    return answer(config, symbol, days, last, store)
