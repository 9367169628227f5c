"""Tables are read on narrow screens too: no word is torn, no number loses a digit, nothing is swallowed."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tradewind.cli import tables
from tradewind.cli.contract import table

ROWS = [
    ("Donchian_Breakout_1h_v1", 1526, 0.599, "break-even 0.354, exact p 0.0000, level 0.05"),
    ("MACD_Momentum_1h_v2", 1_234_567, None, "[bold]not markup[/bold]"),
]
COLUMNS = ["strategy", "trades", "win rate", "note"]


def drawn(width: int, columns=COLUMNS, rows=ROWS, title: str = "SIMULATED  Gates") -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(table(title, columns, rows))
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_every_word_stands_whole_on_one_line_and_no_line_is_too_long(width):
    text = drawn(width)
    assert max(map(len, text.splitlines())) <= width
    for word in ("Donchian_Breakout_1h_v1", "1234567", "break-even", "0.599"):
        assert word in text, (word, text)
    assert "[bold]not" in text


def test_a_wide_screen_gets_a_frame_and_a_narrow_one_records():
    assert "┃ strategy" in drawn(140)
    assert "┃" not in drawn(80)
    records = drawn(40).splitlines()
    assert records[0].strip() == "SIMULATED  Gates"
    assert records[1].split() == ["strategy", "Donchian_Breakout_1h_v1"]


@pytest.mark.parametrize("width", [40, 80, 90])
def test_a_long_table_is_written_line_by_line_and_reads_like_a_short_one(width, monkeypatch):
    """The same lines, blanks at their ends aside, as Rich lays out without a frame; from 500 rows on."""
    rows = ROWS * 250
    long = drawn(width, rows=rows)
    assert drawn(width, rows=rows[:-1]).count("Donchian_Breakout_1h_v1") == 250
    monkeypatch.setattr(tables, "_MANY", 10**9)
    assert [line.rstrip() for line in long.splitlines()] == [
        line.rstrip() for line in drawn(width, rows=rows).splitlines()
    ]


def test_a_title_longer_than_its_table_is_not_torn_by_it():
    lines = drawn(100, ["a"], [("x",)], "Why there was no trade (every reason counts)").splitlines()
    assert lines[0].strip() == "Why there was no trade (every reason counts)"


@given(
    st.lists(
        st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=50), min_size=3, max_size=3)
    ),
    st.integers(20, 160),
)
def test_no_character_is_lost_at_any_width(rows, width):
    """Every visible character of every cell is printed, folded or not."""
    text = drawn(width, ["a", "b", "c"], rows, "")
    for letter in {letter for row in rows for cell in row for letter in cell}:
        assert text.count(letter) >= sum(cell.count(letter) for row in rows for cell in row)
