"""``tradewind baseline``: what proven strategies showed, frozen as a reference."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, group, verb

app = group("Baselines: what proven strategies showed, as a reference for what comes later.")

StrategiesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="Ids or spec hashes. Default: every validated strategy.")
]


@app.command()
@verb
def freeze(config: Path | None = None, strategy: StrategiesArgument = None) -> Report:
    """Writes what strategies showed in their sealed windows to a signed file (exit 3: nothing is proven)."""
    from tradewind.cli.answers.baseline import freeze_answer

    return freeze_answer(config, tuple(strategy or ()))


@app.command()
@verb
def show(
    file: Annotated[Path, typer.Argument(help="A baseline file.")],
    config: Path | None = None,
) -> Report:
    """Checks the signature of a baseline file and prints what it holds."""
    from tradewind.cli.answers.baseline import show_answer

    return show_answer(config, file)
