"""The law of latches: what holds is what people ordered and what a limit said of itself, and nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tradewind.fleetsim.invariants import Laws
from tradewind.model.event import Command
from tradewind.model.guard import GuardChanged, GuardState


def test_a_limit_of_the_account_latches_beside_a_person_where_it_says_so() -> None:
    """INV-10: a latch of either kind that nobody ordered or told of is a breach, and so is one that is gone."""
    limit = GuardChanged(1, GuardState.NORMAL, GuardState.HALTED, "daily_loss", state=GuardState.HALTED)
    order = Command("kill_on", "ann", 1, id="1")
    entry = SimpleNamespace(entry=SimpleNamespace(seq=1, ts=1, event=order), outputs=[limit])
    guard = SimpleNamespace(latches={"daily_loss": None, "kill": None})
    evidence: Any = SimpleNamespace(fresh=[entry], engine=SimpleNamespace(guard=guard))
    laws = Laws()
    assert list(laws.halts_latch(evidence)) == []
    guard.latches.pop("kill")
    both = "people and limits ordered ['daily_loss', 'kill_on']"
    assert list(laws.halts_latch(evidence)) == [f"the engine holds ['daily_loss'], {both}"]
