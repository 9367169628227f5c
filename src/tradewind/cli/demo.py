"""``tradewind demo``: sixty seconds, offline, nothing to set up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import SeedOption

app = single()


@app.command()
@verb
def demo(
    seed: SeedOption = 1,
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo puts its data and report.")] = Path("demo"),
) -> Report:
    """Refuses a strategy without an edge, accepts proven ones, trades a simulated week, writes a report."""
    from tradewind.cli.answers.demo import answer

    return answer(seed, folder)
