"""Walk-forward windows: never a test before its training, anchored or rolling."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.errors import Misconfigured
from tradewind.model.report import Window
from tradewind.model.timeframe import DAY
from tradewind.validation.walk_forward import ForwardStep, walk_forward


def test_anchored_and_rolling_windows_worked_by_hand():
    """60 days, two segments ahead of three tests of 12 days."""
    span = Window(0, 60)
    assert walk_forward(span, folds=3, lead=2) == (
        ForwardStep(Window(0, 24), Window(24, 36)),
        ForwardStep(Window(0, 36), Window(36, 48)),
        ForwardStep(Window(0, 48), Window(48, 60)),
    )
    assert walk_forward(span, folds=3, lead=2, anchored=False, embargo=1) == (
        ForwardStep(Window(0, 23), Window(24, 36)),
        ForwardStep(Window(12, 35), Window(36, 48)),
        ForwardStep(Window(24, 47), Window(48, 60)),
    )


@given(
    st.integers(0, 2 * 10**18), st.integers(1, 4000), st.integers(1, 12), st.integers(1, 6), st.booleans(),
    st.integers(0, 30),
)  # fmt: skip
def test_training_ends_before_its_test_and_tests_cover_the_rest(start, days, folds, lead, anchored, embargo_days):
    """Over any span of real nanoseconds."""
    span = Window(start, start + days * DAY)
    steps = walk_forward(span, folds=folds, lead=lead, anchored=anchored, embargo=embargo_days * DAY)
    if steps is None:
        assert days * DAY // (lead + folds) <= embargo_days * DAY or days * DAY < lead + folds
        return
    assert len(steps) == folds
    assert steps[-1].test.end == span.end
    for step in steps:
        assert span.start <= step.train.start < step.train.end == step.test.start - embargo_days * DAY
        assert step.test.start < step.test.end
        assert (step.train.start == span.start) or not anchored
    for before, after in pairwise(steps):
        assert before.test.end == after.test.start
    lengths = [step.test.end - step.test.start for step in steps]
    assert max(lengths) - min(lengths) <= 1


def test_nothing_to_walk_over_is_none_and_wrong_numbers_are_refused():
    """An empty span, three nanoseconds in ten segments, an embargo that takes all the training."""
    assert walk_forward(Window(5, 5)) is None
    assert walk_forward(Window(9, 5)) is None
    assert walk_forward(Window(0, 3), folds=8, lead=2) is None
    assert walk_forward(Window(0, 60), folds=5, lead=1, embargo=10) is None
    for wrong in ({"folds": 0}, {"lead": 0}, {"embargo": -1}):
        with pytest.raises(Misconfigured, match="at least 1"):
            walk_forward(Window(0, 60), **wrong)
