"""``tradewind pause``: no new signals until ``resume``; what is open is looked after as before."""

from __future__ import annotations

from pathlib import Path

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.control_options import WAIT_S, ActorOption, Ordering, ReasonOption, StoreOption, WaitOption

app = single()


@app.command()
@verb
def pause(
    config: Path | None = None,
    reason: ReasonOption = "",
    by: ActorOption = "",
    wait: WaitOption = WAIT_S,
    store: StoreOption = None,
) -> Report:
    """No new signals until `resume`; open positions keep their stops and targets (exit 3: nothing has run)."""
    from tradewind.cli.answers.control import order_answer

    return order_answer("pause", Ordering(config, store, reason, by, wait))
