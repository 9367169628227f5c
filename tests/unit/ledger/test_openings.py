"""How an opening of sealed windows is called for people."""

from __future__ import annotations

import pytest

from tradewind.model.trial import opening_words


@pytest.mark.parametrize(
    ("opening", "said"),
    [
        ("validate 1ca6f0d2 1795266984471814670", "validate 1ca6f0d2 (2026-11-21 13:16:24 UTC)"),
        ("research 7af95d", "research 7af95d"),
        ("backtest 0123456789abcdef", "backtest 0123456789abcdef"),
        ("validate 12345", "validate 12345"),
        ("1795266984471814670", "1795266984471814670"),
    ],
)
def test_nobody_reads_nanoseconds(opening: str, said: str) -> None:
    """The nanosecond that tells two openings apart is shown as a time; everything else stays as it is."""
    assert opening_words(opening) == said
