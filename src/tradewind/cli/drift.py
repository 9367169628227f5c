"""``tradewind drift``: whether strategies still do what they were proven to do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, group, verb
from tradewind.cli.options import StoreOption

app = group("Drift: whether strategies still do what they were proven to do.")

DateOption = Annotated[
    str | None, typer.Option("--date", metavar="DAY", help="A day (UTC), YYYY-MM-DD. Default: the newest one.")
]
AllOption = Annotated[
    bool, typer.Option("--all", help="Measure every validated strategy again and freeze what it shows.")
]


@app.command()
@verb
def report(config: Path | None, date: DateOption = None, store: StoreOption = None) -> Report:
    """Severity, win rates, degradation and action of every strategy on a day (exit 3: nothing was checked yet)."""
    from tradewind.cli.answers.drift import report_answer

    return report_answer(config, date, store)


@app.command()
@verb
def baseline(config: Path | None, everybody: AllOption = False) -> Report:
    """What strategies are held to: the newest frozen baseline; with --all it is measured and frozen now."""
    from tradewind.cli.answers.drift import baseline_answer

    return baseline_answer(config, everybody)
