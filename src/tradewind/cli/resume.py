"""``tradewind resume``: ends a pause; with ``--stopped`` and a reason also a stop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.control_options import WAIT_S, ActorOption, Ordering, ReasonOption, StoreOption, WaitOption
from tradewind.errors import Misconfigured

app = single()


@app.command()
@verb
def resume(
    config: Path | None = None,
    stopped: Annotated[
        bool, typer.Option("--stopped", help="Clear what stopped the account too; needs --reason.")
    ] = False,
    reason: ReasonOption = "",
    by: ActorOption = "",
    wait: WaitOption = WAIT_S,
    store: StoreOption = None,
) -> Report:
    """Ends a pause and a reduction; a kill is ended by `kill off`, a stop only with --stopped and a reason."""
    from tradewind.cli.answers.control import order_answer

    if stopped and not reason.strip():
        raise Misconfigured(
            "a stopped account is started again for a reason", where="--reason", next_step="add --reason TEXT"
        )
    return order_answer("resume", Ordering(config, store, reason, by, wait), "stopped" if stopped else "")
