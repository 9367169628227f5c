"""Twelve kinds of look-ahead are planted and named; the same ideas done right are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.fakes import leaky_code as code
from tradewind.errors import Misconfigured
from tradewind.features.spec import ema
from tradewind.model.bar import BarColumns
from tradewind.research.lookahead import LookaheadReport, examine
from tradewind.research.lookahead_futures import FUTURES, cut_points, rewritten
from tradewind.research.lookahead_subjects import CodeSubject, MemberSubject
from tradewind.research.lookahead_trace import Trace

SHORT = code.gapped_bars(260)
LONG = code.gapped_bars(3000, seed=8)


def named(function: Any) -> str:
    return function.__name__


def columns_of(*functions: Any) -> CodeSubject:
    return CodeSubject("code", features=lambda bars: {one.__name__: one(bars) for one in functions}, first=8)


def trades_of(function: Any) -> CodeSubject:
    return CodeSubject(function.__name__, trades=function, first=30)


def looked(subject: Any, bars: BarColumns = SHORT, **options: Any) -> LookaheadReport:
    return examine(subject, bars, np.random.default_rng(5), **options)


@pytest.mark.req("X01")
@pytest.mark.parametrize("leak", code.LEAKS, ids=named)
@pytest.mark.parametrize("bars", [SHORT, LONG], ids=["every cut", "drawn cuts"])
def test_a_planted_leak_is_named_with_its_bar_and_both_values(leak, bars):
    """Rule: that column and no other; the bar is one whose value the later bars changed, and both values are true."""
    report = looked(columns_of(code.next_close_known, leak, code.target_known), bars, rewritings=4)
    assert [found.column for found in report.leaks] == [leak.__name__]
    found = report.leaks[0]
    assert found.form == "truncated"
    assert found.bar < found.known < len(bars.close)
    assert found.ts == bars.ts_close[found.bar]
    full, part = leak(bars), leak(bars.slice(0, found.known))
    assert same(found.full, full[found.bar])
    assert same(found.replayed, part[found.bar])
    assert not same(found.full, found.replayed)
    assert leak.__name__ in str(report)


def same(one: Any, two: Any) -> bool:
    return one == two or (one != one and two != two)


@pytest.mark.req("X01")
@pytest.mark.parametrize("twin", code.TWINS, ids=named)
@pytest.mark.parametrize("bars", [SHORT, LONG.slice(0, 900)], ids=["every cut", "drawn cuts"])
def test_the_same_idea_done_right_is_not_named(twin, bars):
    """Rule: no false alarm, whatever warms up, fills forward or is read from a longer bar that has ended."""
    report = looked(columns_of(twin), bars)
    assert report.clean, str(report)
    assert report.cuts >= 250


@pytest.mark.req("X01")
@pytest.mark.parametrize("leak", code.FILLS, ids=named)
@pytest.mark.parametrize("bars", [SHORT, LONG], ids=["every cut", "drawn cuts"])
def test_a_fill_at_a_price_that_was_gone_or_not_yet_there_is_named(leak, bars):
    """Rule: one bar of delay: a fill is at the open of a bar after the signal, or inside a later bar's range."""
    report = looked(trades_of(leak), bars, rewritings=2)
    assert [(found.column, found.form) for found in report.leaks] == [(f"{leak.__name__} trades", "filled")]
    assert report.leaks[0].bar >= 20


def test_the_reason_of_a_bad_fill_is_told():
    """Rule: the price is recognised, or the trade is said to hang on the bar it is filled in."""
    said = {leak.__name__: str(looked(trades_of(leak), rewritings=0)) for leak in code.FILLS}
    assert "the price is the close of the bar itself" in said["signal_close_fill"]
    assert "the price is the close of the bar before: one bar of delay is missing" in said["stale_close_fill"]
    assert "goes another way (crash) after the same open" in said["same_bar_fill"]
    assert "that bar went from" in said["best_price_fill"]


@pytest.mark.parametrize("bars", [SHORT, LONG], ids=["every cut", "drawn cuts"])
def test_a_fill_at_the_next_open_is_not_named(bars):
    """Rule: the one honest way passes, its open trade at the end included."""
    report = looked(trades_of(code.next_open_fill), bars)
    assert report.clean, str(report)
    assert report.trades > 5
    assert report.fills > 5


def test_trades_closed_at_the_last_bar_are_no_leak():
    """Rule: code that closes whatever is open at the end of its data is not blamed for the end of the data."""

    def closed_at_the_end(bars: BarColumns) -> list[tuple]:
        last = (int(bars.ts_close[-1]), float(bars.close[-1]))
        return [row if row[1] else (row[0], last[0], row[2], row[3], last[1]) for row in code.next_open_fill(bars)]

    report = looked(trades_of(closed_at_the_end))
    assert report.clean, str(report)


def test_trades_that_are_listed_only_when_closed_are_refused():
    """Rule: nothing is called clean that could not be replayed."""
    closed = CodeSubject("closed", trades=lambda bars: [row for row in code.next_open_fill(bars) if row[1]], first=30)
    with pytest.raises(Misconfigured, match="no trade is listed while it is open"):
        looked(closed)


def test_code_that_answers_differently_is_named():
    """Rule: a random number is no look-ahead, but nothing can be said about such a column."""
    generator = np.random.default_rng(1)
    report = looked(CodeSubject("noise", features=lambda bars: generator.normal(size=len(bars.close))))
    assert [(found.column, found.form) for found in report.leaks] == [("noise", "repeated")]


def test_a_leak_that_truncation_hides_is_found_by_rewriting():
    """Rule: code that guards the end of its data looks clean when that end is near; another future shows it."""

    def guarded(bars: BarColumns) -> np.ndarray:
        ahead = code.next_close(bars)
        return ahead if len(bars.close) == len(SHORT.close) else bars.close

    def hidden(bars: BarColumns) -> np.ndarray:
        return np.full(len(bars.close), bars.close[-1] if len(bars.close) >= len(SHORT.close) else SHORT.close[-1])

    assert looked(CodeSubject("guarded", features=guarded)).leaks[0].form == "truncated"
    found = looked(CodeSubject("hidden", features=hidden)).leaks[0]
    assert (found.column, found.form) == ("hidden", "rewritten")


def test_a_column_that_later_bars_bring_into_being_is_named():
    """Rule: one column per label that occurs is a leak of the labels to come."""

    def one_per_hour(bars: BarColumns) -> dict[str, np.ndarray]:
        hours = bars.ts_close // code.HOUR % 24
        return {f"hour_{hour}": hours == hour for hour in np.unique(hours)}

    report = looked(CodeSubject("dummies", features=one_per_hour, first=3))
    assert "hour_23" in {found.column for found in report.leaks}
    assert all(found.replayed is None for found in report.leaks)


def test_rounding_that_depends_on_the_length_needs_a_tolerance():
    """Rule: bits are compared unless a tolerance is asked for; a true leak is far above it."""

    def wobbling(bars: BarColumns) -> np.ndarray:
        return bars.close * (1.0 + 1e-15 * (len(bars.close) % 7))

    assert not looked(CodeSubject("wobbling", features=wobbling)).clean
    assert looked(CodeSubject("wobbling", features=wobbling), tolerance=1e-12).clean
    assert not looked(columns_of(code.centred_mean), tolerance=1e-12).clean


@pytest.mark.parametrize(
    ("function", "fault"),
    [
        (lambda bars: bars.close[:-1], r"column code has shape \(259,\) for 260 bars"),
        (lambda bars: {"two": np.zeros((len(bars.close), 2))}, "column two has shape"),
    ],
)
def test_what_is_no_column_is_refused(function, fault):
    """Rule: one value per bar, else the column is named."""
    with pytest.raises(Misconfigured, match=fault):
        looked(CodeSubject("code", features=function))


def test_what_are_no_trades_is_refused():
    """Rule: the form of a trade is told."""
    with pytest.raises(Misconfigured, match="ts_entry, ts_exit or 0"):
        looked(CodeSubject("code", trades=lambda bars: [(1, 2)]))


def test_code_that_writes_into_its_bars_harms_nobody():
    """Rule: every call gets bars of its own."""

    def careless(bars: BarColumns) -> np.ndarray:
        bars.close[:] = np.cumsum(bars.close)
        return bars.close

    before = SHORT.close.copy()
    assert looked(CodeSubject("careless", features=careless)).clean
    assert (SHORT.close == before).all()


class Shifted(MemberSubject):
    """The product's features over closes that are one bar early."""

    def trace(self, columns: BarColumns) -> Trace:
        early = columns._replace(close=np.concatenate((columns.close[1:], columns.close[-1:])))
        return super().trace(early)

    def streamed(self, columns: BarColumns) -> Trace | None:
        return None


class Patched(MemberSubject):
    """A batch path that adds to one column what the stepped path does not."""

    def trace(self, columns: BarColumns) -> Trace:
        made = super().trace(columns)
        values = made.columns["ema(5)"].copy()
        values[77:] += 1e-9
        return made._replace(columns={**made.columns, "ema(5)": values})


def test_a_leak_of_an_indicator_is_named_by_its_key():
    """Rule: the column is the key people write."""
    found = looked(Shifted((), indicators=[ema(5), ema(9)])).leaks
    assert [leak.column for leak in found] == ["ema(5)", "ema(9)"]
    assert found[0].form == "truncated"


def test_a_batch_path_that_differs_from_the_stepped_one_is_named_with_the_bar():
    """Rule: one recurrence, two drivers, the same bits."""
    found = looked(Patched((), indicators=[ema(5), ema(9)])).leaks
    assert [(leak.column, leak.form, leak.bar) for leak in found] == [("ema(5)", "streamed", 77)]


def test_cuts_are_all_bars_of_short_series_and_drawn_ones_of_long():
    """Rule: the first bars that code cannot work on are left out; the bars before gaps are among the cuts."""
    assert cut_points(SHORT, np.random.default_rng(1), first=30).tolist() == list(range(30, 260))
    cuts = cut_points(LONG, np.random.default_rng(1), first=30)
    gaps = set((np.flatnonzero(np.diff(LONG.ts_open) > code.HOUR) + 1).tolist())
    assert 230 <= len(cuts) <= 285
    assert (np.diff(cuts) > 0).all()
    assert len(gaps & set(cuts.tolist())) >= min(20, len(gaps))
    assert cuts[0] >= 30
    assert cuts[-1] < 3000


@pytest.mark.parametrize("future", FUTURES)
@pytest.mark.parametrize("opened", [False, True])
def test_another_future_keeps_the_past_and_is_a_market(future, opened):
    """Rule: nothing before the cut moves; afterwards prices differ and are still those of bars."""
    made = rewritten(SHORT, 100, future, np.random.default_rng(4), opened=opened)
    assert all((one[:100] == two[:100]).all() for one, two in zip(made[:-1], SHORT[:-1], strict=True))
    assert (made.low <= np.minimum(made.open, made.close)).all()
    assert (made.high >= np.maximum(made.open, made.close)).all()
    assert (np.diff(made.ts_open) > 0).all()
    if opened:
        assert (made.ts_open[100], made.open[100]) == (SHORT.ts_open[100], SHORT.open[100])
    assert made.close[100] != SHORT.close[100]
