"""The order manager against a venue that can be told exactly what to do wrong."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from tests.fakes.order_room import CALM, PRICE, OrderRoom
from tradewind.engine.orders.params import OrderParams
from tradewind.errors import Misconfigured
from tradewind.model.event import Command
from tradewind.model.order import ApprovalAsked, ApprovalEnded, Leg, OrderIntent, Refusal
from tradewind.model.timeframe import MINUTE, SECOND
from tradewind.model.venue import Action, OrderStatus, OrderUpdate


def calm_room(**params: object) -> OrderRoom:
    """A room whose venue does nothing wrong, connected and reconciled."""
    room = OrderRoom(1, CALM, OrderParams(**params))  # type: ignore[arg-type]  # the fields of a struct
    room.settle()
    return room


def with_faults(room: OrderRoom, **faults: float) -> None:
    room.venue.mix = msgspec.structs.replace(CALM, **faults)


def refusals(room: OrderRoom) -> list[str]:
    return [one.code for one in room.outputs if isinstance(one, Refusal)]


def working(room: OrderRoom, leg: Leg) -> list[int]:
    """Steps of the venue's working orders of a leg."""
    found = room.venue.truth.orders.values()
    return [one.left for one in found if one.request.leg is leg and one.status is OrderStatus.WORKING]


def test_nothing_leaves_before_the_first_snapshot_came() -> None:
    room = OrderRoom(1)
    room.signal("S1", 1, 5)
    assert room.requests(Action.PLACE) == []
    room.settle()
    assert room.requests(Action.PLACE)[0].client_id == "S1-entry"


def test_a_filled_entry_gets_a_stop_and_a_target_of_its_size() -> None:
    room = calm_room()
    room.signal("S1", 1, 5)
    room.settle()
    assert (working(room, Leg.STOP), working(room, Leg.TARGET)) == ([5], [5])
    assert all(one.reduce_only for one in room.requests(Action.PLACE)[1:])


def test_every_partial_fill_makes_the_stop_larger() -> None:
    """The stop is of the size that is held after each part, not at the end."""
    room = calm_room()
    with_faults(room, partial=1.0)
    room.signal("S1", 1, 90)
    room.settle()
    sizes = set()
    while room.manager.book.exposures["S1"].held < 90:
        held = room.manager.book.exposures["S1"].held
        assert working(room, Leg.STOP) == [held]
        sizes.add(held)
        room.run(0.5, tick=lambda: room.venue.tick("EUR/USD", room.price, room.now))
    assert len(sizes) >= 2
    assert room.requests(Action.AMEND)
    room.at_rest()


def test_the_stop_closes_the_trade_and_the_target_goes_with_it() -> None:
    room = calm_room()
    room.signal("S1", 1, 5)
    room.settle()
    room.run(1)
    room.to_price(PRICE - 300)
    assert working(room, Leg.TARGET) == []
    assert [one.exit_leg for one in room.trades()] == ["stop"]
    assert [one.result for one in room.outcomes()] == ["lost"]
    room.at_rest()
    room.conserved()


def test_a_stop_whose_cancellation_is_refused_is_asked_for_until_it_is_gone() -> None:
    """A target that fills leaves a stop behind; however often the venue says busy, it does not survive."""
    room = calm_room()
    room.signal("S1", 1, 5)
    room.settle()
    with_faults(room, cancel_refused=1.0)
    room.run(1)
    room.to_price(PRICE + 600)
    room.run(4)
    assert working(room, Leg.STOP) == [5]
    with_faults(room)
    room.run(4)
    assert working(room, Leg.STOP) == []


def test_a_position_whose_stop_is_refused_is_left_within_two_seconds() -> None:
    room = calm_room()
    with_faults(room, stop_refused=1.0)
    room.signal("S1", 1, 5)
    room.settle()
    room.run(3.0, pace_s=0.1)
    assert room.venue.truth.positions == {}
    left = next(one for one in room.fills() if one.leg is Leg.CLOSE)
    assert left.ts - room.fills()[0].ts <= 2 * SECOND
    assert room.notices()["unprotected"] == 1


def test_a_refused_move_keeps_the_old_stop() -> None:
    room = calm_room()
    room.signal("S1", 1, 5)
    room.settle()
    with_faults(room, amend_refused=1.0)
    room.take(("amend", ("S1", PRICE - 100)))
    room.run(10)
    stops = [one for one in room.venue.truth.orders.values() if one.request.leg is Leg.STOP]
    assert [(one.status, one.price_ticks) for one in stops] == [(OrderStatus.WORKING, PRICE - 300)]
    assert room.manager.book.exposures["S1"].held == 5
    assert room.notices()["stop_not_moved"] == 1


def test_a_lost_acknowledgement_is_asked_for_and_never_ordered_again() -> None:
    room = calm_room()
    with_faults(room, lost_answer=1.0, lost_message=1.0)
    room.signal("S1", 1, 5)
    room.settle()
    assert room.manager.book.own["S1-entry"].doubt
    with_faults(room)
    room.run(20)
    assert room.manager.book.exposures["S1"].held == 5
    assert [one.client_id for one in room.requests(Action.PLACE)].count("S1-entry") == 1
    room.at_rest()


def test_an_entry_that_never_arrived_is_given_up_after_the_time_in_which_it_could_still_appear() -> None:
    room = calm_room()
    with_faults(room, lost_request=1.0)
    room.signal("S1", 1, 5)
    room.settle()
    with_faults(room)
    room.run(55)
    assert refusals(room) == []
    room.run(30)
    assert refusals(room) == ["never_arrived"]
    assert room.outcomes()[0].result == "expired"
    assert room.venue.truth.orders == {}


def test_an_order_that_appears_late_is_not_doubled() -> None:
    """Taken by the venue, answered with a time-out, invisible for most of a minute."""
    room = calm_room()
    with_faults(room, lost_answer=1.0, lost_message=1.0, invisible=1.0, invisible_s=59.0)
    room.signal("S1", 1, 5)
    room.settle()
    with_faults(room)
    room.run(120)
    assert room.manager.book.exposures["S1"].held == 5
    room.at_rest()
    room.conserved()


def test_fills_are_booked_once_however_often_they_are_told() -> None:
    room = calm_room()
    with_faults(room, partial=1.0, doubled_message=1.0, late_message=0.5, late_s=5.0)
    room.signal("S1", -1, 9)
    room.run(40, tick=lambda: room.venue.tick("EUR/USD", room.price, room.now))
    room.kill()
    room.run(20)
    assert sum(one.steps for one in room.fills() if one.leg is Leg.ENTRY) == 9
    room.conserved()


def test_what_the_venue_counts_and_does_not_list_is_booked_at_its_mean_price() -> None:
    room = calm_room()
    with_faults(room, unlisted=1.0, lost_message=1.0, slippage_ticks=9)
    room.signal("S1", 1, 5)
    room.run(5)
    entry = next(one for one in room.fills() if one.leg is Leg.ENTRY)
    assert entry.price_ticks == room.venue.truth.executions[0].price_ticks
    assert room.notices()["fill_derived"] >= 1
    room.conserved()


def test_the_rest_of_an_entry_is_withdrawn_after_its_time() -> None:
    room = calm_room(entry_ttl=30 * SECOND)
    with_faults(room, partial=1.0)
    room.signal("S1", 1, 9)
    room.run(60)
    held = room.manager.book.exposures["S1"].held
    assert 0 < held < 9
    assert "S1-entry" not in room.manager.book.own
    room.at_rest()
    room.run(1)
    room.to_price(PRICE - 300)
    room.run(20, tick=lambda: room.venue.tick("EUR/USD", room.price, room.now))
    assert sum(one.lots for one in room.trades()) == pytest.approx(held / 100)
    assert len(room.outcomes()) == 1


@pytest.mark.req("G09")
def test_an_order_without_a_stop_never_leaves() -> None:
    room = calm_room()
    intent = OrderIntent("X-entry", "X", "EUR/USD", 1, 5, 0, 0, 0, room.now)
    room.manager.submit(intent)
    assert [one.code for one in room.manager.drain() if isinstance(one, Refusal)] == ["no_stop"]
    with pytest.raises(Misconfigured, match="at least one lot step"):
        room.manager.submit(msgspec.structs.replace(intent, steps=0))


def test_an_entry_waits_for_a_person_where_approval_is_required() -> None:
    room = calm_room(approval=True)
    room.signal("S1", 1, 5)
    room.run(60)
    assert room.requests(Action.PLACE) == []
    room.take(("event", Command("approve", "ann", room.now, "S1")))
    room.settle()
    assert room.manager.book.exposures["S1"].held == 5


def test_what_nobody_approves_expires() -> None:
    room = calm_room(approval=True, approval_ttl=5 * MINUTE)
    room.signal("S1", 1, 5)
    room.run(299)
    assert refusals(room) == []
    room.run(2)
    assert refusals(room) == ["not_approved"]
    room.signal("S2", 1, 5)
    room.take(("event", Command("reject", "ann", room.now, "S2")))
    assert refusals(room)[1:] == ["rejected_by_person"]
    assert room.requests(Action.PLACE) == []


def test_cancel_all_withdraws_entries_and_leaves_stops_where_they_are() -> None:
    room = calm_room()
    with_faults(room, partial=1.0)
    room.signal("S1", 1, 9)
    room.settle()
    held = room.manager.book.exposures["S1"].held
    room.take(("event", Command("cancel_all", "ann", room.now)))
    room.settle()
    room.run(5, tick=lambda: room.venue.tick("EUR/USD", room.price, room.now))
    assert (working(room, Leg.ENTRY), working(room, Leg.STOP)) == ([], [held])


def test_the_dead_man_switch_is_armed_only_while_an_entry_rests_and_nothing_is_held() -> None:
    """The venue's switch takes protective stops with it, so a position disarms it."""
    room = calm_room(dead_man=30 * SECOND)
    del room.venue.truth.prices["EUR/USD"]
    room.signal("S1", 1, 5)
    room.run(15)
    assert room.venue.dead_man_at > room.now
    room.to_price(PRICE)
    room.run(2)
    assert room.venue.dead_man_at == 0
    assert working(room, Leg.STOP) == [5]
    room.run(60)
    assert working(room, Leg.STOP) == [5]


def test_a_process_that_never_comes_back_leaves_no_entry_at_the_venue() -> None:
    """Armed, the venue itself cancels what rests."""
    room = calm_room(dead_man=30 * SECOND)
    del room.venue.truth.prices["EUR/USD"]
    room.signal("S1", 1, 5)
    room.run(5)
    room.venue.expire(room.now + 31 * SECOND)
    assert working(room, Leg.ENTRY) == []


def test_a_ban_is_silence_and_outlives_the_process() -> None:
    room = calm_room()
    with_faults(room, limited=1.0, limit_s=20.0, ban_s=20.0)
    room.signal("S1", 1, 5)
    room.settle()
    with_faults(room)
    room.kill()
    room.run(15)
    assert (room.venue.sins, room.venue.truth.orders) == ([], {})
    room.run(60)
    assert room.venue.sins == []
    assert room.manager.book.reconciled


def test_a_request_budget_holds_and_what_reduces_risk_goes_first() -> None:
    room = OrderRoom(1, CALM, OrderParams(), budget=1)
    asked: list[int] = []
    whole = room.venue.execute

    def counted(request: object, now: int) -> object:
        asked.append(now)
        return whole(request, now)  # type: ignore[arg-type]  # passed on as it came

    room.venue.execute = counted  # type: ignore[method-assign, assignment]  # the venue counts what reaches it
    room.settle()
    room.run(2)
    room.signal("S1", 1, 5)
    room.run(10, pace_s=0.1)
    assert all(later - earlier >= SECOND for earlier, later in pairwise(asked))
    room.at_rest()


@pytest.mark.req("X12")
def test_opposite_signals_net_to_one_side_where_the_account_nets() -> None:
    """Long 5, then short 8: the long is closed to its last order, then 3 are sold short."""
    room = calm_room()
    room.signal("L", 1, 5)
    room.run(2)
    room.signal("S", -1, 8)
    room.run(5)
    assert room.venue.truth.positions == {("EUR/USD", ""): -3}
    assert [one.signal_id for one in room.outcomes()] == ["L"]
    room.at_rest()


def test_a_smaller_opposite_signal_is_used_up_by_closing() -> None:
    room = calm_room()
    room.signal("L", 1, 5)
    room.run(2)
    room.signal("S", -1, 5)
    room.run(5)
    assert room.venue.truth.positions == {}
    assert refusals(room) == ["netted"]
    room.at_rest()


@pytest.mark.req("X12")
def test_opposite_signals_stand_side_by_side_where_the_account_hedges() -> None:
    room = calm_room(netting=False)
    room.signal("L", 1, 5)
    room.run(2)
    room.signal("S", -1, 8)
    room.run(5)
    assert room.venue.truth.positions == {("EUR/USD", "L"): 5, ("EUR/USD", "S"): -8}
    assert sorted(working(room, Leg.STOP)) == [5, 8]
    room.at_rest()


def test_a_second_signal_of_one_side_moves_the_bracket_of_the_first() -> None:
    room = calm_room()
    room.signal("A", 1, 5)
    room.run(2)
    room.to_price(PRICE + 50)
    room.signal("B", 1, 3)
    room.run(5)
    stops = [one for one in room.venue.truth.orders.values() if one.request.leg is Leg.STOP]
    assert [(one.left, one.price_ticks) for one in stops] == [(5, PRICE - 250), (3, PRICE - 250)]
    room.at_rest()


def test_every_change_of_an_order_is_a_row_for_people() -> None:
    room = calm_room()
    room.signal("S1", 1, 5)
    room.settle()
    rows = [one.state for one in room.outputs if isinstance(one, OrderUpdate) and one.leg is Leg.ENTRY]
    assert rows == ["waiting", "in_flight", "filled"]


def obeyed(room: OrderRoom, verb: str, name: str = "S1", later: int = 0) -> tuple[str, str]:
    """What the manager did and why not, about the entry of a signal."""
    room.take(("event", Command(verb, "ann", room.now + later, name)))
    return room.life.obeyed


def ends(room: OrderRoom) -> list[tuple[str, str]]:
    return [(one.how, one.actor) for one in room.outputs if isinstance(one, ApprovalEnded)]


def test_a_person_is_asked_once_for_each_entry_with_all_they_need_and_until_when() -> None:
    """Side, size, stop, target and the moment it expires: no longer than the signal itself is good for."""
    room = calm_room(approval=True, approval_ttl=5 * MINUTE)
    room.signal("S1", 1, 5, valid_until=room.now + MINUTE, zone=(PRICE - 5, PRICE + 5))
    (asked,) = [one for one in room.outputs if isinstance(one, ApprovalAsked)]
    assert (asked.client_id, asked.side, asked.steps, asked.stop_ticks) == ("S1-entry", 1, 5, PRICE - 300)
    assert asked.until == room.now + MINUTE
    room.run(61)
    assert refusals(room) == ["not_approved"]
    assert ends(room) == [("expired", "")]


def test_an_entry_is_let_go_once_and_every_other_answer_says_why_not() -> None:
    """Approved twice, after the end, never heard of: refused in words, and one order has left."""
    room = calm_room(approval=True)
    assert "no order of nope" in obeyed(room, "approve", "nope")[1]
    assert "no order of no name" in obeyed(room, "approve", "")[1]
    room.signal("S1", 1, 5)
    room.venue.mix = msgspec.structs.replace(CALM, lost_answer=1.0, lost_message=1.0)
    assert "is approved" in obeyed(room, "approve", "S1-entry")[0]
    assert "does not wait: it was sent already" in obeyed(room, "approve")[1]
    assert "does not wait" in obeyed(room, "reject")[1]
    room.venue.mix = CALM
    room.run(20)
    room.settle()
    assert [one.client_id for one in room.requests(Action.PLACE)].count("S1-entry") == 1
    assert ends(room) == [("approved", "ann")]


def test_an_answer_that_comes_too_late_says_that_it_expired_and_nothing_leaves() -> None:
    """The answer and the expiry race: the one in time wins, whichever the manager hears of first."""
    room = calm_room(approval=True, approval_ttl=MINUTE)
    room.signal("S1", 1, 5)
    assert "expired at" in obeyed(room, "approve", later=MINUTE + 1)[1]
    room.run(61)
    assert "nobody approved it in time" in obeyed(room, "approve")[1]
    room.signal("S2", 1, 5)
    assert "rejected" in obeyed(room, "reject", "S2")[0]
    assert "it was rejected" in obeyed(room, "approve", "S2")[1]
    room.signal("S3", 1, 5)
    room.take(("cancel", "S3-entry"))
    assert ends(room) == [("expired", ""), ("rejected", "ann"), ("withdrawn", "")]
    assert room.requests(Action.PLACE) == []


def test_an_entry_whose_price_has_left_its_zone_is_not_let_go_and_waits_on() -> None:
    """What was asked at one price is not sent at another; when the price is back, it may be."""
    room = calm_room(approval=True)
    room.signal("S1", 1, 5, zone=(PRICE - 5, PRICE + 5))
    room.manager.book.last_ticks["EUR/USD"] = PRICE + 6
    assert "left its entry zone" in obeyed(room, "approve")[1]
    room.manager.book.last_ticks["EUR/USD"] = PRICE + 5
    assert "is approved" in obeyed(room, "approve")[0]


def test_where_nobody_is_asked_an_approval_is_refused_and_changes_nothing() -> None:
    """A run that sends by itself has nothing to approve, and says so."""
    room = OrderRoom(1, CALM, OrderParams())
    room.signal("S1", 1, 5)
    assert "nobody is asked for it" in obeyed(room, "approve")[1]


def test_a_snapshot_keeps_who_waits_and_until_when() -> None:
    """A restart in the middle of waiting: the same deadline, the same zone, the same answer."""
    room = calm_room(approval=True, approval_ttl=MINUTE)
    room.signal("S1", 1, 5)
    before = room.manager.book.own["S1-entry"]
    room.manager.restore(room.manager.snapshot())
    assert room.manager.book.own["S1-entry"] == before
    room.run(61)
    assert refusals(room) == ["not_approved"]
