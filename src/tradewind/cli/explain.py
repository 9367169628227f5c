"""``tradewind explain``: one signal, the chain behind it, and what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import StoreOption

app = single()

IdArgument = Annotated[
    str | None, typer.Argument(metavar="[SIGNAL_ID]", help="Id, or as much of one as is unique. Default: list them.")
]
LastOption = Annotated[int, typer.Option("--last", min=1, help="How many signals the list shows.")]


@app.command()
@verb
def explain(
    config: Path | None, signal_id: IdArgument = None, last: LastOption = 20, store: StoreOption = None
) -> Report:
    """One signal: what it said, the whole chain behind it, fills, costs and outcome; without an id the newest ones."""
    from tradewind.cli.answers.explain import answer

    return answer(config, signal_id, last, store)
