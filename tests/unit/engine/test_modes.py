"""TRADING and LEARNING inside the engine, on the planted SIMULATED market; a rule sits where a model would."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pytest
from msgspec.structs import replace

from tests import scene
from tradewind.adapters.market.simulated_provider import bars_of
from tradewind.adapters.store.codec import decode_event, decode_outputs, encode_event, encode_outputs
from tradewind.app.wiring import engine_for, plan_for, plan_hash, sequencer_for
from tradewind.engine.learning_plan import LearningParams
from tradewind.engine.mode_plan import ModeSeat
from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan
from tradewind.engine.snapshot import restore_engine, snapshot_engine
from tradewind.model.bar import Bar
from tradewind.model.decision import NoTrade, Signal
from tradewind.model.event import BarClosed, InputEvent, ModelServed, ModelTrained, ModeRulesSet
from tradewind.model.forecast import ForecastEnded
from tradewind.model.mode import Mode, ModeChanged, ModeRules, ModeRulesChanged, RetrainAsked
from tradewind.model.notice import Notice
from tradewind.model.order import OrderIntent
from tradewind.model.outcome import SignalOutcome, Trade
from tradewind.model.output import Output
from tradewind.model.timeframe import HOUR, Timeframe

SYMBOL, H1 = "BTC/USDT", Timeframe.H1
KEY = (SYMBOL, H1)
FAMILY = "ROC_Momentum"
QUICK = ModeRules(min_events=20, window=60, trading_threshold=0.60, hysteresis=0.05, evidence=1.0, schedule=0)


@cache
def plan(*, modes: bool = True) -> EnginePlan:
    """One member on 1h, alone, which sits on the seat."""
    made = plan_for(scene.settings(False), {SYMBOL: H1}, executes=True, simulated=True, learning=LearningParams())
    one = made.symbols[0]
    member = next(member for member in one.members if member.family == FAMILY)
    seats = (ModeSeat(SYMBOL, H1, member.id),) if modes else ()
    alone = replace(one, members=(member,), filters=())
    ensemble = replace(made.ensemble, quorum=1, min_confidence=0.0, min_record=20)
    return replace(made, symbols=(alone,), modes=seats, ensemble=ensemble, config_hash="same")


@cache
def bars() -> tuple[Bar, ...]:
    return tuple(bars_of(scene.market(bars=6000)[0], SYMBOL, H1))


def events(rules: ModeRules = QUICK, count: int = 6000) -> list[InputEvent]:
    return [ModeRulesSet(0, rules, "test"), *(BarClosed(bar) for bar in bars()[:count])]


def fed(engine: Engine, given: Sequence[InputEvent]) -> list[list[Output]]:
    return [engine.process(event) for event in given]


def of(outputs: Sequence[Sequence[Output]], kind: type) -> list:
    return [one for made in outputs for one in made if isinstance(one, kind)]


@cache
def driven() -> tuple[Engine, list[list[Output]]]:
    engine = engine_for(plan())
    return engine, fed(engine, events())


@pytest.mark.req("J03")
def test_nothing_but_the_shadow_moves_while_a_seat_is_learning():
    """Rule: no signal and no order in LEARNING; each vote there is a no-trade that says so; trading follows TRADING."""
    _, outputs = driven()
    trading, spoken, silent = False, 0, 0
    for made in outputs:
        for one in made:
            if isinstance(one, ModeChanged):
                trading = one.after is Mode.TRADING
            elif isinstance(one, Signal | OrderIntent):
                assert trading
                spoken += 1
            elif isinstance(one, NoTrade) and one.reasons[0].code == "learning":
                assert not trading
                assert one.reasons[0].limit
                silent += 1
    assert spoken > 20
    assert silent > 20


def test_every_transition_carries_the_evidence_that_moved_it():
    """Rule: INV-18: in at the threshold with enough events, out below it less the hysteresis, or by drift."""
    changes = of(driven()[1], ModeChanged)
    assert len(changes) >= 2
    for one in changes:
        assert one.seen.n >= (QUICK.min_events if one.reason == "confidence" else 0)
        if one.after is Mode.TRADING:
            assert one.seen.confidence >= one.limit == QUICK.trading_threshold
        elif one.reason == "confidence":
            assert one.seen.confidence < one.limit
        else:
            assert (one.reason, one.seen.drift_score >= one.limit) == ("drift", True)
    assert [one.after for one in changes] == [Mode.TRADING, Mode.LEARNING] * (len(changes) // 2) + [Mode.TRADING] * (
        len(changes) % 2
    )


@pytest.mark.req("J13")
def test_modes_survive_a_snapshot_at_any_bar_and_the_journal_alone():
    """Rule: the same outputs, byte for byte, and the same time in the mode."""
    whole, outputs = driven()
    for cut in (700, 2500, 4100):
        engine = engine_for(plan())
        fed(engine, events()[:cut])
        state = snapshot_engine(engine, sequencer_for(plan()))
        again = engine_for(plan())
        restore_engine(again, sequencer_for(plan()), state)
        assert again.modes.seats == engine.modes.seats
        rest = fed(again, events()[cut:])
        assert [encode_outputs(one) for one in rest] == [encode_outputs(one) for one in outputs[cut:]]
        assert again.modes.seats == whole.modes.seats


def test_events_and_outputs_of_modes_read_back_as_they_were_written():
    """Rule: what is journaled is what is replayed."""
    given_events = [
        ModeRulesSet(5, QUICK, "file"),
        ModelTrained(6, SYMBOL, H1, "v1", None, 0.83, 0.02, True, 164.2),
        ModelTrained(6, SYMBOL, H1, None, "it hung"),
        ModelServed(7, SYMBOL, H1, "champion", "v1", "aa"),
    ]
    assert [decode_event(encode_event(one)) for one in given_events] == given_events
    for made in driven()[1]:
        assert decode_outputs(encode_outputs(made)) == made


def test_without_a_seat_nothing_changes_and_nothing_is_said():
    """Rule: an engine without modes gives the bytes it gave before there were any."""
    engine = engine_for(plan(modes=False))
    outputs = fed(engine, events(count=2000))
    assert engine.modes is None
    assert not of(outputs, ModeChanged | RetrainAsked | ModeRulesChanged)
    assert plan_hash(plan(modes=False)) != plan_hash(plan())
    assert b"modes" not in repr(plan(modes=False)).encode() or plan(modes=False).modes == ()


@pytest.mark.req("J04", "J06")
def test_a_losing_trade_asks_for_a_model_with_the_event_that_ended_it():
    """Rule: trigger loss_immediate, at once, and then not within the cool-down."""
    rules = replace(QUICK, new_labels=0, drift_score=1.0)
    engine = engine_for(plan())
    asked, losses = [], []
    for event in events(rules):
        made = engine.process(event)
        lost = [one for one in made if isinstance(one, SignalOutcome) and one.r is not None and one.r < 0.0]
        found = [one for one in made if isinstance(one, RetrainAsked)]
        losses += lost
        asked += found
        for one in found:
            assert one.trigger != "loss_immediate" or lost or one.ts - asked[-2].ts >= rules.cooldown
            engine.process(ModelTrained(one.ts, SYMBOL, H1, None, "no trainer"))
    assert len(losses) > 5
    assert {one.trigger for one in asked} == {"loss_immediate"}
    assert asked[0].ts == losses[0].ts
    assert len(asked) <= len(losses)


@pytest.mark.req("J20")
def test_switched_off_there_are_signals_and_no_trainings():
    """Rule: continuous_learning.enabled = false: no retraining ever, signals go on."""
    engine = engine_for(plan())
    outputs = fed(engine, events(replace(QUICK, retrains=False)))
    assert not of(outputs, RetrainAsked)
    assert len(of(outputs, Signal)) > 20


@pytest.mark.req("J21")
def test_other_thresholds_come_as_an_event_with_old_and_new_values():
    """Rule: 0.80 to 0.82 and 0.05 to 0.07, journaled; the same ones again say nothing; nothing else changes them."""
    engine = engine_for(plan())
    tuned = ModeRules(trading_threshold=0.82, hysteresis=0.07)
    (changed,) = engine.process(ModeRulesSet(9, tuned, "tradewind.toml"))
    assert (changed.old, changed.new) == (
        {"trading_threshold": 0.80, "hysteresis": 0.05},
        {"trading_threshold": 0.82, "hysteresis": 0.07},
    )
    assert changed.source == "tradewind.toml"
    assert engine.process(ModeRulesSet(10, tuned, "tradewind.toml")) == []
    fed(engine, events()[1:800])
    assert engine.modes.rules == tuned


@pytest.mark.req("J05")
def test_a_decline_asks_for_a_model_with_the_reason_drift_and_stops_the_seat():
    """Rule: the drift score above its threshold; the same close already says LEARNING."""
    engine = engine_for(plan())
    rules = replace(QUICK, drift_score=0.2, on_loss=False, new_labels=0)
    outputs = fed(engine, events(rules))
    drifts = [one for one in of(outputs, ModeChanged) if one.reason == "drift"]
    asked = [one for one in of(outputs, RetrainAsked) if one.trigger == "drift"]
    assert drifts
    assert asked[0].ts == drifts[0].ts
    assert asked[0].value >= asked[0].limit == 0.2


@pytest.mark.req("I15", "K18")
@pytest.mark.parametrize(
    ("off", "asks", "warns"), [(0.0, False, False), (0.06, False, True), (0.09, False, True), (0.11, True, True)]
)
def test_a_calibration_error_warns_above_five_and_asks_for_training_above_ten_per_cent(off, asks, warns):
    """Rule: held against forecasts that are over; an error that luck explains does neither."""
    engine = engine_for(plan())
    rules = replace(QUICK, on_loss=False, new_labels=0, drift_score=1.0, window=1000)
    engine.process(ModeRulesSet(0, rules, "test"))
    engine.process(BarClosed(bars()[0]))
    since = bars()[0].ts_close
    outputs: list[list[Output]] = []
    ends = [
        ForecastEnded(
            since + n, SYMBOL, H1, "champion", "", since + n, 0.4 + off, 1, True, 1 if n % 5 < 2 else -1, False
        )
        for n in range(1000)
    ]
    engine.modes.after(ends, since)
    outputs += fed(engine, [BarClosed(bar) for bar in bars()[1:4]])
    assert bool([one for one in of(outputs, RetrainAsked) if one.trigger == "calibration"]) is asks
    assert bool([one for one in of(outputs, Notice) if one.code == "calibration_warning"]) is warns


@pytest.mark.req("J07")
def test_twenty_five_trainings_in_six_hours_are_told_as_too_many():
    """Rule: one notice with the count and the limit; 24 are none."""
    found = {}
    for count in (24, 25):
        engine = engine_for(plan())
        engine.process(ModeRulesSet(0, replace(QUICK, cooldown=0), "test"))
        outputs: list[list[Output]] = []
        for number in range(count):
            ts = (1 + number) * (6 * HOUR // 26)
            engine.modes.watches[KEY].want("loss_immediate", -1.0, 0.0)
            outputs.append(engine.modes.after((), ts))
            engine.process(ModelTrained(ts, SYMBOL, H1, "v", None))
        found[count] = [one for one in of(outputs, Notice) if one.code == "excess_retraining"]
    assert found[24] == []
    (told,) = found[25]
    assert (told.value, told.limit) == (25.0, 25.0)


@pytest.mark.req("J08")
def test_a_day_in_learning_is_told_with_advice():
    """Rule: after 24 hours, and again after a week, with what is missing."""
    engine = engine_for(plan())
    outputs = fed(engine, events(ModeRules(), 300))
    told = [one for one in of(outputs, Notice) if one.code == "stuck_in_learning"]
    assert [one.value for one in told] == [24.0, 24.0 + 168.0]
    assert told[0].subject == "BTC/USDT 1h"
    assert "no model sits there" in told[0].detail or "shadow events" in told[0].detail


@pytest.mark.req("J12")
def test_more_than_two_transitions_in_an_hour_are_told():
    """Rule: the third within an hour; a healthy seat has less than one."""
    engine = engine_for(plan())
    fed(engine, events(QUICK, 30))
    seat, place = engine.modes.seats[KEY], engine.modes.places[KEY]
    told = []
    for minute in range(4):
        ts = bars()[30].ts_close + minute * HOUR // 60
        seat.enter(Mode.TRADING if seat.stands is Mode.LEARNING else Mode.LEARNING, "confidence", ts)
        told += engine.modes.alarms.changed(place, seat, QUICK, ts)
    assert [(one.code, one.value, one.limit) for one in told] == [("modes_oscillate", 3.0, 2.0)]


def test_what_a_run_warmed_up_with_moves_no_mode():
    """Rule: history may be what a model was trained on."""
    engine = engine_for(plan())
    engine.process(ModeRulesSet(0, QUICK, "test"))
    outputs = fed(engine, [BarClosed(bar, "history") for bar in bars()[:3000]])
    assert not of(outputs, ModeChanged)
    assert engine.modes.seats[KEY].champion.seen == 0


def test_trades_go_on_by_their_own_bracket_when_their_seat_falls():
    """Rule: LEARNING sends nothing new; what is open is left by its stop, target or time."""
    _, outputs = driven()
    closed = {one.signal_id for one in of(outputs, Trade)}
    ordered = {one.signal_id for one in of(outputs, OrderIntent)}
    assert closed <= ordered
    assert len(ordered - closed) <= 1
