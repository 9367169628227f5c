"""The bar and the one lower bar; health out of what is known and nothing else."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.fakes.judged import NOW, SYMBOL, drawn, passed, refused
from tradewind import strategies
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.app.settings.trading import StrategySettings
from tradewind.app.strategy_pool import best_of, member_in
from tradewind.errors import Misconfigured, Unavailable
from tradewind.features.rule import spec_hash
from tradewind.model.timeframe import DAY
from tradewind.validation.health import WEIGHTS, health_score
from tradewind.validation.significance import wilson

MEMBERS = drawn(12)
SETTINGS = StrategySettings()


@pytest.fixture
def book(tmp_path: Path):
    with StrategyBook.open(tmp_path / "t.db", NOW) as opened:
        opened.add(MEMBERS, NOW, symbol=SYMBOL, asset_class="fx")
        yield opened


def test_an_empty_pool_is_refused_with_what_to_run(book: StrategyBook) -> None:
    """B10, HZ03: candidates and refused ones are no pool; the message counts them and names the verb."""
    book.judge([refused(MEMBERS[0])], NOW)
    with pytest.raises(Unavailable, match=r"11 candidate, 1 rejected.*Next: tradewind research"):
        best_of(book, SETTINGS)


@pytest.mark.parametrize(
    ("confidence", "bar"), [(0.5, 0.5), (0.499, 0.4), (0.45, 0.4), (0.4, 0.4), (0.399, None), (None, None)]
)
def test_the_bar_is_lowered_once_and_said(book: StrategyBook, confidence: float | None, bar: float | None) -> None:
    """B10: 50, then 40 with a warning, then a refusal; at, just below and above each."""
    book.judge([passed(MEMBERS[0], confidence=confidence)], NOW)
    if bar is None:
        with pytest.raises(Unavailable, match="not lowered any further"):
            best_of(book, SETTINGS)
        return
    found = best_of(book, SETTINGS)
    assert (len(found.strategies), found.min_confidence) == (1, bar)
    assert [("lowered to 40%" in text, "which 1 reach" in text) for text in found.warnings] == [(True, True)] * (
        bar < SETTINGS.min_confidence
    )


def test_trades_are_a_bar_that_is_never_lowered(book: StrategyBook) -> None:
    """HZ26: one lucky trade is no strategy by default; the source preset's 1 lets it in, last."""
    book.judge([passed(MEMBERS[0], 1, 1), passed(MEMBERS[1], 29, 20)], NOW)
    with pytest.raises(Unavailable, match="with 30 trades"):
        best_of(book, SETTINGS)
    found = best_of(book, msgspec.structs.replace(SETTINGS, min_trades=1))
    assert [one.trades for one in found.strategies] == [29, 1]


def test_a_stored_strategy_becomes_the_member_that_was_judged(book: StrategyBook) -> None:
    for member, stored in zip(MEMBERS, book.select(), strict=True):
        made = member_in(stored, strategies.families())
        assert (made.id, spec_hash(made), made.rule) == (stored.id, spec_hash(member), member.rule)


def test_a_family_that_was_changed_is_not_what_was_judged(book: StrategyBook) -> None:
    stored = msgspec.structs.replace(book.select()[0], spec_hash="0" * 16)
    with pytest.raises(Misconfigured, match="is not what was judged"):
        member_in(stored, strategies.families())


def test_health_is_the_weighted_mean_of_its_components(book: StrategyBook) -> None:
    """B14: by hand, from 130 wins of 200 against a break-even of 45%."""
    book.judge([passed(MEMBERS[0], 50, 40, breakeven=0.60, retention=0.85, max_drawdown=0.10)], NOW)
    (stored,) = book.get_top_strategies()
    found = health_score(stored, NOW + 187 * DAY + DAY // 2, 0.25)  # evidence ended 197.5 days before
    margin = 100 * (wilson(40, 50)[0] - 0.60 + 0.10) / 0.20
    assert (found.evidence, found.recency) == (50.0, pytest.approx(50.0))
    assert (found.decay, found.drawdown_room) == (pytest.approx(50.0), pytest.approx(60.0))
    assert found.margin == pytest.approx(margin)
    assert found.score == pytest.approx(0.2 * 50 + 0.3 * margin + 0.2 * 50 + 0.15 * 60 + 0.15 * 50)
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)


def test_health_says_what_it_does_not_know(book: StrategyBook) -> None:
    """Unknown components are None and named; without evidence and margin there is no score."""
    book.judge([passed(MEMBERS[0], retention=None, until=None), passed(MEMBERS[1], breakeven=None)], NOW)
    one, two = (health_score(stored, NOW, 0.25) for stored in book.get_top_strategies())
    partly, none = (one, two) if one.margin is not None else (two, one)
    assert partly.missing == ("decay", "recency")
    assert (partly.decay, partly.recency) == (None, None)
    assert 0.0 <= partly.score <= 100.0
    assert (none.score, none.missing) == (None, ("margin",))
    candidate = health_score(book.select()[-1], NOW, 0.25)
    assert (candidate.score, len(candidate.missing)) == (None, 5)


@pytest.mark.parametrize(("wins", "drawdown", "age"), [(200, 0.0, 0), (0, 0.9, 4000)])
def test_health_stays_between_0_and_100(book: StrategyBook, wins: int, drawdown: float, age: int) -> None:
    book.judge([passed(MEMBERS[0], 200, wins, max_drawdown=drawdown, retention=5.0 if wins else 0.0)], NOW)
    (stored,) = book.get_top_strategies()
    found = health_score(stored, NOW + age * DAY, 0.25)
    assert found.score == pytest.approx(100.0 if wins else 20.0)  # 200 trades are full evidence either way
