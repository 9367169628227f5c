"""The picture of a signal: labels that can be read wherever the levels lie."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.session_script import bar_closed, signal
from tradewind.adapters.notify.chart import LABEL, apart, draw


@given(st.lists(st.integers(44, 510), min_size=3, max_size=3).map(lambda rows: sorted(rows, reverse=True)))
def test_the_labels_of_a_trade_never_cover_each_other(rows: list[int]) -> None:
    """Stop, entry and target may be as near as they like; each label stays near its line, in their order."""
    found = apart(rows)
    assert all(low - high >= LABEL for low, high in pairwise(found))
    assert all(abs(one - row) <= 2 * LABEL for one, row in zip(found, rows, strict=True))


def test_labels_with_room_stay_on_their_lines() -> None:
    """Nothing moves without a reason."""
    assert apart([500, 300, 100]) == [500, 300, 100]


def test_the_same_signal_has_the_same_picture_with_bars_and_without() -> None:
    """The same bytes again, and another picture where there are bars to show."""
    bars = [bar_closed(index).bar for index in range(20)]
    assert draw(bars, signal(3), 5) == draw(bars, signal(3), 5) != draw([], signal(3), 5)
    assert draw(bars, signal(3), 5).startswith(b"\x89PNG")
