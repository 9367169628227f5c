"""``tradewind walkforward``: a strategy chosen on what was known and measured on what came next, fold by fold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import SymbolOption

app = single()


@app.command()
@verb
def walkforward(
    strategy: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids or spec hashes of the book.")],
    config: Path | None = None,
    symbol: SymbolOption = "",
    folds: Annotated[int, typer.Option("--folds", min=1, max=100, help="Tests, one behind the other.")] = 5,
    lead: Annotated[int, typer.Option("--lead", min=1, max=100, help="Segments before the first test.")] = 1,
    rolling: Annotated[
        bool, typer.Option("--rolling/--anchored", help="Train on the last --lead segments, or on all before.")
    ] = False,
    embargo: Annotated[
        int, typer.Option("--embargo", min=0, metavar="BARS", help="Bars before each test that train nothing.")
    ] = 0,
) -> Report:
    """Walks strategies forward before their sealed window: a row a fold, consistency, retention (exit 4: not kept)."""
    from tradewind.cli.answers.walkforward import answer

    return answer(config, strategy, symbol, folds=folds, lead=lead, rolling=rolling, embargo=embargo)
