"""The chronological windows: their shares, the least length of the sealed one, and what may not move them."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.errors import Misconfigured
from tradewind.model.report import Window
from tradewind.model.timeframe import DAY, HOUR
from tradewind.validation.gates_measure import fold_counts
from tradewind.validation.sample import TradeSample
from tradewind.validation.walk_forward import walk_forward
from tradewind.validation.windows import SIX_MONTHS, WindowRules, inside, straddling, windows_of


def evenly(trades: int, days: int) -> np.ndarray:
    """Exits at equal distances, the last one at the end."""
    return (np.arange(1, trades + 1) * (days * DAY / trades)).astype(np.int64)


@pytest.mark.req("C05", "HZ04")
def test_a_span_is_cut_into_64_16_and_20_percent_in_order():
    """No overlap, no hole, train before test before sealed."""
    cut = windows_of(Window(0, 2500 * DAY), evenly(2500, 2500))
    lengths = [(one.end - one.start) / DAY for one in (cut.train, cut.test, cut.sealed)]
    assert lengths == [1600, 400, 500]
    assert cut.train.end == cut.test.start
    assert cut.test.end == cut.sealed.start
    assert (cut.train.start, cut.sealed.end) == (0, 2500 * DAY)
    assert cut.reason == ""


@pytest.mark.req("C05", "HZ04")
def test_no_trade_is_in_two_windows_and_a_straddler_is_in_none():
    """Entry and exit inside: the last train exit lies at or before the first test entry."""
    entries = np.arange(0, 990, dtype=np.int64) * DAY
    trades = TradeSample(entries, entries + 36 * HOUR, np.ones(entries.size))
    cut = windows_of(Window(0, 1000 * DAY), trades.ts_exit)
    parts = [inside(trades, one) for one in (cut.train, cut.test, cut.sealed)]
    assert parts[0].ts_exit.max() <= parts[1].ts_entry.min()
    assert parts[1].ts_exit.max() <= parts[2].ts_entry.min()
    left_out = straddling(trades, (cut.train, cut.test, cut.sealed))
    assert left_out == 2 * 1
    assert sum(part.r.size for part in parts) + left_out == trades.r.size


@pytest.mark.req("C07")
@pytest.mark.parametrize(("days", "sealed"), [(915, 184), (920, 184), (925, 185)])
def test_the_sealed_window_is_never_shorter_than_six_months(days, sealed):
    """A fifth of 920 days is 184 days, the longest six months of a calendar."""
    cut = windows_of(Window(0, days * DAY), evenly(10 * days, days))
    assert cut.sealed_days == sealed
    assert SIX_MONTHS == 184 * DAY


@pytest.mark.req("C07")
@pytest.mark.parametrize(("trades", "sealed"), [(501, 400), (500, 400), (499, 401), (400, 500), (300, 667)])
def test_the_sealed_window_grows_until_a_hundred_trades_are_expected(trades, sealed):
    """At an even rate the expectation is share times trades; below 100 the window grows by whole days."""
    cut = windows_of(Window(0, 2000 * DAY), evenly(trades, 2000))
    assert cut.sealed_days == pytest.approx(sealed, abs=2)
    assert cut.expected_trades >= 100
    assert cut.reason == ""


@pytest.mark.req("C07")
def test_the_length_and_the_dates_are_printed():
    """Dates of all windows, length in days and the number of trades expected."""
    cut = windows_of(Window(0, 2500 * DAY), evenly(2500, 2500))
    assert cut.text() == (
        "train 1970-01-01 to 1974-05-20, test 1974-05-20 to 1975-06-24, sealed 1975-06-24 to 1976-11-05 "
        "(500 days, 500 trades expected)"
    )


@pytest.mark.req("C07", "HZ24")
def test_what_happens_in_the_sealed_window_does_not_move_it():
    """Only exits before the window are counted: other trades inside it, or none, cut the same windows."""
    span, exits = Window(0, 2000 * DAY), evenly(320, 2000)
    cut = windows_of(span, exits)
    before = exits[exits <= cut.sealed.start]
    crowded = np.concatenate((before, np.full(5000, cut.sealed.end - HOUR)))
    assert cut.sealed_days > 400
    assert windows_of(span, before) == cut
    assert windows_of(span, crowded) == cut


def test_a_family_expects_the_mean_of_its_members():
    """Ten members with a tenth of the trades each."""
    span, exits = Window(0, 2000 * DAY), evenly(300, 2000)
    assert windows_of(span, np.repeat(exits, 10), members=10) == windows_of(span, exits)


@pytest.mark.req("C07", "X25")
@pytest.mark.parametrize(
    ("days", "trades", "why"),
    [(367, 10_000, "no sealed window of 184 days"), (2000, 150, "100 are needed"), (2000, 0, "100 are needed")],
)
def test_a_span_too_short_says_why(days, trades, why):
    """Windows are still cut, so that what there is can be measured; the reason makes it INSUFFICIENT."""
    cut = windows_of(Window(0, days * DAY), evenly(trades, days) if trades else np.empty(0, dtype=np.int64))
    assert why in cut.reason
    assert f"INSUFFICIENT: {cut.reason}" in cut.text()
    assert cut.train.start < cut.train.end < cut.test.end < cut.sealed.end


@pytest.mark.req("C07")
def test_twelve_months_are_just_enough():
    """Half of 368 days."""
    assert windows_of(Window(0, 368 * DAY), evenly(10_000, 368)).reason == ""


def test_an_empty_span_is_refused():
    """Nothing to cut."""
    with pytest.raises(Misconfigured, match="windows_of"):
        windows_of(Window(5, 5), np.empty(0, dtype=np.int64))
    with pytest.raises(Misconfigured, match="sealed share"):
        windows_of(Window(0, DAY), np.empty(0, dtype=np.int64), rules=WindowRules(sealed_share=0.6))


@pytest.mark.req("C06")
def test_folds_walk_forward_and_never_back():
    """Every fold trains on all that lies before its validation slice."""
    entries = np.arange(600, dtype=np.int64) * DAY
    trades = TradeSample(entries, entries + HOUR, np.where(np.arange(600) % 3 == 0, -1.0, 1.0))
    found = fold_counts(trades, walk_forward(Window(0, 600 * DAY), folds=5))
    assert [fold.train_n for fold in found] == [100, 200, 300, 400, 500]
    assert [fold.validation_n for fold in found] == [100] * 5
    assert all(fold.train.end == fold.validation.start for fold in found)
    assert found[0].train_wins == 66
