"""The longest sealed window that any proof on some bars can have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.model.report import Window
from tradewind.model.timeframe import DAY
from tradewind.validation.windows import WindowRules, longest_sealed, windows_of

RULES = WindowRules()


@given(days=st.integers(1, 3_000), rate=st.floats(0.01, 20.0), seed=st.integers(0, 99), kept=st.integers(0, 30))
def test_no_family_has_a_sealed_window_that_begins_before_the_longest_one(
    days: int, rate: float, seed: int, kept: int
) -> None:
    """However often it trades, and whatever is left out at the end of the bars within what may be left out."""
    span = Window(0, days * DAY)
    exits = np.random.default_rng(seed).integers(0, days * DAY, max(int(days * rate), 1))
    longest = longest_sealed(span, RULES, 30 * DAY)
    if days - kept < 1:
        return
    windows = windows_of(Window(0, (days - kept) * DAY), exits, rules=RULES)
    if not windows.reason:
        assert longest is not None
        assert longest <= windows.sealed.start


@pytest.mark.parametrize(("days", "start"), [(367, None), (368, 184), (1_000, 500)])
def test_it_is_the_last_half_and_none_where_half_a_year_is_more_than_that(days: int, start: int | None) -> None:
    """184 days of 368 can be sealed; a day less holds no proof, and nothing is guarded."""
    assert longest_sealed(Window(0, days * DAY), RULES) == (None if start is None else start * DAY)


def test_a_month_that_may_be_left_out_makes_it_half_a_month_earlier() -> None:
    """1,000 days of which 30 may be missing: the last half of 970."""
    assert longest_sealed(Window(0, 1_000 * DAY), RULES, 30 * DAY) == 485 * DAY
