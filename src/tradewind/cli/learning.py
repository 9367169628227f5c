"""``tradewind learning``: which models may act, what they show, and what their trainings came to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, group, verb
from tradewind.cli.options import StoreOption

app = group("Continuous learning: modes of models, their confidence, their trainings.")

LastOption = Annotated[int, typer.Option("--last", min=1, max=1000, help="How many of the newest rows.")]


@app.command()
@verb
def status(config: Path | None, store: StoreOption = None) -> Report:
    """TRADING or LEARNING of every seat, since when, its confidence with its parts, its newest training."""
    from tradewind.cli.answers.learning import status_answer

    return status_answer(config, store)


@app.command()
@verb
def history(config: Path | None, last: LastOption = 20, store: StoreOption = None) -> Report:
    """Transitions, changed rules with old and new values, and trainings with what triggered them; newest first."""
    from tradewind.cli.answers.learning import history_answer

    return history_answer(config, last, store)
