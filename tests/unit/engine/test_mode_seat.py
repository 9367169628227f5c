"""The mode of one seat: hysteresis, evidence for a return, what is remembered of a model."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from scipy import stats

from tradewind.engine.mode_seat import BETS, ModelRecord, Outcome, Seat, ShadowEvent, stepped
from tradewind.model.mode import Mode, ModeRules
from tradewind.model.timeframe import HOUR

RULES = ModeRules()


def path(confidences: Iterable[float], rules: ModeRules = RULES) -> str:
    """T or L after each confidence, from LEARNING on."""
    mode, found = Mode.LEARNING, ""
    for confidence in confidences:
        mode = stepped(mode, confidence, rules)
        found += mode.value[0]
    return found


def fed(seat: Seat, results: Iterable[float], rules: ModeRules = RULES, ts: int = 0) -> list[tuple[Mode, str]]:
    """Where shadow events in R lead a seat, one an hour: every transition with its reason."""
    moves = []
    for number, r in enumerate(results, start=1):
        at = ts + number * HOUR
        seat.champion.take(ShadowEvent(at, r), rules.window)
        if seat.watch is not None:
            seat.watch.step(r)
        seat.look(rules)
        mode, reason = seat.due(rules)
        if mode is not seat.stands:
            seat.enter(mode, reason, at)
            moves.append((mode, reason))
    return moves


def results(seed: int, n: int, win: float) -> list[float]:
    """R of a symmetric bracket after costs of 0.05 R."""
    won = np.random.default_rng(seed).random(n) < win
    return np.where(won, 0.95, -1.05).tolist()


@pytest.mark.req("J01", "E04")
def test_a_scripted_path_of_confidence_gives_exactly_these_modes():
    """Rule: in from 0.80 on, out below 0.75, equality enters and stays."""
    given_path = (0.60, 0.79, 0.80, 0.79, 0.75, 0.7499, 0.76, 0.7999, 0.81, 0.10)
    assert path(given_path) == "LLTTTLLLTL"


@pytest.mark.req("J02")
def test_a_path_between_0_78_and_0_81_changes_nothing_after_the_entry():
    """Rule: the hysteresis of 0.05, and the tuned one of 0.07, hold the mode still."""
    swing = [0.78, 0.81] * 50
    assert path(swing) == "L" + "T" * 99
    tuned = replace(RULES, hysteresis=0.07)
    assert path([0.81, 0.74, 0.73, 0.7299], tuned) == "TTTL"


@given(st.lists(st.floats(0.0, 1.0), max_size=60), st.floats(0.0, 1.0), st.floats(0.0, 0.5))
def test_a_transition_only_ever_happens_at_its_own_threshold(confidences, threshold, hysteresis):
    """Rule: INV-18, whatever the path and the thresholds."""
    rules = ModeRules(trading_threshold=threshold, hysteresis=hysteresis)
    mode = Mode.LEARNING
    for confidence in confidences:
        after = stepped(mode, confidence, rules)
        if (mode, after) == (Mode.LEARNING, Mode.TRADING):
            assert confidence >= rules.trading_threshold
        if (mode, after) == (Mode.TRADING, Mode.LEARNING):
            assert confidence < rules.leave
        mode = after


def test_without_confidence_nobody_trades():
    """Rule: too few events are not enough."""
    assert stepped(Mode.LEARNING, None, RULES) is stepped(Mode.TRADING, None, RULES) is Mode.LEARNING


def test_the_statistic_is_students_probability_that_the_mean_is_above_zero():
    """Rule: T_(n-1)(mean / (sd / sqrt n)) over the newest events, null below 100; SciPy gives the answer."""
    seat, r = Seat(), results(3, 180, 0.6)
    for number, one in enumerate(r[:99]):
        seat.champion.take(ShadowEvent(number, one), RULES.window)
    assert seat.look(RULES).confidence is None
    for number, one in enumerate(r[99:]):
        seat.champion.take(ShadowEvent(number, one), RULES.window)
    seen = seat.look(RULES)
    assert seen.n == 180
    t = stats.ttest_1samp(r, 0.0).statistic
    assert seen.confidence == pytest.approx(stats.t.cdf(t, 179), abs=1e-9)
    assert (seen.mean_r, seen.win_rate) == (pytest.approx(np.mean(r)), pytest.approx(np.mean(np.array(r) > 0)))


def test_only_the_newest_events_of_the_window_count():
    """Rule: 250 by default."""
    record = ModelRecord()
    for number in range(400):
        record.take(ShadowEvent(number, float(number)), 250)
    assert [one.ts for one in record.events] == list(range(150, 400))
    assert record.seen == 400


def test_a_seat_that_fell_is_judged_by_what_comes_after_alone_and_asked_for_evidence():
    """Rule: no event before the fall counts, and the confidence alone brings nobody back."""
    seat = Seat()
    assert [mode for mode, _ in fed(seat, results(1, 200, 0.70))] == [Mode.TRADING]
    moves = fed(seat, results(2, 200, 0.30), ts=1000 * HOUR)
    assert [mode for mode, _ in moves] == [Mode.LEARNING]
    assert seat.fallen
    assert seat.needs(RULES) == 40.0
    assert len(seat.champion.events) < 200
    luck = [0.95] * 58 + [-1.05] * 42
    seat.champion.begin(0)
    assert fed(seat, luck) == []
    assert seat.seen.confidence > 0.80
    assert seat.seen.evidence < seat.seen.needs


def test_evidence_is_the_mean_of_fixed_bets():
    """Rule: E = mean_k prod (1 + l_k R), computed here by hand."""
    record = ModelRecord()
    for r in (0.95, -1.05, 0.95):
        record.take(ShadowEvent(0, r), 250)
    expected = np.mean([math.prod(1 + bet * r for r in (0.95, -1.05, 0.95)) for bet in BETS])
    assert record.evidence == pytest.approx(expected)


def test_without_an_edge_evidence_rarely_reaches_its_limit_however_often_it_is_looked_at():
    """Rule: at most 1 of 40 runs may reach 40 (Ville); 400 fair games of 500 events show at most twice that."""
    reached = 0
    for seed in range(400):
        record, best = ModelRecord(), 0.0
        for r in np.random.default_rng(seed).choice([-1.0, 1.0], 500).tolist():
            record.take(ShadowEvent(0, r), 10)
            best = max(best, record.evidence)
        reached += best >= 40.0
    assert reached <= 400 // 40 * 2


def test_a_new_edge_reaches_the_limit():
    """Rule: evidence is not a wall: 65% of a symmetric bracket, net of costs, is mostly back within 400 events."""
    back = 0
    for seed in range(40):
        record, best = ModelRecord(), 0.0
        for r in results(seed, 400, 0.65):
            record.take(ShadowEvent(0, r), 10)
            best = max(best, record.evidence)
        back += best >= 120.0
    assert back >= 34


def test_the_decline_of_a_trading_seat_is_seen_before_its_confidence_is_gone():
    """Rule: the detectors, held to what the seat showed when it began to trade, speak first in most runs."""
    reasons = []
    for seed in range(30):
        seat = Seat()
        fed(seat, results(seed, 250, 0.70))
        if seat.stands is Mode.TRADING:
            reasons += [reason for _, reason in fed(seat, results(1000 + seed, 300, 0.35), ts=1000 * HOUR)[:1]]
    assert len(reasons) >= 27
    assert reasons.count("drift") > 25


def test_a_promoted_challenger_brings_its_own_record():
    """Rule: what it showed in the shadow is what it is judged by; a stranger begins with nothing."""
    seat = Seat()
    seat.seat("one", 1)
    seat.challenge("two", 5)
    for number in range(120):
        seat.challenger.take(ShadowEvent(number, 0.5 if number % 2 else -0.1), RULES.window)
    seat.seat("two", 9)
    assert (seat.champion.version, len(seat.champion.events), seat.challenger) == ("two", 120, None)
    seat.seat("three", 10)
    assert (seat.champion.version, seat.champion.events) == ("three", [])


def test_a_challenger_that_shone_before_the_fall_brings_nothing_of_it():
    """Rule: what was learned of a market that is gone does not bring a seat back: record, evidence and duel restart."""
    seat = Seat(stands=Mode.TRADING)
    seat.challenge("two", 1)
    for number, r in enumerate(results(7, 200, 0.75)):
        seat.challenger.take(ShadowEvent(number, r), RULES.window)
        seat.pair.take(number, number, False, True)
    assert seat.challenger.evidence > 1000.0
    seat.enter(Mode.LEARNING, "drift", 500)
    assert (seat.challenger.events, seat.challenger.evidence, seat.pair.forward.n) == ([], 1.0, 0)
    seat.seat("two", 501)
    seat.look(RULES)
    assert seat.due(RULES)[0] is Mode.LEARNING


def test_every_further_model_since_a_fall_is_asked_for_more():
    """Rule: evidence * i (i + 1); the inverses add up to one in twenty."""
    seat = Seat(fallen=True, tries=1)
    asked = [seat.needs(RULES)]
    for name in ("a", "b", "c"):
        seat.seat(name, 1)
        asked.append(seat.needs(RULES))
    assert asked == [40.0, 120.0, 240.0, 400.0]
    assert sum(1 / (20.0 * i * (i + 1)) for i in range(1, 10_000)) < 1 / 20


@pytest.mark.req("K18")
def test_calibration_is_measured_on_forecasts_that_are_over():
    """Rule: the error of what was said against what came, and how likely such scores are if it were calibrated."""
    generator = np.random.default_rng(5)
    good, bad = ModelRecord(), ModelRecord()
    for ts in range(2000):
        p = float(generator.choice([0.3, 0.5, 0.7]))
        happened = bool(generator.random() < p)
        good.hear(Outcome(p, happened), ts, ts, 2000)
        bad.hear(Outcome(min(0.99, p + 0.11), happened), ts, ts, 2000)
    assert good.calibration(100)[0] < 0.05
    assert bad.calibration(100) == (pytest.approx(0.11, abs=0.03), pytest.approx(0.0, abs=1e-6))
    assert ModelRecord().calibration(100) is None
