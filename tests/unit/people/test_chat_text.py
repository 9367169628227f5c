"""Whatever is in a text, the Bot API takes it, and people read all of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tradewind.adapters.notify.stand_in.entities import plain_text, utf16_length
from tradewind.app.people.chat_text import clean, fitted, html_of, split

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
NASTY = st.sampled_from(
    ["<b>", "</b>", "<script>", "&lt;", "&", "a < b > c", "\U0001f600" * 40, "x" * 5000, "", "a: b"]
)
LINES = st.lists(st.one_of(TEXT.filter(lambda text: "\n" not in text), NASTY), max_size=30)


@given(LINES)
def test_no_text_breaks_the_marks_and_the_reader_sees_the_text_itself(lines: list[str]) -> None:
    """Every line comes out of the strict parser as it went in, apart from control characters."""
    assert plain_text(html_of(lines), "HTML") == "\n".join(map(clean, lines))


@given(LINES)
def test_pages_hold_everything_in_order_and_none_is_too_long(lines: list[str]) -> None:
    """4096 UTF-16 units a page; nothing is lost between them."""
    pages = list(split(lines))
    assert all(utf16_length("\n".join(page)) <= 4096 for page in pages)
    assert "".join(line for page in pages for line in page) == "".join(map(clean, lines))


@given(LINES, st.sampled_from([1024, 4096]))
def test_what_must_be_one_message_fits_into_it(lines: list[str], limit: int) -> None:
    """What is left out is marked as left out."""
    shown = fitted(lines, limit)
    assert utf16_length("\n".join(shown)) <= limit
    if shown != list(map(clean, lines)):
        assert shown[-1].endswith("...")
