"""``tradewind risk status|firms``: the account under its limits, and the rules of prop firms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, group, verb
from tradewind.cli.options import StoreOption

app = group("The account under its limits: money, floors, state; the rules of prop firms.")


@app.command()
@verb
def status(config: Path | None = None, store: StoreOption = None) -> Report:
    """Realised, unrealised, balance and equity; what of each limit is used; what holds (exit 3: nothing has run)."""
    from tradewind.cli.answers.risk import status_answer

    return status_answer(config, store)


@app.command()
@verb
def firms(
    show: Annotated[
        str, typer.Option("--show", help="Print this firm's file: a shipped name, or a file of your own to check.")
    ] = "",
) -> Report:
    """Lists the shipped prop firms; --show prints one file, to be copied and changed, or checks your own."""
    from tradewind.cli.answers.risk import firms_answer

    return firms_answer(show)
