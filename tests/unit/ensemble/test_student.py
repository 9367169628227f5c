"""Student's t against a statistics library."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betainc, stdtr

from tradewind.ensemble.student import incomplete_beta, student_cdf


@given(size=st.floats(1e-4, 60.0), side=st.sampled_from([-1.0, 1.0]), degrees=st.integers(1, 20_000))
def test_it_is_the_librarys_function(size: float, side: float, degrees: int) -> None:
    """Equal to 1e-11 over every size a member's record can have."""
    t = size * side
    assert student_cdf(t, degrees) == pytest.approx(float(stdtr(degrees, t)), abs=1e-11)


@given(a=st.floats(0.5, 500.0), b=st.floats(0.5, 500.0), x=st.floats(0.0, 1.0))
def test_the_incomplete_beta_is_the_librarys(a: float, b: float, x: float) -> None:
    """Equal to 1e-11, the ends included."""
    assert incomplete_beta(a, b, x) == pytest.approx(float(betainc(a, b, x)), abs=1e-11)


def test_close_to_zero_it_follows_the_density() -> None:
    """With one degree of freedom 1/2 + t / pi, where the library itself rounds to 1/2."""
    assert student_cdf(1e-9, 1) == pytest.approx(0.5 + 1e-9 / math.pi, abs=1e-16)


def test_published_quantiles() -> None:
    """Two-sided 5% points of the tables: 12.706 at 1, 2.228 at 10, 1.960 at infinity."""
    assert student_cdf(12.7062047, 1) == pytest.approx(0.975, abs=1e-9)
    assert student_cdf(2.2281388, 10) == pytest.approx(0.975, abs=1e-8)
    assert student_cdf(1.9599640, 10**9) == pytest.approx(0.975, abs=1e-6)


def test_unknown_stays_unknown() -> None:
    """NaN gives NaN."""
    assert math.isnan(student_cdf(math.nan, 5))
