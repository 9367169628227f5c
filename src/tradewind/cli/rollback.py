"""``tradewind rollback``: stop trading, close everything, let the providers go, keep the data."""

from __future__ import annotations

from pathlib import Path

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.control_options import ActorOption, Ordering, ReasonOption, StoreOption, WaitOption

app = single()


@app.command()
@verb
def rollback(
    config: Path | None = None,
    reason: ReasonOption = "",
    by: ActorOption = "",
    wait: WaitOption = 25.0,
    store: StoreOption = None,
) -> Report:
    """Rolls the running service back: stopped, closed, disconnected, data kept; four lines. Again changes nothing."""
    from tradewind.cli.answers.control import rollback_answer

    return rollback_answer(Ordering(config, store, reason, by, wait))
