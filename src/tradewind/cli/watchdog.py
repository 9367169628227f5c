"""``tradewind watchdog``: raises the alarm when the service falls silent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb

app = single()


@app.command()
@verb
def watchdog(
    config: Path | None,
    store: Annotated[Path | None, typer.Option("--store", help="The run's database instead of the project's.")] = None,
    url: Annotated[str, typer.Option("--url", help="Ask this /healthz instead of the beat file.")] = "",
    after: Annotated[
        float | None, typer.Option("--after", min=1.0, max=240.0, help="Seconds of silence; default: watchdog_after.")
    ] = None,
    every: Annotated[float, typer.Option("--every", min=0.1, max=60.0, help="Seconds between two looks.")] = 15.0,
    alarms: Annotated[int, typer.Option("--alarms", min=0, help="End after so many alarms; 0: never.")] = 0,
    console: Annotated[bool, typer.Option("--console", help="Tell stderr alone where nothing is configured.")] = False,
) -> Report:
    """Watches the service from a process of its own; its alarms go to Telegram's admin chat and to WATCHDOG_URL."""
    from tradewind.cli.answers.watchdog import WatchOptions, answer

    return answer(config, WatchOptions(store, url, after, every, alarms, console))
