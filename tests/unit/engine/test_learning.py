"""Outcomes of signals, drift and selection inside the engine, on the planted SIMULATED market."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from msgspec.structs import replace

from tests import scene
from tradewind.adapters.market.simulated_provider import bars_of
from tradewind.app.wiring import engine_for, plan_for, sequencer_for
from tradewind.engine.drift_watch import Closed
from tradewind.engine.learning_plan import LearningParams
from tradewind.engine.outcomes import SignalBook
from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan
from tradewind.engine.snapshot import restore_engine, snapshot_engine
from tradewind.ensemble.selector import SelectorParams
from tradewind.model.bar import BarColumns
from tradewind.model.decision import NoDecision, NoTrade, Signal
from tradewind.model.drift import DriftAlarm, LearningCycle, MemberReplaced, Reference, SelectorChoice, Severity
from tradewind.model.event import BarClosed, Command, References
from tradewind.model.guard import Answered
from tradewind.model.notice import Notice
from tradewind.model.outcome import SignalOutcome, Trade
from tradewind.model.output import Output
from tradewind.model.timeframe import HOUR, Timeframe

SYMBOL = "BTC/USDT"
LEARNING = LearningParams(auto_action=True)


def plan(*, executes: bool = True, learning: LearningParams | None = LEARNING, reserve: int = 0) -> EnginePlan:
    made = plan_for(scene.settings(False), {SYMBOL: Timeframe.H1}, executes=executes, simulated=True, learning=learning)
    if not reserve:
        return made
    one = made.symbols[0]
    return replace(made, symbols=(replace(one, reserve=tuple(m.id for m in one.members[-reserve:])),))


@pytest.fixture(scope="module")
def columns() -> BarColumns:
    return scene.market(bars=3000)[0]


def drive(engine: Engine, columns: BarColumns, first: int = 0, last: int | None = None) -> list[Output]:
    """Outputs of bars ``first`` to ``last``."""
    outputs: list[Output] = []
    for bar in bars_of(columns, SYMBOL, Timeframe.H1)[first:last]:
        outputs += engine.process(BarClosed(bar))
    return outputs


def of(outputs: Sequence[Output], kind: type) -> list:
    return [one for one in outputs if isinstance(one, kind)]


def references(engine: Engine, rate: float = 0.95, until: int = 0) -> References:
    """Baselines nobody can live up to."""
    r = tuple(np.linspace(0.5, 1.5, 21).tolist())
    return References(
        0,
        tuple(
            Reference(one.member, one.symbol, 400, rate, rate - 0.02, 0.9, 0.6, 9.0, r, until)
            for one in engine.learning.subjects.values()
        ),
        "test",
    )


@pytest.mark.req("X18")
def test_every_signal_gets_an_outcome_from_prices_where_nothing_executes(columns):
    """Rule: as many outcomes as signals, less those still open, each once, by the bracket or expired."""
    engine = engine_for(plan(executes=False))
    outputs = drive(engine, columns)
    signals, outcomes = of(outputs, Signal), of(outputs, SignalOutcome)
    assert len(signals) > 30
    still = {one.signal.id for one in engine.learning.book.open(SYMBOL)}
    assert [one.id for one in signals if one.id not in still] == sorted(
        (one.signal_id for one in outcomes), key=[one.id for one in signals].index
    )
    assert {one.source for one in outcomes} == {"prices"}
    assert {one.result for one in outcomes} >= {"won", "lost"}
    for one in outcomes:
        assert (one.r > 0.0) == (one.result == "won")


@pytest.mark.req("H17", "X18")
def test_a_signal_that_was_executed_ends_as_its_trade_does(columns):
    """Rule: source trade, the R of the account, at the same time as the trade."""
    outputs = drive(engine_for(plan()), columns)
    trades = {one.signal_id: one for one in of(outputs, Trade)}
    outcomes = {one.signal_id: one for one in of(outputs, SignalOutcome) if one.source == "trade"}
    assert outcomes.keys() == trades.keys()
    for name, one in outcomes.items():
        assert one.ts == trades[name].ts_exit
        assert one.r == pytest.approx(trades[name].r)
        assert (one.result == "won") == trades[name].won


def test_prices_alone_end_a_signal_where_the_paper_broker_ends_it(columns):
    """Rule: without costs both meet the bracket at the same bar, by the same leg, at the same price."""
    made = plan(learning=None)
    free = replace(
        made.symbols[0].instrument.costs, spread_fraction=0.0, slippage_fraction=0.0, commission_fraction=0.0
    )
    instrument = replace(made.symbols[0].instrument, costs=free)
    engine = engine_for(replace(made, symbols=(replace(made.symbols[0], instrument=instrument),)))
    book = SignalBook({SYMBOL: instrument})
    traded, followed = {}, {}
    for bar in bars_of(columns._replace(spread=np.zeros(columns.open.shape)), SYMBOL, Timeframe.H1):
        outputs = engine.process(BarClosed(bar))
        followed |= {one.signal_id: one for one in book.on_bar(bar)}
        book.on_close(bar, engine.desks[SYMBOL].series)
        for one in of(outputs, Signal):
            book.add(one, "whoever led")
        traded |= {one.signal_id: one for one in of(outputs, Trade)}
    assert len(traded) > 20
    assert followed.keys() == traded.keys()
    for name, one in followed.items():
        trade = traded[name]
        assert (one.leg, one.ts_entry, one.ambiguous) == (trade.exit_leg, trade.ts_entry, trade.ambiguous)
        assert one.entry == pytest.approx(trade.entry, rel=1e-5)
        assert one.exit == pytest.approx(trade.exit, rel=1e-5)


def test_learning_that_only_watches_changes_no_decision(columns):
    """Rule: without baselines and without weights every decision is the same, byte for byte."""
    kinds = Signal | NoTrade | NoDecision

    def decisions(learning: LearningParams | None) -> list[Output]:
        made = replace(plan(learning=learning), config_hash="same")
        return [one for one in drive(engine_for(made), columns) if isinstance(one, kinds)]

    assert decisions(LEARNING) == decisions(None)


@pytest.mark.req("J15", "K09", "L07")
def test_a_day_has_twenty_four_learning_cycles(columns):
    """Rule: one at every hour, with the state of the market and a logged choice once a hundred bars are known."""
    engine = engine_for(plan())
    drive(engine, columns, 0, 200)
    outputs = drive(engine, columns, 200, 224)
    cycles, choices = of(outputs, LearningCycle), of(outputs, SelectorChoice)
    assert len(cycles) == len(choices) == 24
    assert [one.ts - cycles[0].ts for one in cycles] == [hour * HOUR for hour in range(24)]
    assert all(one.failed == 0 and one.checked == len(engine.learning.subjects) for one in cycles)
    assert all(one.state == cycle.states[SYMBOL] for one, cycle in zip(choices, cycles, strict=True))
    assert all(one.action in one.weights and not one.applied for one in choices)


@pytest.mark.req("HZ27", "K10")
def test_without_a_baseline_a_member_is_unknown_and_never_in_order(columns):
    """Rule: UNKNOWN, no alarm, nobody taken off, whatever happens."""
    engine = engine_for(plan())
    outputs = drive(engine, columns)
    assert not of(outputs, DriftAlarm)
    assert not of(outputs, MemberReplaced)
    assert {one.severity for one in engine.learning.checks(0)} == {Severity.UNKNOWN}


@pytest.mark.req("B12", "B13", "K06")
def test_a_critical_decline_takes_the_member_off_and_the_next_of_the_reserve_sits_down(columns):
    """Rule: alarm, then replacement by rank; the one is heard no more, the other is, and both are said."""
    engine = engine_for(plan(reserve=2))
    waiting = list(engine.learning.benched)
    assert waiting
    assert set(waiting) <= engine.quiet
    engine.process(references(engine))
    outputs = drive(engine, columns)
    replaced = of(outputs, MemberReplaced)
    assert replaced
    first = replaced[0]
    alarm = next(one for one in of(outputs, DriftAlarm) if one.check.member == first.member and one.confirmed)
    assert alarm.check.severity is Severity.CRITICAL
    assert alarm.confirmed
    assert alarm.check.action == "DISABLE IMMEDIATELY"
    seated = [f"{SYMBOL} {one.replacement}" for one in replaced if one.replacement]
    assert seated[0] == next(name for name in waiting if name not in {f"{SYMBOL} {one.member}" for one in replaced[:1]})
    assert f"{SYMBOL} {first.member}" in engine.quiet
    after = outputs[outputs.index(first) :]
    voters = {name for one in of(after, Signal) for name in one.consensus.voters}
    assert first.member not in voters


@pytest.mark.req("K10", "K07")
@pytest.mark.parametrize(("losses", "alarms"), [(29, 0), (30, 1)])
def test_thirty_losing_outcomes_are_an_alarm_within_one_cycle_and_twenty_nine_say_nothing(columns, losses, alarms):
    """Rule: whatever came in since the last hour is in the next check; below thirty the answer is insufficient."""
    engine = engine_for(plan())
    engine.process(references(engine, rate=0.58))
    drive(engine, columns, 0, 5)
    name = next(iter(engine.learning.subjects))
    ts = int(columns.ts_close[4])
    for number in range(losses):
        closed = Closed(ts - losses + number, -1.0)
        engine.learning.watches[name].predicted(
            closed, engine.learning.references[name], LEARNING.limits, LEARNING.lookback
        )
    outputs = drive(engine, columns, 5, 6)
    told = [one for one in of(outputs, DriftAlarm) if one.check.subject == name]
    assert len(told) == alarms
    assert all(one.check.severity is Severity.CRITICAL for one in told)
    (cycle,) = of(outputs, LearningCycle)
    (checked,) = [one for one in cycle.checks if one.subject == name]
    assert ("insufficient" in checked.note) is (losses < 30)


@pytest.mark.req("K06")
def test_with_auto_action_off_an_alarm_takes_nobody_off(columns):
    """Rule: people are told, and decide."""
    engine = engine_for(plan(learning=replace(LEARNING, auto_action=False)))
    engine.process(references(engine))
    outputs = drive(engine, columns)
    assert any(one.check.severity is Severity.CRITICAL for one in of(outputs, DriftAlarm))
    assert not of(outputs, MemberReplaced)


@pytest.mark.req("B12", "L06")
def test_a_person_who_switches_a_member_on_again_gives_it_a_new_start(columns):
    """Rule: what was held against it is forgotten, and it is heard."""
    engine = engine_for(plan())
    engine.process(references(engine))
    drive(engine, columns, 0, 2000)
    name = next(iter(engine.learning.off))
    engine.process(Command("enable", "ann", 1, name))
    assert name not in engine.quiet
    assert engine.learning.watches[name].seen == 0


@pytest.mark.req("K08")
def test_trades_before_the_end_of_the_baseline_are_not_held_against_it(columns):
    """Rule: a trade entered before ``until`` counts for nothing."""
    engine = engine_for(plan())
    engine.process(references(engine, until=int(columns.ts_close[-1]) + 1))
    assert not of(drive(engine, columns), DriftAlarm)


@pytest.mark.req("K09")
def test_a_check_that_fails_is_told_and_stops_no_other(columns):
    """Rule: one broken baseline, every other member checked, the cycle complete."""
    engine = engine_for(plan())
    made = references(engine)
    engine.process(made)
    broken = next(iter(engine.learning.subjects))
    drive(engine, columns, 0, 1500)
    engine.learning.off.clear()
    engine.learning.references[broken] = replace(engine.learning.references[broken], win_rate=0.0)
    outputs = drive(engine, columns, 1500, 1700)
    failed = [one for one in of(outputs, Notice) if one.code == "drift_check_failed"]
    assert failed
    assert {one.subject for one in failed} == {broken}
    assert all(one.failed <= 1 for one in of(outputs, LearningCycle))
    assert any(one.check.subject != broken for one in of(outputs, DriftAlarm))


@pytest.mark.req("L04")
def test_a_restart_from_a_snapshot_learns_on_bit_for_bit(columns):
    """Rule: same outputs, same table, same weights, whichever method and however it is weighed."""
    for method in ("fixed_share", "q_learning"):
        selector = SelectorParams(method=method, weighs=True, entries=50)
        made = plan(learning=replace(LEARNING, selector=selector), reserve=1)
        one = engine_for(made)
        one.process(references(one))
        drive(one, columns, 0, 1200)
        saved = snapshot_engine(one, sequencer_for(made))
        other = engine_for(made)
        restore_engine(other, sequencer_for(made), saved)
        assert other.quiet == one.quiet
        assert other.learning.memory.table.digest == one.learning.memory.table.digest
        assert drive(one, columns, 1200, 1800) == drive(other, columns, 1200, 1800)
        assert snapshot_engine(one, sequencer_for(made)) == snapshot_engine(other, sequencer_for(made))


@pytest.mark.req("L05", "HZ06")
def test_what_is_learnt_has_its_bound_over_months():
    """Rule: the state after 180 days is no larger than after 120, but for the outcomes still below their bound."""
    engine = engine_for(plan(executes=False))
    engine.process(references(engine, rate=0.3))
    bars = bars_of(scene.market(bars=4320)[0], SYMBOL, Timeframe.H1)
    sizes = []
    for number, bar in enumerate(bars, start=1):
        engine.process(BarClosed(bar))
        if number in (2880, 4320):
            outcomes = len(engine.learning.book.snapshot())
            sizes.append(len(engine.learning.snapshot()) - outcomes)
    assert sizes[1] < 1.15 * sizes[0]
    assert engine.learning.memory.entries <= 36 * len(engine.learning.subjects)


@pytest.mark.req("DIS22", "J16", "L06")
def test_a_report_overrides_the_outcome_once_and_moves_exactly_one_value(columns):
    """Rule: the outcome says what it overrides; the member's trades and one value of the table change, nothing else."""
    engine = engine_for(plan(executes=False))
    outputs = drive(engine, columns)
    won = next(one for one in of(outputs, SignalOutcome) if one.result == "won")
    name = f"{SYMBOL} {won.member}"
    before = {
        (state, action): entry.value
        for state, own in engine.learning.memory.table.states.items()
        for action, entry in own.items()
    }
    trades = list(engine.learning.watches[name].trades.recent)
    told = engine.process(Command("report", "ann", 9, f"{won.signal_id} loss 12.50", "7", "stopped out by hand"))
    (ended,) = of(told, SignalOutcome)
    assert (ended.source, ended.result, ended.overrides, ended.amount) == ("report", "lost", "won", "12.50")
    assert (ended.actor, ended.reason, ended.request) == ("ann", "stopped out by hand", "7")
    assert ended.r < 0.0
    after = {
        (state, action): entry.value
        for state, own in engine.learning.memory.table.states.items()
        for action, entry in own.items()
    }
    assert sum(after[key] != before.get(key) for key in after) == 1
    if any(one.name == won.signal_id for one in trades):
        assert engine.learning.watches[name].trades.recent != trades


@pytest.mark.req("DIS22")
@pytest.mark.parametrize(
    ("argument", "why"),
    [
        ("nobody profit 5", "no signal nobody"),
        ("ID profit", "ID profit|loss AMOUNT"),
        ("ID gain 5", "ID profit|loss AMOUNT"),
        ("ID profit -5", "number above 0"),
        ("ID profit nan", "number above 0"),
        ("ID loss 1e400", "number above 0"),
        ("ID loss five", "number above 0"),
        ("", "ID profit|loss AMOUNT"),
    ],
)
def test_a_report_that_cannot_be_taken_says_why_and_changes_nothing(columns, argument, why):
    """Rule: a clear word, no output."""
    engine = engine_for(plan(executes=False))
    outputs = drive(engine, columns, 0, 900)
    known = of(outputs, SignalOutcome)[0].signal_id
    order = Command("report", "ann", 9, argument.replace("ID", known))
    state = engine.learning.snapshot()
    assert engine.process(order) == []
    made = engine.learning.report(order)
    assert not made.outputs
    assert why in made.refused
    assert engine.learning.snapshot() == state


@pytest.mark.req("DIS22")
def test_a_second_report_is_refused_and_a_report_on_an_open_signal_ends_it(columns):
    """Rule: the first report stands; who reports on an open signal is believed and prices are followed no more."""
    engine = engine_for(plan(executes=False))
    for count in range(400, 3000):
        drive(engine, columns, count, count + 1) if count > 400 else drive(engine, columns, 0, 401)
        if engine.learning.book.open(SYMBOL):
            break
    name = engine.learning.book.open(SYMBOL)[0].signal.id
    (ended,) = of(engine.process(Command("report", "ann", 9, f"{name} PROFIT 3")), SignalOutcome)
    assert (ended.result, ended.overrides) == ("won", "")
    assert not any(one.signal.id == name for one in engine.learning.book.open(SYMBOL))
    again = engine.process(Command("report", "bob", 10, f"{name} loss 4", "8"))
    (answer,) = of(again, Answered)
    assert answer.result == "refused"
    assert "reported already: won 3 by ann" in answer.detail


@pytest.mark.req("L07")
def test_without_the_selector_nothing_is_chosen_kept_or_weighed(columns):
    """Rule: off is the pure ensemble."""
    engine = engine_for(plan(learning=replace(LEARNING, selector=None)))
    outputs = drive(engine, columns, 0, 600)
    assert not of(outputs, SelectorChoice)
    assert engine.learning.memory.entries == 0
    assert all(not one.states for one in of(outputs, LearningCycle))


def test_weights_multiply_votes_only_where_they_are_asked_to(columns):
    """Rule: the same votes, other weights; whoever earned nothing yet weighs as everybody."""
    weighing = replace(LEARNING, selector=SelectorParams(weighs=True))
    one, other = engine_for(plan(learning=weighing)), engine_for(plan())
    drive(one, columns, 0, 1500)
    drive(other, columns, 0, 1500)
    times = one.learning.memory.multipliers(SYMBOL)
    assert sum(times.values()) == pytest.approx(len(times))
    assert len({round(value, 6) for value in times.values()}) > 1
    assert other.learning.memory.multipliers(SYMBOL) == {}
