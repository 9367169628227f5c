"""The time range of --timerange."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.cli.options import TimeRange, split_symbols
from tradewind.errors import Misconfigured
from tradewind.model.timeframe import SECOND

JANUARY, JUNE = 1704067200 * SECOND, 1717200000 * SECOND  # 2024-01-01 and 2024-06-01, 00:00 UTC


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20240101-20240601", (JANUARY, JUNE)),
        ("20240101-", (JANUARY, None)),
        ("-20240601", (None, JUNE)),
        ("1704067200-1717200000", (JANUARY, JUNE)),
        ("1704067200000-", (JANUARY, None)),
        ("2024-01-01..2024-06-01T00:00+00:00", (JANUARY, JUNE)),
        ("2024-01-01T02:00+02:00..", (JANUARY, None)),
    ],
)
def test_every_documented_form_is_read(text, expected):
    assert tuple(TimeRange.parse(text)) == expected


@pytest.mark.parametrize(
    "text", ["", "-", "..", "yesterday", "20240601-20240101", "20240101-20240101", "2024x-", "20241301-"]
)
def test_a_range_that_cannot_be_used_says_why_and_what_is_allowed(text):
    with pytest.raises(Misconfigured, match="20240101-20240601"):
        TimeRange.parse(text)


@given(st.text(max_size=40))
def test_any_text_is_a_range_or_a_misconfiguration(text):
    try:
        found = TimeRange.parse(text)
    except Misconfigured:
        return
    assert found.start is not None or found.end is not None


def test_symbols_come_repeated_or_separated_by_commas():
    assert split_symbols(["EUR/USD, GBP/USD", "EUR/USD"]) == ("EUR/USD", "GBP/USD")
    assert split_symbols(None) == ()
