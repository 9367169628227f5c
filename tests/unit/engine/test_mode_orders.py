"""Trainings that a person orders: whose, when, and how they are taken back."""

from __future__ import annotations

import pytest

from tradewind.app.control.desk import taken_back
from tradewind.engine.mode_orders import obeyed
from tradewind.engine.mode_plan import ModeSeat
from tradewind.engine.modes import Modes
from tradewind.model.event import Command, ModelTrained, ModeRulesSet
from tradewind.model.mode import ModeRules, RetrainAsked
from tradewind.model.timeframe import HOUR, Timeframe

BTC, ETH, H1, H4 = "BTC/USDT", "ETH/USDT", Timeframe.H1, Timeframe.H4


def modes() -> Modes:
    return Modes([ModeSeat(BTC, H1, "a"), ModeSeat(BTC, H4, "b"), ModeSeat(ETH, H1, "c")])


def typed(verb: str, argument: str, ts: int = HOUR, reason: str = "") -> Command:
    return Command(verb, "olga", ts, argument, "7", reason)


def asked(given: Modes, ts: int) -> list[RetrainAsked]:
    return [one for one in given.after((), ts) if isinstance(one, RetrainAsked)]


@pytest.mark.req("J06")
@pytest.mark.parametrize(
    ("argument", "seats"),
    [(f"{BTC} 1h", [(BTC, H1)]), (BTC, [(BTC, H1), (BTC, H4)]), (f"{ETH} now", [(ETH, H1)])],
)
def test_an_order_is_for_one_seat_or_for_all_of_a_pair(argument, seats):
    """Rule: asked for with the very order, on record as manual with who and why."""
    given = modes()
    said = given.obey(typed("retrain", argument, reason="new venue"))
    assert said.detail == "; ".join(f"{symbol} {timeframe} is asked for" for symbol, timeframe in seats)
    found = asked(given, HOUR)
    assert [(one.symbol, one.timeframe) for one in found] == seats
    assert {(one.trigger, one.by) for one in found} == {("manual", "olga: new venue")}


def test_a_person_waits_for_the_cool_down_like_everybody_unless_told_otherwise():
    """Rule: two hours since the last question; `now` passes it over, and never the training that runs."""
    given = modes()
    given.watches[BTC, H1].want("drift", 0.8, 0.7)
    assert len(asked(given, HOUR)) == 1
    said = given.obey(typed("retrain", f"{BTC} 1h now", 2 * HOUR))
    assert "is being trained (drift); this one is asked for afterwards" in said.detail
    assert asked(given, 2 * HOUR) == []
    given.on_trained(ModelTrained(2 * HOUR, BTC, H1, "v2"))
    assert [one.trigger for one in asked(given, 2 * HOUR)] == ["manual"]
    given.on_trained(ModelTrained(2 * HOUR, BTC, H1, "v3"))
    assert "waits 1.5 h for the cool-down" in given.obey(typed("retrain", f"{BTC} 1h", 5 * HOUR // 2)).detail
    assert asked(given, 4 * HOUR - 1) == []
    assert [one.trigger for one in asked(given, 4 * HOUR)] == ["manual"]


def test_the_wish_of_a_person_is_named_before_what_else_is_due_and_is_not_repeated_when_it_failed():
    given = modes()
    given.watches[BTC, H1].want("drift", 0.8, 0.7)
    given.obey(typed("retrain", f"{BTC} 1h"))
    (one,) = asked(given, HOUR)
    assert (one.trigger, one.also) == ("manual", ("drift",))
    given.on_trained(ModelTrained(HOUR, BTC, H1, fault="no data"))
    assert asked(given, 9 * HOUR) == []


def test_what_has_not_begun_can_be_taken_back_and_what_has_begun_cannot():
    """Rule: no training follows; a second time, and when it runs, that is refused in words."""
    given = modes()
    given.watches[BTC, H1].asked = 0
    given.obey(typed("retrain", f"{BTC} 1h"))
    assert given.obey(typed("retrain_cancel", f"{BTC} 1h")).detail == "no training by hand of BTC/USDT 1h"
    assert asked(given, 9 * HOUR) == []
    assert given.obey(typed("retrain_cancel", BTC)).refused == "no training by hand waits there"
    given.obey(typed("retrain", f"{BTC} 4h"))
    asked(given, 9 * HOUR)
    assert "it has begun" in given.obey(typed("retrain_cancel", BTC)).refused


@pytest.mark.req("J20")
def test_where_nobody_sits_or_nothing_is_trained_the_order_is_refused():
    """Rule: the seats of the run are named; `enabled = false` means no training ever, by hand neither."""
    given = modes()
    for argument in ("EUR/USD", f"{BTC} 15m", f"{BTC} 7h", "", "now"):
        refused = given.obey(typed("retrain", argument)).refused
        assert "seats of this run: BTC/USDT 1h, BTC/USDT 4h, ETH/USDT 1h" in refused
    given.on_rules(ModeRulesSet(1, ModeRules(retrains=False), "file"))
    assert "continuous_learning.enabled" in given.obey(typed("retrain", BTC)).refused
    assert asked(given, 9 * HOUR) == []
    assert obeyed(typed("pause", ""), given.watches, given.places, given.rules) == ("", "")


def test_an_order_survives_the_snapshot_that_lies_between_it_and_its_training():
    given, again = modes(), modes()
    given.watches[BTC, H1].asked = HOUR
    given.obey(typed("retrain", f"{BTC} 1h", reason="x"))
    again.restore(given.snapshot())
    assert again.watches == given.watches
    (one,) = asked(again, 3 * HOUR)
    assert (one.trigger, one.by) == ("manual", "olga: x")


def test_a_training_taken_back_while_no_run_was_alive_never_begins():
    """Rule: both orders wait in the inbox; the run hears of both as settled, of others as they are."""
    orders = [typed("retrain", f"{BTC} 1h"), typed("retrain", ETH), typed("retrain_cancel", BTC)]
    first, other, cancel = taken_back(orders)
    assert (first.argument, other.argument, cancel.argument) == (f"{BTC} 1h withdrawn", ETH, f"{BTC} withdrawn")
    given = modes()
    for one in (first, cancel):
        assert given.obey(one).detail == "withdrawn before a run heard of it"
    assert asked(given, HOUR) == []
    late = [typed("retrain_cancel", BTC), typed("retrain", BTC)]
    assert taken_back(late) == late
