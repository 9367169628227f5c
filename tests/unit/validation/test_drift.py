"""Effect size, severities, other views and the cool-down, against the figures of the requirements."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.model.drift import Reference, Severity
from tradewind.model.timeframe import HOUR
from tradewind.validation.drift import (
    ACTIONS,
    DriftLimits,
    band_distance,
    distribution_drift,
    effect_of,
    effect_size,
    profit_factor_drift,
    recommend_action,
    severity_of,
    sharpe_drift,
)
from tradewind.validation.drift_cooldown import Cooldown

LIMITS = DriftLimits()


def reference_of(r: np.ndarray, **fields: object) -> Reference:
    """A reference that showed exactly ``r``."""
    wins, losses = r[r > 0.0], r[r < 0.0]
    rate = float((r > 0.0).mean())
    return Reference(
        "m",
        "EUR/USD",
        r.size,
        rate,
        rate - 0.03,
        float(r.mean()),
        float(r.std(ddof=1)),
        float(wins.sum() / -losses.sum()) if losses.size else None,
        tuple(np.quantile(r, np.linspace(0.0, 1.0, 21)).tolist()),
        **fields,
    )


@pytest.mark.req("K01", "DIS15", "DIS17")
def test_a_win_rate_that_fell_from_58_to_42_lost_27_6_percent_and_is_in_the_critical_band():
    """Rule: (58 - 42) / 58 = 27.6%."""
    found = effect_of(0.58, 42, 100, 1.2, LIMITS)
    assert found.degradation == pytest.approx(0.276, abs=5e-4)
    assert found.band is Severity.CRITICAL
    assert found.alert
    assert found.low < found.degradation < found.high


@pytest.mark.req("K01", "DIS15")
@pytest.mark.parametrize(("wins", "alert"), [(851, False), (850, True)])
def test_a_loss_of_14_9_percent_alerts_nobody_and_one_of_15_percent_does(wins, alert):
    """Rule: at least 15%, the bound included: 100% to 85.1% and to 85.0% of a thousand trades."""
    assert effect_of(1.0, wins, 1000, None, LIMITS).alert is alert


@pytest.mark.req("K05", "DIS17")
@pytest.mark.parametrize(
    ("degradation", "band"),
    [(0.0, "NONE"), (0.049, "NONE"), (0.05, "LOW"), (0.099, "LOW"), (0.10, "MEDIUM"), (0.149, "MEDIUM"),
     (0.15, "HIGH"), (0.249, "HIGH"), (0.25, "CRITICAL"), (1.0, "CRITICAL")],
)  # fmt: skip
def test_bands_of_the_effect_begin_at_5_10_15_and_25_percent(degradation, band):
    """Rule: the documented table, bounds included."""
    assert effect_of(1.0, round(1000 * (1 - degradation)), 1000, 2.0, LIMITS).band == band


@pytest.mark.req("DIS17")
def test_thirty_trades_that_lose_money_are_in_the_critical_band_whatever_the_win_rate():
    """Rule: profit factor below 1 with at least 30 trades."""
    assert effect_of(0.5, 15, 30, 0.99, LIMITS).band is Severity.CRITICAL
    assert effect_of(0.5, 15, 30, 1.0, LIMITS).band is Severity.NONE


@pytest.mark.req("K07")
def test_twenty_nine_trades_say_nothing():
    """Rule: NONE with the word insufficient."""
    found = effect_of(0.58, 0, 29, 0.0, LIMITS)
    assert (found.band, found.alert, found.degradation) == (Severity.NONE, False, None)
    assert "insufficient: 29 of 30 trades" in found.note


@pytest.mark.req("K05")
@pytest.mark.parametrize(
    ("level", "severity"),
    [(99.9, "NONE"), (100, "LOW"), (499.9, "LOW"), (500, "MEDIUM"), (1500, "HIGH"), (4999.9, "HIGH"),
     (5000, "CRITICAL"), (1e12, "CRITICAL")],
)  # fmt: skip
def test_severities_begin_at_levels_100_500_1500_and_5000(level, severity):
    """Rule: each level is the bound on its own false alarms."""
    assert severity_of(level) == severity


@pytest.mark.req("K06")
def test_every_severity_has_an_action_of_its_own():
    """Rule: six different ones, and the worst says what to do at once."""
    assert len({recommend_action(severity) for severity in Severity}) == len(ACTIONS) == 6
    assert recommend_action(Severity.CRITICAL) == "DISABLE IMMEDIATELY"


@pytest.mark.req("K02")
def test_a_profit_factor_that_fell_is_seen_where_the_win_rate_stayed():
    """Rule: wins of two thirds the size at the same win rate."""
    baseline = reference_of(np.where(np.arange(100) % 2 == 0, 1.5, -1.0))
    recent = np.where(np.arange(40) % 2 == 0, 1.0, -1.0).tolist()
    assert not effect_size(baseline, recent, LIMITS).alert
    found = profit_factor_drift(baseline, recent, LIMITS)
    assert found.drifted
    assert found.value == pytest.approx(1.0 / 3.0)
    assert profit_factor_drift(baseline, recent[:29], LIMITS).drifted is False


@pytest.mark.req("K03")
def test_a_sharpe_ratio_that_fell_is_seen_where_win_rate_and_profit_factor_stayed():
    """Rule: the same sums in fewer, larger results: the spread grew."""
    baseline = reference_of(np.where(np.arange(100) % 2 == 0, 1.5, -1.0))
    sizes = np.where(np.arange(40) % 4 < 2, 0.1, 1.9)
    recent = (np.where(np.arange(40) % 2 == 0, 1.5, -1.0) * sizes).tolist()
    assert not effect_size(baseline, recent, LIMITS).alert
    assert not profit_factor_drift(baseline, recent, LIMITS).drifted
    assert sharpe_drift(baseline, recent, LIMITS).drifted


@pytest.mark.req("K04")
@pytest.mark.parametrize("kind", ["bracket", "normal"])
def test_a_distribution_that_stayed_is_called_shifted_in_at_most_alpha_of_a_thousand_sources(kind):
    """Rule: ten looks at each of 1,000 sources, baselines of 150 trades measured anew for each; at most 5% ever."""
    generator = np.random.default_rng(41)

    def draw(n: int) -> np.ndarray:
        if kind == "normal":
            return generator.normal(0.1, 1.0, n)
        return np.where(generator.random(n) < 0.55, 1.0, -1.0) + generator.normal(0.0, 0.02, n)

    alarms = 0
    for _ in range(1_000):
        baseline = reference_of(draw(150))
        looks = (distribution_drift(baseline, draw(50).tolist(), look, LIMITS).drifted for look in range(1, 11))
        alarms += any(looks)
    assert alarms / 1_000 <= LIMITS.alpha


@pytest.mark.req("K04")
def test_a_distribution_that_shifted_is_detected():
    """Rule: results half an R lower on average are found within three windows in nine of ten sources."""
    generator = np.random.default_rng(42)
    found = 0
    for _ in range(100):
        baseline = reference_of(generator.normal(0.2, 1.0, 300))
        found += any(
            distribution_drift(baseline, generator.normal(-0.6, 1.0, 50).tolist(), look, LIMITS).drifted
            for look in (1, 2, 3)
        )
    assert found >= 90


def test_a_sample_never_lies_outside_the_band_of_its_own_quantiles():
    """Rule: whatever the ties, the distance of the baseline from itself is 0."""
    generator = np.random.default_rng(43)
    for n in (20, 37, 150, 1_000):
        for values in (generator.normal(size=n), np.round(generator.normal(size=n)), generator.integers(0, 2, n) * 1.0):
            assert band_distance(np.quantile(values, np.linspace(0, 1, 21)), values, n) == 0.0


@pytest.mark.req("K11")
def test_twenty_five_hours_of_drift_are_told_twice():
    """Rule: hourly checks, a cool-down of 24 hours."""
    gate = Cooldown(24 * HOUR)
    assert [hour for hour in range(26) if gate.due("EUR/USD a", Severity.HIGH, hour * HOUR)] == [0, 24]


@pytest.mark.req("K11")
def test_getting_worse_is_told_at_once_and_getting_better_is_not():
    """Rule: an escalation passes the cool-down, of each subject alone."""
    gate = Cooldown(24 * HOUR)
    assert gate.due("a", Severity.MEDIUM, 0)
    assert gate.due("b", Severity.MEDIUM, 0)
    assert gate.due("a", Severity.CRITICAL, HOUR)
    assert not gate.due("a", Severity.HIGH, 2 * HOUR)
    assert not gate.due("b", Severity.MEDIUM, 2 * HOUR)
    assert not gate.due("a", Severity.NONE, 3 * HOUR)
    assert not gate.due("a", Severity.CRITICAL, 4 * HOUR)
    assert gate.due("a", Severity.CRITICAL, 25 * HOUR)


def test_a_subject_in_order_for_a_whole_cooldown_is_forgotten():
    """Rule: the next decline, however mild, is news."""
    gate = Cooldown(24 * HOUR)
    assert gate.due("a", Severity.CRITICAL, 0)
    assert not gate.due("a", Severity.NONE, 25 * HOUR)
    assert gate.due("a", Severity.LOW, 26 * HOUR)
    gate.forget("a")
    assert gate.due("a", Severity.LOW, 27 * HOUR)
