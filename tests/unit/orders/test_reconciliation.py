"""The venue is the truth for positions, but not at first sight; until it is known nothing adds risk."""

from __future__ import annotations

import msgspec
import pytest

from tests.fakes.order_room import CALM, PRICE, OrderRoom
from tradewind.engine.orders.params import OrderParams
from tradewind.model.event import Command
from tradewind.model.order import Leg
from tradewind.model.timeframe import MINUTE
from tradewind.model.venue import Action, OrderKind, OrderStatus, VenueRequest


def room_of(params: OrderParams | None = None) -> OrderRoom:
    room = OrderRoom(1, CALM, params)
    room.settle()
    return room


@pytest.mark.req("X15")
def test_a_position_nobody_knows_is_flagged_at_the_first_snapshot_and_pauses_trading() -> None:
    room = OrderRoom(1, CALM)
    room.venue.by_hand("EUR/USD", 1, 7, room.now)
    room.venue._messages.clear()
    room.settle()
    assert room.notices()["external_position"] == 1
    assert room.manager.book.external == {"EUR/USD": 7}
    assert room.manager.take_alarm()


def test_an_order_nobody_knows_is_flagged_and_left_alone() -> None:
    room = OrderRoom(1, CALM)
    strange = VenueRequest(1, Action.PLACE, room.now, "EUR/USD", "by-hand", OrderKind.LIMIT, Leg.ENTRY, 1, 3, PRICE - 9)
    room.venue.execute(strange, room.now)
    room.settle()
    assert room.notices()["external_order"] == 1
    room.run(700)
    assert room.notices()["external_order"] == 1
    assert room.venue.truth.orders["by-hand"].status is OrderStatus.WORKING


def test_what_was_closed_by_hand_is_closed_with_us_at_its_own_price() -> None:
    room = room_of()
    room.signal("S1", 1, 5)
    room.run(2)
    room.to_price(PRICE + 40)
    room.venue.by_hand("EUR/USD", -1, 5, room.now)
    room.run(20)
    assert room.manager.book.exposures == {}
    closing = room.fills()[-1]
    assert (closing.leg, closing.price_ticks, closing.steps) == (Leg.CLOSE, PRICE + 40, 5)
    assert room.notices()["closed_elsewhere"] == 1
    room.at_rest()


def test_a_liquidation_is_believed_and_leaves_no_order_behind() -> None:
    room = room_of()
    room.signal("S1", 1, 5)
    room.run(2)
    room.venue.liquidate("EUR/USD", room.now)
    room.run(30)
    assert (room.manager.book.exposures, room.venue.truth.positions) == ({}, {})
    room.at_rest()


def test_a_difference_stops_new_risk_at_once_and_is_believed_only_when_it_lasts() -> None:
    """The first snapshot that differs is told; the second one, asked for later, decides."""
    room = room_of()
    room.signal("S1", 1, 5)
    room.run(2)
    room.venue.mix = msgspec.structs.replace(CALM, lost_message=1.0)
    room.venue.by_hand("EUR/USD", -1, 2, room.now)
    room.take(("event", Command("reconcile", "ann", room.now)))
    room.settle()
    assert room.notices()["position_differs"] == 1
    assert not room.manager.book.adds_risk
    assert room.manager.book.exposures["S1"].held == 5
    room.run(10)
    assert room.manager.book.exposures["S1"].held == 3
    assert room.manager.book.adds_risk
    room.at_rest()


def test_a_restart_with_an_open_position_neither_flattens_nor_doubles_it() -> None:
    """Executions older than the look-back are not listed any more; our own book still knows them."""
    room = room_of(OrderParams(look_back=MINUTE))
    room.signal("S1", 1, 5)
    room.run(600, pace_s=5.0)
    room.kill()
    room.run(600, pace_s=5.0)
    assert room.venue.truth.positions == {("EUR/USD", ""): 5}
    assert room.manager.book.exposures["S1"].held == 5
    assert len(room.fills()) == 1
    room.at_rest()


def test_a_stop_that_filled_while_nobody_was_there_is_booked_once() -> None:
    """The process is away, the stop fills, the message is lost, the execution is too old to be listed."""
    room = room_of(OrderParams(look_back=MINUTE))
    room.signal("S1", 1, 5)
    room.run(5)
    room.venue.mix = msgspec.structs.replace(CALM, lost_message=1.0)
    room.clock.advance_to(room.now + 5 * MINUTE)
    room.venue.tick("EUR/USD", PRICE - 310, room.now)
    room.clock.advance_to(room.now + 60 * MINUTE)
    room.kill()
    room.run(120)
    assert [(one.leg, one.steps, one.price_ticks) for one in room.fills()][1:] == [(Leg.STOP, 5, PRICE - 310)]
    assert room.manager.book.exposures == {}
    room.conserved()


def test_maintenance_of_hours_changes_nothing_that_rests() -> None:
    room = room_of()
    room.signal("S1", 1, 5)
    room.run(5)
    room.venue.maintenance_until = room.now + 180 * MINUTE
    room.run(10_000, pace_s=30.0)
    assert room.manager.book.exposures["S1"].held == 5
    room.run(2_000, pace_s=5.0)
    assert len(room.fills()) == 1
    room.at_rest()


def test_an_external_position_on_the_other_side_of_a_netted_account_offsets_ours() -> None:
    """The venue holds 3 of our 5: the stop must be of 3."""
    room = OrderRoom(1, CALM)
    room.venue.by_hand("EUR/USD", -1, 2, room.now)
    room.settle()
    room.signal("S1", 1, 5)
    room.run(10)
    assert room.venue.truth.positions == {("EUR/USD", ""): 3}
    assert room.manager.book.exposures["S1"].held == 3
    room.at_rest()


def test_the_report_names_what_was_intended_and_what_was_filled() -> None:
    room = room_of()
    room.signal("S1", 1, 5)
    room.run(700)
    assert room.notices()["reconciled"] == 1
    assert len(room.requests(Action.SNAPSHOT)) >= 3
    assert room.notices()["position_differs"] == 0
