"""``tradewind telegram``: prove that the bot reaches its chats, or try it on a stand-in."""

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


@app.command("stand-in")
@verb
def stand_in_(
    config: Path | None = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Loopback port; 0 takes a free one.")] = 8766,
) -> Report:
    """Serves a strict Bot API with one chat on loopback: shows what the bot says, writes to it what you type."""
    from tradewind.cli.answers.telegram import stand_in_answer

    return stand_in_answer(config, port)
