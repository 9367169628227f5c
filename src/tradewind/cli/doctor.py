"""``tradewind doctor``: looks at everything a run depends on and says what to do about each fault."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.app.doctor.finding import TOPICS
from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import GatewayOption

app = single()


@app.command()
@verb
def doctor(
    topics: Annotated[
        list[str] | None, typer.Argument(help=f"What to look at: {', '.join(TOPICS)}. Default: all.")
    ] = None,
    warm: Annotated[bool, typer.Option("--warm", help="Compile the kernels now, so that no later run waits.")] = False,
    gateway: GatewayOption = "",
    config: Path | None = None,
) -> Report:
    """Checks machine, packages, kernels, disk, configuration, store, data, clock and providers."""
    from tradewind.cli.answers.doctor import answer

    return answer(tuple(topics or ()), warm, gateway, config)
