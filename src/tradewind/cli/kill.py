"""``tradewind kill on|off``: the switch that lets no order leave, by the inbox and by the kill file at once."""

from __future__ import annotations

from pathlib import Path

from tradewind.cli.contract import Report, group, verb
from tradewind.cli.control_options import WAIT_S, ActorOption, Ordering, ReasonOption, StoreOption, WaitOption
from tradewind.errors import Misconfigured

app = group("The kill switch: no new risk from the run's next look on, through every restart, until `kill off`.")


@app.command()
@verb
def on(
    config: Path | None = None,
    reason: ReasonOption = "",
    by: ActorOption = "",
    wait: WaitOption = WAIT_S,
    store: StoreOption = None,
) -> Report:
    """Stops every order that adds risk: ordered in the inbox, and by the kill file beside it; open stops stay."""
    from tradewind.cli.answers.control import kill_answer

    return kill_answer(Ordering(config, store, reason, by, wait))


@app.command()
@verb
def off(
    config: Path | None = None,
    reason: ReasonOption = "",
    by: ActorOption = "",
    wait: WaitOption = WAIT_S,
    store: StoreOption = None,
) -> Report:
    """Clears the kill switch for a reason: removes the kill file, then orders it; a pause or a stop stays."""
    from tradewind.cli.answers.control import kill_off_answer

    if not reason.strip():
        raise Misconfigured("the switch is cleared for a reason", where="--reason", next_step="add --reason TEXT")
    return kill_off_answer(Ordering(config, store, reason, by, wait))
