"""``tradewind liquidate``: everything is withdrawn and closed at the next tradable price."""

from __future__ import annotations

from pathlib import Path

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.control_options import WAIT_S, ActorOption, Ordering, ReasonOption, StoreOption, WaitOption

app = single()


@app.command()
@verb
def liquidate(
    config: Path | None = None,
    reason: ReasonOption = "",
    by: ActorOption = "",
    wait: WaitOption = WAIT_S,
    store: StoreOption = None,
) -> Report:
    """Closes every position at the next tradable price, withdraws what waits; no new risk until `resume`."""
    from tradewind.cli.answers.control import order_answer

    return order_answer("liquidate", Ordering(config, store, reason, by, wait))
