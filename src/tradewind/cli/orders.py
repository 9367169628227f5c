"""``tradewind orders``: what was sent to the venue, what became of it, and orders about orders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, group, verb
from tradewind.cli.control_options import WAIT_S, ActorOption, Ordering, ReasonOption, StoreOption, WaitOption

app = group("Orders at the venue: list, reconcile, approve, withdraw.")
SignalArgument = Annotated[str, typer.Argument(help="Id of the signal, or of the order.")]


@app.command("list")
@verb
def list_(
    config: Path | None = None,
    open_: Annotated[bool, typer.Option("--open", help="Only those of which something may still come.")] = False,
    store: StoreOption = None,
) -> Report:
    """Every order of the run with its state: waiting, in_flight, working, or how it ended."""
    from tradewind.cli.answers.orders import list_answer

    return list_answer(config, store, only_open=open_)


@app.command()
@verb
def reconcile(
    config: Path | None = None,
    reason: ReasonOption = "",
    by: ActorOption = "",
    wait: WaitOption = WAIT_S,
    store: StoreOption = None,
) -> Report:
    """Intended against filled (exit 4: something does not match); a run at work asks its venue again first."""
    from tradewind.cli.answers.orders import reconcile_answer

    return reconcile_answer(Ordering(config, store, reason, by, wait))


@app.command()
@verb
def cancel_all(
    config: Path | None = None,
    reason: ReasonOption = "",
    by: ActorOption = "",
    wait: WaitOption = WAIT_S,
    store: StoreOption = None,
) -> Report:
    """Withdraws every entry that is not filled; stops and targets of open positions stay where they are."""
    from tradewind.cli.answers.orders import given_answer

    return given_answer("cancel_all", Ordering(config, store, reason, by, wait))


@app.command()
@verb
def approve(
    signal: SignalArgument,
    config: Path | None = None,
    reason: ReasonOption = "",
    by: ActorOption = "",
    wait: WaitOption = WAIT_S,
    store: StoreOption = None,
) -> Report:
    """Lets an entry leave that waits for a person (orders.approval = required)."""
    from tradewind.cli.answers.orders import given_answer

    return given_answer("approve", Ordering(config, store, reason, by, wait), signal)


@app.command()
@verb
def reject(
    signal: SignalArgument,
    config: Path | None = None,
    reason: ReasonOption = "",
    by: ActorOption = "",
    wait: WaitOption = WAIT_S,
    store: StoreOption = None,
) -> Report:
    """Ends an entry that waits for a person; it never leaves."""
    from tradewind.cli.answers.orders import given_answer

    return given_answer("reject", Ordering(config, store, reason, by, wait), signal)
