"""The same bars and the same idea are known again under other names, and different ones are not taken for them."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind import strategies
from tradewind.features.indicator import Indicator
from tradewind.features.rule import Condition, Exits, Rule, member_of, rising_edge
from tradewind.features.rule_series import close, donchian, ema, highest, lowest, rsi, value
from tradewind.features.rule_shape import shape_of
from tradewind.model.timeframe import DAY, HOUR, Timeframe
from tradewind.validation.kinship import (
    ALIKE,
    SAMPLE,
    bar_marks,
    common_entries,
    compared,
    entry_marks,
    same_moves,
    week_moves,
)

START = 1_577_836_800_000_000_000  # 2020-01-01
HOURS = START + HOUR * np.arange(24 * 366, dtype=np.int64)
END = int(HOURS[-1]) + HOUR


def walk(n: int, seed: int = 1) -> np.ndarray:
    return 100.0 + np.cumsum(np.random.default_rng(seed).normal(size=n))


def rule(long: Condition) -> Rule:
    return Rule(long=long, short=close() < donchian(20, "lower").lag(), exits=Exits())


BREAKOUT = close() > donchian(20, "upper").lag()


@pytest.mark.parametrize(
    "long",
    [
        close() > donchian(55, "upper").lag(),
        close() >= donchian(20, "upper") * 1.0001,
        donchian(20, "upper").lag() < close(),
        rising_edge(close() > donchian(20, "upper")),
        ~(close() <= donchian(20, "upper").lag()),
        (close() - donchian(20, "upper").lag()) > 0.0,
    ],
)
def test_numbers_lags_directions_and_arithmetic_are_no_other_rule(long: Condition) -> None:
    assert shape_of(rule(long)) == shape_of(rule(BREAKOUT)) == ("close, donchian.lower", "close, donchian.upper")


def test_something_added_leaves_what_was_there_in_the_shape() -> None:
    """An always-true comparison is one more; one that reads no indicator is none at all."""
    assert set(shape_of(rule(BREAKOUT & (rsi(14) >= 0.0)))) == {*shape_of(rule(BREAKOUT)), "rsi"}
    assert shape_of(rule(BREAKOUT & (close() > ema(9)))) != shape_of(rule(BREAKOUT))


def test_of_the_shipped_families_three_are_another_one_with_something_added() -> None:
    """The others are told apart: a search over one family does not spend the windows of all."""
    shapes = {
        name: set(shape_of(member_of(one, Timeframe.H1, one.pool[0] if one.pool else one.Params(), 1).rule))
        for name, one in strategies.families().items()
    }
    within = {(a, b) for a in shapes for b in shapes if a != b and shapes[a] <= shapes[b]}
    assert within == {
        ("Donchian_Breakout", "Donchian_Trend"),
        ("Donchian_Breakout", "Session_Breakout"),
        ("ROC_Momentum", "Session_Momentum"),
    }


@pytest.mark.parametrize(
    ("long", "short"),
    [
        (close() > highest(55).lag(), close() < lowest(20).lag()),
        (close() > value(Indicator.parse("highest(high,20)")).lag(), close() < value(Indicator.parse("lowest(low,9)"))),
        (close() > value(Indicator.parse("lag(highest(high,20),1)")), close() < donchian(20, "lower")),
    ],
)
def test_other_names_of_an_indicator_are_no_other_rule(long: Condition, short: Condition) -> None:
    """The channel written as the highest and the lowest price, with the row before taken by whatever means."""
    other = shape_of(Rule(long=long, short=short, exits=Exits()))
    assert compared(other) == compared(shape_of(rule(BREAKOUT)))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("willr(14)", "stochf(14).k"), ("natr(14)", "atr(14)"), ("rma(trange,14)", "atr(9)"), ("mom(10)", "roc(10)"),
        ("log_return(5)", "change(5)"), ("bbands(20).middle", "sma(20)"), ("kc(20).middle", "ema(typical,20)"),
        ("bbands(20).percent_b", "zscore(20)"), ("pct_rank(natr(14),500)", "pct_rank(atr(14),100)"),
        ("highest(rsi(14),20)", "highest(rsi(9),5)"),
    ],
)  # fmt: skip
def test_names_of_one_number_are_one_name(one: str, two: str) -> None:
    """The same number, up to shift and scale, or one whose sign and order are the same."""
    shapes = [
        shape_of(Rule(long=value(Indicator.parse(text)) > 1.0, short=close() < 0.0, exits=Exits()))
        for text in (one, two)
    ]
    assert compared(shapes[0]) == compared(shapes[1])


def test_numbers_that_differ_keep_their_names() -> None:
    """The highest of an oscillator is no channel, an average of another kind is another average."""
    kinds = ("rsi, highest(rsi)", "ema", "sma", "hma", "donchian.upper", "donchian.middle", "stoch.k", "atr", "trange")
    assert len(compared(kinds)) == len(kinds)


def test_of_the_shipped_families_one_more_is_related_by_another_name() -> None:
    """Double sevens holds the close against its highest and lowest as well, and against an average."""
    shapes = {
        name: compared(shape_of(member_of(one, Timeframe.H1, one.pool[0] if one.pool else one.Params(), 1).rule))
        for name, one in strategies.families().items()
    }
    within = {(a, b) for a in shapes for b in shapes if a != b and shapes[a] <= shapes[b]}
    assert within == {
        ("Donchian_Breakout", "Donchian_Trend"),
        ("Donchian_Breakout", "Double_Sevens"),
        ("Donchian_Breakout", "Session_Breakout"),
        ("ROC_Momentum", "Session_Momentum"),
    }


@pytest.mark.parametrize("seen", [lambda c: c, lambda c: 7.5 * c, lambda c: 1_000.0 - c, lambda c: np.exp(c / 50.0)])
def test_bars_have_the_same_marks_in_another_unit_and_upside_down(seen) -> None:
    closes = walk(HOURS.size)
    own = bar_marks(HOURS, closes, START, END)
    assert len(own) == 12 + 4
    assert bar_marks(HOURS, seen(closes), START, END) == own


def test_other_bars_have_other_marks_and_a_part_of_the_window_shares_its_months() -> None:
    closes = walk(HOURS.size)
    own = set(bar_marks(HOURS, closes, START, END))
    assert own.isdisjoint(bar_marks(HOURS, walk(HOURS.size, 2), START, END))
    later = bar_marks(HOURS[3_000:], closes[3_000:], int(HOURS[3_000]), END)
    assert len(own & set(later)) == len(later) == 7 + 2  # May 5 on: June to December, two whole quarters
    moved = closes.copy()
    moved[100] += 50.0  # January and the first quarter
    assert len(own & set(bar_marks(HOURS, moved, START, END))) == 14


def test_days_are_marked_by_quarters_and_weeks_not_at_all() -> None:
    """Sixty moves are asked for: twenty days of two related pairs may well go the same way."""
    days = START + DAY * np.arange(366, dtype=np.int64)
    assert len(bar_marks(days, walk(366), START, int(days[-1]) + DAY)) == 4
    assert bar_marks(days[::7], walk(366)[::7], START, END) == ()
    assert bar_marks(HOURS, np.full(HOURS.size, 1.0), START, END) == ()


def entries(at: np.ndarray, side: int = 1) -> tuple[int, ...]:
    return entry_marks(HOURS[at], np.full(at.size, side))


def test_samples_tell_how_much_two_candidates_have_in_common() -> None:
    """Of 64 entries each: all, none (the other side), four fifths, and of other spans the time that both cover."""
    rng = np.random.default_rng(3)
    at = np.sort(rng.choice(HOURS.size, 900, replace=False))
    assert len(entries(at)) == SAMPLE
    assert common_entries(entries(at), entries(at)) == (SAMPLE, SAMPLE)
    assert common_entries(entries(at), entries(at, -1))[0] == 0
    other = np.setdiff1d(np.arange(HOURS.size), at)
    mostly = np.sort(np.concatenate([rng.choice(at, 800, replace=False), rng.choice(other, 100, replace=False)]))
    both, either = common_entries(entries(at), entries(mostly))
    assert both / either == pytest.approx(0.8, abs=0.15)
    both, either = common_entries(entries(at), entries(at[300:]))
    assert both == either >= 30
    assert common_entries((), entries(at)) == (0, 0)


def test_chance_does_not_make_two_busy_strategies_alike() -> None:
    """Two strategies that enter at a third of all hours share a fifth of their entries."""
    rng = np.random.default_rng(4)
    one, two = (np.sort(rng.choice(HOURS.size, HOURS.size // 3, replace=False)) for _ in range(2))
    both, either = common_entries(entries(one), entries(two))
    assert either >= 30
    assert both < 0.6 * ALIKE * either


def moves(close: np.ndarray, at: np.ndarray = HOURS, days: int = 300) -> tuple[int, ...]:
    return week_moves(at, close, START, START + days * DAY)


@pytest.mark.parametrize(
    ("seen", "shift"),
    [
        (lambda c: c, 1), (lambda c: c, -2), (lambda c: 0.05 * c, 1), (lambda c: 1.0 / c, 0),
        (lambda c: c * (1.0 + 5e-4 * np.random.default_rng(8).normal(size=c.size)), 0),
        (lambda c: 100.0 + 0.5 * (c - 100.0), 3),
    ],
)  # fmt: skip
def test_a_market_moves_by_the_week_as_itself_when_shifted_scaled_or_made_noisy(seen, shift: int) -> None:
    """An hour or two, another unit, upside down, five basis points on every close."""
    close = np.exp(0.004 * walk(HOURS.size))
    assert same_moves(moves(close), moves(seen(close), HOURS + shift * HOUR))


def test_markets_that_move_together_for_the_most_part_are_two() -> None:
    """A correlation of 0.9 hour by hour, as of the nearest pairs people trade, is no copy; nor is one of nothing."""
    own, common = walk(HOURS.size, 2) - 100.0, walk(HOURS.size, 3) - 100.0
    one = np.exp(0.004 * common)
    assert not same_moves(moves(one), moves(np.exp(0.004 * (0.9 * common + np.sqrt(1 - 0.81) * own))))
    assert not same_moves(moves(one), moves(np.exp(0.004 * own)))


def test_of_few_weeks_nothing_is_said() -> None:
    """Half a year is enough, four months are not; standing prices are like nothing."""
    close = np.exp(0.004 * walk(HOURS.size))
    assert moves(close, days=120) == ()
    assert len(moves(close, days=184)) == 25  # the number of the second of 25 weeks, and 24 moves
    assert not same_moves((), ())
    assert not same_moves(moves(np.ones(HOURS.size)), moves(np.ones(HOURS.size)))
    early, late = week_moves(HOURS, close, START, START + 184 * DAY), week_moves(HOURS, close, START + 90 * DAY, END)
    assert not same_moves(early, late)
    assert same_moves(early, moves(close))


def test_weeks_are_those_of_the_calendar_with_the_last_close_before_monday() -> None:
    """Friday's close carries over a weekend without bars; a week without any moves by nothing."""
    friday = np.flatnonzero((HOURS // HOUR % 168 < 40) | (HOURS // HOUR % 168 > 96))
    close = np.exp(0.004 * walk(HOURS.size))
    whole = moves(close)
    assert len(moves(close[friday], HOURS[friday])) == len(whole)
    gone = (HOURS < START + 60 * DAY) | (HOURS >= START + 81 * DAY)
    assert moves(close[gone], HOURS[gone]).count(0) >= 2
