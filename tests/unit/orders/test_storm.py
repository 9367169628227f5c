"""Thousands of random sequences of faults: the laws hold after every event, and everything is in order at the end."""

from __future__ import annotations

import pytest

from tests.fakes.order_room import OrderRoom
from tests.fakes.order_storm import Storm, mildly
from tradewind.engine.orders.params import OrderParams
from tradewind.model.venue import Action

SEEDS = 60
CHUNKS = 4


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize(
    "storm",
    [
        {},
        {"params": OrderParams(netting=False)},
        {"strangers": 0.05},
        {"kills": 0.2},
        {"params": OrderParams(approval=True)},
        {"mix": mildly(skew_s=30.0)},
    ],
    ids=["netting", "hedging", "strangers", "kills", "approval", "skewed clock"],
)
def test_every_storm_ends_in_order(storm: dict[str, object], chunk: int) -> None:
    """INV-07, 08, 13 after every event; INV-14, no orphan order and no doubt at the end; every life replays."""
    for seed in range(chunk * SEEDS, (chunk + 1) * SEEDS):
        Storm(seed, **storm).run(40)  # type: ignore[arg-type]  # keywords of the table above


@pytest.mark.req("X14")
def test_fifty_deaths_between_sending_and_hearing_make_no_duplicate() -> None:
    """The request reached the venue, the answer reached nobody: 50 times for entries, stops and exits."""
    deaths = 0
    for seed in range(25):
        room = OrderRoom(seed)
        room.settle()
        room.signal("S1", 1, 5)
        deaths += die_unheard(room)
        room.run(90)
        room.take(("close", "S1"))
        deaths += die_unheard(room)
        room.run(90)
        room.identity()
        room.at_rest()
        room.conserved()
        assert room.venue.truth.positions == {}
        placed = [one.client_id for one in room.requests(Action.PLACE)]
        assert placed.count("S1-entry") == 1
    assert deaths >= 50


def die_unheard(room: OrderRoom) -> int:
    """The desk sends what waits; the process dies before it hears the answer."""
    before = len(room.venue.truth.orders)
    room.desk.heard()
    assert len(room.venue.truth.orders) == before + 1
    room.kill()
    return 1
