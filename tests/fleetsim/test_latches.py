"""The law of latches: what people stopped is told by what people stopped."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tradewind.fleetsim.invariants import Laws
from tradewind.model.event import Command


def test_a_limit_of_the_account_that_latches_is_not_taken_for_a_person() -> None:
    """INV-05: own limits latch beside the orders of people, and the law looks at the orders alone."""
    order = SimpleNamespace(entry=SimpleNamespace(seq=1, event=Command("kill_on", "ann", 1, id="1")), outputs=[])
    guard = SimpleNamespace(latches={"daily_loss": None, "kill": None})
    evidence: Any = SimpleNamespace(fresh=[order], engine=SimpleNamespace(guard=guard))
    laws = Laws()
    assert list(laws.halts_latch(evidence)) == []
    guard.latches.pop("kill")
    assert list(laws.halts_latch(evidence)) == ["the engine holds [], people ordered ['kill_on']"]
