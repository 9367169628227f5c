"""``tradewind telegram``: prove that the bot reaches its chats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, group, verb

app = group("Telegram: prove that alerts arrive.")

StandInOption = Annotated[
    bool,
    typer.Option("--stand-in", help="Send to a strict Bot API in this process: checks everything but the network."),
]


@app.command("test")
@verb
def three_alerts(config: Path | None = None, stand_in: StandInOption = False) -> Report:
    """Sends three test alerts (signal, drift, error) and shows their delivery ids (exit 4: one did not arrive)."""
    from tradewind.cli.answers.telegram import answer

    return answer(config, stand_in)
