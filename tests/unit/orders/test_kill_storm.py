"""The kill switch in a storm: people order at random moments, the process dies, the venue does everything wrong."""

from __future__ import annotations

import pytest

from tests.fakes.kill_room import KillRoom
from tests.fakes.order_room import CALM
from tradewind.model.guard import GuardState


@pytest.mark.req("G10", "H18")
@pytest.mark.parametrize("netting", [True, False], ids=["netting", "hedging"])
def test_no_entry_leaves_while_the_guard_objects_and_what_protects_always_does(netting: bool) -> None:
    """120 storms: the law speaks at every output, and the storms had entries, stops and exits to speak of."""
    entries = restarts = 0
    stops_while_halted = exits_while_stopped = 0
    for seed in range(60):
        room = KillRoom(seed, netting=netting)
        room.storm(40)
        room.calm()
        room.at_rest()
        entries, restarts = entries + room.entries, restarts + room.restarts
        stops_while_halted += room.protected[GuardState.HALTED, "stop"]
        exits_while_stopped += room.protected[GuardState.STOPPED, "close"]
    assert entries >= 100
    assert restarts >= 60
    assert stops_while_halted >= 5
    assert exits_while_stopped >= 5


@pytest.mark.req("G03", "H18")
@pytest.mark.parametrize("verb", ["rollback", "liquidate"])
def test_whatever_is_held_is_left_after_a_rollback_in_any_weather(verb: str) -> None:
    """Flat by the venue's own truth, nothing rests there, and no entry follows."""
    held = 0
    for seed in range(40):
        room = KillRoom(seed)
        for _ in range(6):
            room.hour()
            room.wait(5.0)
        held += abs(room.held())
        room.order(verb)
        entries = room.entries
        room.wait(20.0)
        room.hour()
        room.calm()
        room.at_rest()
        assert room.held() == 0
        assert room.entries == entries
    assert held > 0


@pytest.mark.req("G10")
def test_the_rest_of_an_entry_that_is_filled_in_parts_is_withdrawn_by_the_kill_switch() -> None:
    """A part is held and keeps its stop; the parts that were still to come would be new risk."""
    cut_short = 0
    for seed in range(40):
        room = KillRoom(seed)
        room.wait(5.0)
        room.venue.mix = CALM.__class__(partial=1.0)
        while not room.entries:
            room.hour()
        manager = room.engine.orders
        assert manager is not None
        (exposure,) = manager.book.exposures.values()
        if not 0 < exposure.held < exposure.steps:
            continue
        room.order("kill_on")
        held = abs(room.held())
        room.wait(30.0, 0.5)
        room.at_rest()
        assert abs(room.held()) == held
        cut_short += 1
    assert cut_short >= 5


@pytest.mark.req("G10")
def test_a_kill_holds_through_every_restart_until_a_person_gives_a_reason() -> None:
    """Ten deaths later it still holds; without a reason nothing clears it, with one the next signal is an order."""
    room = KillRoom(1)
    room.venue.mix = CALM
    room.wait(5.0)
    room.order("kill_on")
    for _ in range(10):
        room.restart()
        room.hour()
        assert room.engine.guard.state is GuardState.HALTED
    assert room.entries == 0
    room.order("kill_off")
    for _ in range(8):
        room.hour()
        room.wait(2.0)
    assert room.entries > 0
