"""Probabilistic and deflated Sharpe ratio, lengths and hurdles against the published examples."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from tests.shared_data import shared
from tradewind.validation import sharpe_evidence as evidence
from tradewind.validation.moments import moments

FUND = (1.585 / math.sqrt(12), 24, -2.448, 10.164)
"""The hedge fund of the 2012 paper: monthly Sharpe ratio, months, skew, kurtosis."""
FUND_2025 = (0.036 / 0.079, 24, -2.448, 10.164)
"""The same fund from its rounded mean and deviation, as the 2025 paper's program has it."""


@pytest.fixture(scope="module")
def truth() -> dict:
    return json.loads(shared("ground_truth/overfit.json").read_text())


@pytest.fixture(scope="module")
def published(truth) -> dict:
    return {row["name"]: row["value"] for row in truth["published_checks"]}


def deflated(trials: float, skew: float = -3.0, kurtosis: float = 10.0) -> float | None:
    """The example of the 2014 paper: annual Sharpe ratio 2.5 over 1250 of 250 days a year, variance 1/2 a year."""
    return evidence.deflated_sharpe(
        2.5 / math.sqrt(250), 1250, skew, kurtosis, sharpe_variance=0.5 / 250, trials=trials
    )


def test_the_published_constants_hold_without_any_file():
    """SCIENCE 1.1, so that these are checked where the answers are absent."""
    assert evidence.probabilistic_sharpe(*FUND) == pytest.approx(0.91323430688486, abs=1e-12)
    assert deflated(100) == pytest.approx(0.90039683444939, abs=1e-9)
    assert deflated(46) == pytest.approx(0.9505, abs=1e-4)
    assert deflated(88, 0.0, 3.0) == pytest.approx(0.9505, abs=1e-4)
    assert evidence.minimum_backtest_years(1.0, 45) == pytest.approx(4.99809, abs=1e-5)
    for trials, value in ((10, 1.5746), (45, 2.2356), (100, 2.5306), (1000, 3.2551), (10_000, 3.8607)):
        assert evidence.expected_maximum(trials) == pytest.approx(value, abs=5e-5)


def test_probabilistic_sharpe_equals_the_papers(published):
    """The fund of the 2012 paper, with its shape and as if it were normal."""
    assert evidence.probabilistic_sharpe(*FUND) == pytest.approx(
        published["PSR(0), hedge fund monthly SR=1.585/sqrt(12), T=24, skew=-2.448, kurt=10.164"], abs=1e-12
    )
    assert evidence.probabilistic_sharpe(FUND[0], 24, 0.0, 3.0) == pytest.approx(
        published["PSR(0), same but normal"], abs=1e-12
    )


def test_the_convention_of_2025_has_its_own_name_and_its_own_value(published):
    """0.987 against 0.913 for one fund; benchmark 0.1 as well, and the error over n."""
    for benchmark, name in ((0.0, "SR0=0"), (0.1, "SR0=0.1")):
        assert evidence.probabilistic_sharpe_at_null(*FUND_2025, benchmark) == pytest.approx(
            published[f"PSR null-variance convention {name}"], abs=1e-12
        )
    over_n = evidence.sharpe_standard_error(*FUND_2025) * math.sqrt(23 / 24)
    assert over_n == pytest.approx(published["SE(SR) non-normal T=24 (1/T)"], abs=1e-12)


def test_deflated_sharpe_equals_the_paper(published):
    """100 trials, its hurdle, and the largest numbers of trials that still pass 0.95."""
    assert deflated(100) == pytest.approx(
        published["DSR, SR=2.5 annual, T=1250 daily(250/yr), skew=-3, kurt=10, N=100, V[SR] annual=1/2"], abs=1e-12
    )
    hurdle = evidence.deflated_benchmark(0.5 / 250, 100)
    assert hurdle == pytest.approx(published["SR0 (daily) in that example"], abs=1e-12)
    assert deflated(46) == pytest.approx(published["DSR with N=46 (largest N that still passes 0.95)"], abs=1e-12)
    assert deflated(88, 0.0, 3.0) == pytest.approx(published["DSR with N=88 and normal returns"], abs=1e-12)
    assert deflated(46) >= 0.95 > deflated(47)


def test_expected_maximum_and_lengths_equal_the_tables(truth, published):
    """E[max] to 100,000 trials, the minimum backtest, the luck hurdle, and the three track records."""
    for trials, value in truth["e_max_table"].items():
        assert evidence.expected_maximum(int(trials)) == pytest.approx(value, abs=1e-6)
    for trials, value in truth["min_btl_years_table_sr1"].items():
        assert evidence.minimum_backtest_years(1.0, int(trials)) == pytest.approx(value, abs=1e-3)
    for years, row in truth["fst_hurdle_annual_sharpe"].items():
        for trials, value in row.items():
            assert evidence.luck_hurdle(float(years.split("=")[1]), int(trials)) == pytest.approx(value, abs=1e-3)
    assert evidence.expected_maximum(100) == pytest.approx(published["E[max] N=100 standard normals"], abs=1e-12)
    for name, per_year, sharpe, benchmark, shape in (
        ("daily SR2 vs 1 normal 95%", 250, 2.0, 1.0, (0.0, 3.0)),
        ("weekly SR2 vs 1", 52, 2.0, 1.0, (0.0, 3.0)),
        ("monthly SR3 vs 2.5 skew -.72 kurt 5.78", 12, 3.0, 2.5, (-0.72, 5.78)),
    ):
        root = math.sqrt(per_year)
        length = evidence.minimum_track_record(sharpe / root, benchmark / root, *shape)
        assert length / per_year == pytest.approx(published[f"MinTRL years {name}"], abs=1e-9), name


@given(st.floats(0.01, 1.0), st.floats(-0.5, 0.5), st.floats(-3.0, 3.0), st.floats(0.0, 20.0), st.floats(0.55, 0.999))
def test_a_record_of_the_minimum_length_just_proves_it(sharpe, benchmark, skew, above, confidence):
    """PSR at n = MinTRL is the confidence, whatever the shape (kurtosis is at least 1 + skew^2)."""
    kurtosis = 1.0 + skew * skew + above
    length = evidence.minimum_track_record(sharpe, benchmark, skew, kurtosis, confidence)
    if length is None:
        assert sharpe <= benchmark
        return
    error = evidence.sharpe_standard_error(sharpe, 2, skew, kurtosis) / math.sqrt(max(length - 1.0, 1e-300))
    assert (sharpe - benchmark) / error == pytest.approx(float(ndtri(confidence)), rel=1e-6)


@given(st.floats(1.0, 1e9), st.floats(1.0, 1e9))
def test_more_trials_never_lower_the_hurdle(one, other):
    """E[max] grows with N and is never negative, fractional N included."""
    low, high = (evidence.expected_maximum(n) for n in sorted((one, other)))
    assert 0.0 <= low <= high + 1e-12
    assert evidence.expected_maximum(1.0) == 0.0


@given(
    st.floats(allow_nan=True), st.integers(-3, 10**7), st.floats(allow_nan=True), st.floats(allow_nan=True),
    st.floats(allow_nan=True), st.floats(allow_nan=True),
)  # fmt: skip
def test_any_numbers_give_a_probability_or_none(sharpe, n, skew, kurtosis, variance, trials):
    """Never infinity, never NaN, never an exception."""
    for value in (
        evidence.probabilistic_sharpe(sharpe, n, skew, kurtosis, variance),
        evidence.probabilistic_sharpe_at_null(sharpe, n, skew, kurtosis, variance),
        evidence.deflated_sharpe(sharpe, n, skew, kurtosis, sharpe_variance=variance, trials=trials),
    ):
        assert value is None or 0.0 <= value <= 1.0
    for value in (
        evidence.sharpe_standard_error(sharpe, n, skew, kurtosis),
        evidence.minimum_track_record(sharpe, variance, skew, kurtosis),
        evidence.minimum_backtest_years(sharpe, trials),
        evidence.luck_hurdle(sharpe, trials),
        evidence.expected_maximum(trials),
        evidence.deflated_benchmark(variance, trials),
    ):
        assert value is None or (math.isfinite(value) and value >= 0.0)


def test_what_cannot_be_measured_is_none():
    """One observation, equal returns, NaN, a Sharpe ratio at its benchmark, no trial."""
    assert evidence.probabilistic_sharpe(0.1, 1, 0.0, 3.0) is None
    assert moments(np.full(50, 0.01)) is None
    assert moments(np.array([0.1, np.nan, 0.2])) is None
    assert moments(np.array([0.1])) is None
    assert evidence.minimum_track_record(0.1, 0.1) is None
    assert evidence.minimum_backtest_years(0.0, 10) is None
    assert evidence.expected_maximum(0.5) is None
