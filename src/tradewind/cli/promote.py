"""``tradewind promote``: who is heard on a symbol and a timeframe, who shadows, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import SymbolsOption

app = single()


@app.command()
@verb
def promote(
    config: Path | None,
    model: Annotated[
        str | None, typer.Option("--model", help="A version, the beginning of its name, its path, or challenger.")
    ] = None,
    symbol: SymbolsOption = None,
    interval: Annotated[
        str | None, typer.Option("--interval", "--timeframe", "-i", help="Bar length of the seat, 1m to 1d.")
    ] = None,
    dest: Annotated[
        Path | None, typer.Option("--dest", help="Another folder called promoted, or a seat in it. Default: the own.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option("--store", help="Take the version over from the run in this database.")
    ] = None,
    challenge: Annotated[bool, typer.Option("--challenge", help="Let it shadow beside the champion, unheard.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take the challenger off.")] = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Let the champion before this one be heard again.")] = (
        False
    ),
    reason: Annotated[str, typer.Option("--reason", help="Why; goes on record.")] = "",
) -> Report:
    """Lets a version be heard where it has earned it (exit 4: refused, and nothing is changed).

    An empty seat asks for the gate, on bars of development and on sealed ones; a champion gives way to who is better
    than it on the same unseen bars.
    """
    from tradewind.cli.answers.promote import PromoteOptions, promoted

    return promoted(
        config, PromoteOptions(model, tuple(symbol or ()), interval, dest, challenge, withdraw, rollback, reason, store)
    )
