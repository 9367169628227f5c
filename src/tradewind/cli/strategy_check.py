"""``tradewind strategy check``: whether strategy families keep what every family must."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import SeedOption

app = single()

FilesArgument = Annotated[
    list[Path] | None,
    typer.Argument(help="Strategy files; without any, every family of the installation and of the project."),
]


@app.command()
@verb
def check(files: FilesArgument = None, config: Path | None = None, seed: SeedOption = 7) -> Report:
    """Examines families on SIMULATED bars: sides, dead markets, search space, look-ahead. Exit code 4 on a fault."""
    from tradewind.cli.answers.strategy_check import check_answer  # the compiler; help does without

    return check_answer(config, files or [], seed)
