"""What seats ask for reaches a trainer, and what came of it the engine, the shelf and people."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from tradewind.app.learning.mode_text import changed_line, ended_lines, rules_line, started_line
from tradewind.app.learning.retraining import Retraining
from tradewind.engine.mode_plan import ModeSeat
from tradewind.engine.modes import Modes
from tradewind.errors import Unavailable
from tradewind.model.event import ModelServed, ModeRulesSet
from tradewind.model.mode import (
    ChallengerJudged,
    Mode,
    ModeChanged,
    ModeEvidence,
    ModelScore,
    ModeRules,
    RetrainAsked,
)
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.model.training import TrainingEnd

SYMBOL, H1, H4 = "BTC/USDT", Timeframe.H1, Timeframe.H4
GOOD = TrainingEnd("v2", None, 0.8345, 140, 0.03, True, (), 164.2)
ASKED = RetrainAsked(0, SYMBOL, H1, "drift", 0.8, 0.7)


class FakeTrainer:
    """Ends a training when told to, with what it was told."""

    def __init__(self, ends: Iterable[TrainingEnd] = ()) -> None:
        self.ends = list(ends)
        self.started: list[RetrainAsked] = []
        self.busy = False
        self.released = False

    def start(self, asked: RetrainAsked) -> None:
        assert not self.busy
        self.started.append(asked)
        self.busy, self.released = True, False

    def ended(self) -> TrainingEnd | None:
        if not self.released:
            return None
        self.busy = self.released = False
        return self.ends.pop(0)

    def wait(self) -> None:
        self.released = True

    def stop(self) -> None:
        self.busy = False


class FakeSeats:
    """Remembers what was done to seats; ``broken`` cannot do anything."""

    def __init__(self, broken: bool = False) -> None:
        self.done: list[tuple[object, ...]] = []
        self.broken = broken

    def challenge(self, symbol, timeframe, version, reason, now):
        if self.broken:
            raise Unavailable("the shelf is held by another process")
        self.done.append(("challenge", symbol, timeframe, version, reason, now))
        return "challenged"

    def settle(self, verdict, now):
        self.done.append((verdict.verdict, verdict.challenger.version, now))
        return "settled"


class Desk:
    """Modes of two seats, a trainer, seats and what people heard."""

    def __init__(self, *ends: TrainingEnd, waits: bool = False, broken: bool = False) -> None:
        self.modes = Modes([ModeSeat(SYMBOL, H1, "a", "b"), ModeSeat(SYMBOL, H4, "c", "d")])
        self.trainer, self.seats, self.said = FakeTrainer(ends), FakeSeats(broken), []
        self.retraining = Retraining(self.modes, self.trainer, self.seats, self.said.append, target=0.82, waits=waits)

    def asks(self, timeframe: Timeframe, ts: int) -> RetrainAsked:
        self.modes.watches[SYMBOL, timeframe].want("drift", 0.8, 0.7)
        return next(one for one in self.modes.after((), ts) if isinstance(one, RetrainAsked))


@pytest.mark.req("J11")
def test_one_training_runs_at_a_time_and_nobody_waits_for_it():
    """Rule: looking in returns at once; the second question is asked when the first is answered."""
    desk = Desk(GOOD, GOOD)
    first, second = desk.asks(H1, 1), desk.asks(H4, 2)
    assert desk.retraining.due(5) == []
    assert desk.retraining.due(6) == []
    assert desk.trainer.started == [first]
    desk.trainer.released = True
    (answer,) = desk.retraining.due(7)
    assert (answer.ts, answer.timeframe, answer.version, answer.confidence) == (7, H1, "v2", 0.8345)
    assert (answer.passed, answer.duration_s) == (True, 164.2)
    desk.modes.on_trained(answer)
    assert desk.retraining.due(8) == []
    assert desk.trainer.started == [first, second]


@pytest.mark.req("J09", "HZ22")
@pytest.mark.parametrize(
    ("end", "takes"),
    [
        (GOOD, True),
        (replace(GOOD, confidence=0.8199), False),
        (replace(GOOD, confidence=None), False),
        (replace(GOOD, passed=False, missed=("accuracy.low",)), False),
        (TrainingEnd(fault="it hung"), False),
    ],
)
def test_only_a_candidate_above_the_target_with_its_gate_met_takes_the_challengers_place(end, takes):
    """Rule: confidence is not enough, nor is the gate; whoever sits there stays, and nobody trades because of it."""
    desk = Desk(end, waits=True)
    desk.asks(H1, 1)
    (answer,) = desk.retraining.due(7)
    assert answer.passed is takes
    assert desk.seats.done == ([("challenge", SYMBOL, H1, "v2", "retrained (drift)", 7)] if takes else [])
    desk.modes.on_trained(answer)
    assert desk.modes.seats[SYMBOL, H1].stands is Mode.LEARNING
    assert any("stays" in line or "shadows" in line or "failed" in line for line in desk.said)


def test_a_candidate_waits_on_the_shelf_while_another_one_is_on_trial():
    """Rule: who trains more often than a trial takes would never end one; it is said, and the version is kept."""
    desk = Desk(GOOD, waits=True)
    desk.modes.on_served(ModelServed(1, SYMBOL, H1, "challenger", "v1", "aa"))
    desk.asks(H1, 1)
    (answer,) = desk.retraining.due(7)
    assert (answer.version, answer.passed) == ("v2", True)
    assert desk.seats.done == []
    assert desk.said[-1] == "[BTC/USDT 1h] v2 stays on the shelf: v1 is on trial"


@pytest.mark.req("J10")
def test_the_lines_of_a_training_are_these():
    """Rule: golden expressions; a person greps for them."""
    desk = Desk(GOOD, waits=True)
    desk.asks(H1, 1)
    desk.retraining.due(7)
    told = "\n".join(desk.said)
    for golden in (
        r"^\[BTC/USDT 1h\] Starting retraining \(reason: drift\)$",
        r"^\[BTC/USDT 1h\] Retraining successful! Confidence: 83\.45%, Duration: 164\.2s \(v2\)$",
        r"^\[BTC/USDT 1h\] Target confidence reached: 83\.45%$",
    ):
        assert re.search(golden, told, re.MULTILINE), golden
    seen = ModeEvidence(120, 0.8123)
    moved = ModeChanged(1, SYMBOL, H1, Mode.LEARNING, Mode.TRADING, "confidence", 0.8, seen)
    line = changed_line(moved)
    assert re.fullmatch(
        r"\[BTC/USDT 1h\] Transitioned to TRADING mode \(confidence: 81\.23%; 120 shadow events\)", line
    )
    failed = ended_lines(ASKED, TrainingEnd(fault="it hung", duration_s=3.0), 0.82, passed=False)
    assert failed == ["WARNING: [BTC/USDT 1h] Retraining failed after 3.0s: it hung"]
    also = started_line(replace(ASKED, also=("schedule",)))
    assert also.endswith("(reason: drift, also schedule)")


@pytest.mark.req("J21")
def test_a_change_of_thresholds_is_said_with_old_and_new_values():
    """Rule: the log line of a reload."""
    (changed,) = Modes([]).on_rules(ModeRulesSet(1, ModeRules(trading_threshold=0.82, hysteresis=0.07), "olga"))
    assert rules_line(changed) == (
        "Rules of modes and retraining changed (olga): trading_threshold 0.8 -> 0.82, hysteresis 0.05 -> 0.07"
    )


def test_a_seat_that_cannot_be_changed_stops_no_run():
    """Rule: the answer is journaled, the old model stays, and it is said."""
    desk = Desk(GOOD, waits=True, broken=True)
    desk.asks(H1, 1)
    assert len(desk.retraining.due(7)) == 1
    assert any(line.startswith("WARNING: the seat is as it was") for line in desk.said)


def test_a_question_that_an_earlier_life_asked_is_asked_again():
    """Rule: who asked stands in the engine's state, so nothing is lost with the process."""
    desk = Desk(GOOD, waits=True)
    asked = desk.asks(H1, 1)
    again = Retraining(desk.modes, FakeTrainer([GOOD]), desk.seats, desk.said.append, target=0.82, waits=True)
    (answer,) = again.due(9)
    assert (answer.timeframe, asked.timeframe) == (H1, H1)


@pytest.mark.req("J17")
@pytest.mark.parametrize("verdict", ["promote", "withdraw"])
def test_a_duel_that_is_over_is_carried_out_with_both_scores_told(verdict):
    """Rule: a better candidate takes the seat, a worse one goes; the line and the record show both scores."""
    desk = Desk()
    old = ModelScore("v1", 150, 0.51, 0.25, 120, 0.5, -0.01)
    new = ModelScore("v2", 150, 0.58, 0.24, 130, 0.57, 0.12)
    judged = ChallengerJudged(9, SYMBOL, H1, verdict, "better", old, new, 1, 150, 0.07, 25.0, 90.0, 0.1, False)
    desk.retraining.watch([judged], 10)
    assert desk.seats.done == [(verdict, "v2", 10)]
    assert "58.0% right, +0.120 R in 130 shadow trades" in desk.said[0]
    assert "51.0% right, -0.010 R in 120 shadow trades of v1 on 150 forecasts" in desk.said[0]


def test_the_cool_down_holds_after_a_failure_too():
    """Rule: what failed is asked again after two hours, not at once."""
    desk = Desk(TrainingEnd(fault="x"), GOOD, waits=True)
    desk.asks(H1, 1)
    (answer,) = desk.retraining.due(2)
    desk.modes.on_trained(answer)
    assert not [one for one in desk.modes.after((), HOUR) if isinstance(one, RetrainAsked)]
    assert [one for one in desk.modes.after((), 2 * HOUR + 1) if isinstance(one, RetrainAsked)]
