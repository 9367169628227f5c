"""Trades of one candidate repriced, delayed and marked day by day, against slower ways to the same numbers."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tradewind.adapters.market.simulated import simulate, spec_for
from tradewind.ensemble.shadow import ShadowBook
from tradewind.features.rule import Exits, Member, member_of
from tradewind.model.instruments import resolve
from tradewind.model.report import Window
from tradewind.model.timeframe import DAY, HOUR, Timeframe
from tradewind.research.candidate_trades import (
    Market,
    Runs,
    cost_in_r,
    daily_returns_of,
    inside_of,
    repriced,
    run_members,
)
from tradewind.research.proof import shadow_book
from tradewind.strategies import family

INSTRUMENT = resolve("EUR/USD")


def member(exits: Exits) -> Member:
    chosen = family("Donchian_Breakout")
    return member_of(chosen, Timeframe.H1, msgspec.structs.replace(chosen.pool[0], exits=exits), 1)


@pytest.fixture(scope="module")
def market() -> Market:
    """Hours of EUR/USD with a spread of their own."""
    return Market.of(simulate(spec_for(INSTRUMENT, bars=6000), np.random.default_rng(4)), INSTRUMENT)


@pytest.fixture(scope="module")
def runs(market: Market) -> Runs:
    """A percent stop, so that costs move no bracket."""
    return run_members([member(Exits(stop_mode="pct", stop_pct=0.002, target_r=1.5))], market)[0]


def test_at_the_same_costs_the_trades_keep_their_results(market, runs):
    """The price of every fill is recomputed from the bars and comes out as the book had it."""
    assert runs.own.r.size > 100
    np.testing.assert_allclose(repriced(runs.own, market, 1.0), runs.own.r, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("factor", [2.0, 3.0])
def test_dearer_markets_cost_what_a_run_at_these_costs_says(market, runs, factor):
    """The whole book again, with spread and slippage of every bar multiplied."""
    costs = msgspec.structs.replace(
        market.costs,
        spread_fraction=factor * market.costs.spread_fraction,
        slippage_fraction=factor * market.costs.slippage_fraction,
    )
    dear = msgspec.structs.replace(INSTRUMENT, costs=costs)
    columns = market.columns._replace(spread=factor * market.columns.spread)
    again = shadow_book([member(Exits(stop_mode="pct", stop_pct=0.002, target_r=1.5))], columns, dear).columns(0)
    np.testing.assert_array_equal(again.ts_exit, runs.own.ts_exit)
    np.testing.assert_allclose(repriced(runs.own, market, factor), again.r, rtol=1e-9, atol=1e-12)
    assert (repriced(runs.own, market, factor) < runs.own.r).all()


def test_a_vote_that_is_executed_late_enters_one_bar_later(market, runs):
    """The first trade of both runs comes of the same vote."""
    opens = market.columns.ts_open
    first, late = (int(np.searchsorted(opens, one.ts_entry[0])) for one in (runs.own, runs.delayed))
    assert late == first + 1
    assert runs.delayed.entry[0] == market.columns.open[late]


def test_daily_returns_are_the_marks_of_a_plain_loop(market, runs):
    """Bar by bar: what is closed, and what is open at its close with half of its costs paid."""
    columns, costs = market.columns, cost_in_r(runs.own)
    equity, days = [], []
    for bar in range(columns.ts_open.size):
        total = 0.0
        for k in range(runs.own.r.size):
            if runs.own.ts_exit[k] <= columns.ts_close[bar]:
                total += runs.own.r[k]
            elif runs.own.ts_entry[k] <= columns.ts_open[bar]:
                risk = runs.own.net[k] / runs.own.r[k]
                gross = runs.own.side[k] * (columns.close[bar] - runs.own.entry[k]) / runs.own.entry[k] / risk
                total += gross - 0.5 * costs[k]
        if days and days[-1] == market.day[bar]:
            equity[-1] = total
        else:
            equity.append(total)
            days.append(market.day[bar])
    expected = market.risk * np.diff(np.array([0.0, *equity]))
    np.testing.assert_allclose(daily_returns_of(runs.own, market), expected, rtol=1e-9, atol=1e-12)


def test_every_trading_day_is_there_and_the_days_add_up_to_the_trades(market, runs):
    """Flat days are kept, weekends are none, and at the end of the last trade only realised R is left."""
    until = Window(int(market.columns.ts_open[0]), int(runs.own.ts_exit[-1]))
    part = market.within(until)
    daily = daily_returns_of(inside_of(runs.own, until), part)
    assert daily.size == np.unique(part.day).size
    assert daily.sum() == pytest.approx(market.risk * runs.own.r.sum())
    weeks = (until.end - until.start) / (7 * DAY)
    assert daily.size == pytest.approx(5 * weeks, abs=7)


def test_nothing_comes_of_nothing(market, runs):
    """No trades, no bars."""
    nobody = inside_of(runs.own, Window(0, 1))
    assert nobody.r.size == 0
    assert not daily_returns_of(nobody, market).any()
    assert daily_returns_of(nobody, market.within(Window(0, 1))).size == 0
    assert repriced(nobody, market, 2.0).size == 0


def test_bars_across_a_boundary_belong_to_neither_side(market):
    """A boundary inside a bar: the bar opens before and closes after it."""
    edge = int(market.columns.ts_open[100]) + HOUR // 2
    first, last = int(market.columns.ts_open[0]), int(market.columns.ts_close[-1])
    before, after = market.within(Window(first, edge)), market.within(Window(edge, last))
    assert before.columns.ts_open.size == 100
    assert after.columns.ts_open[0] == market.columns.ts_open[101]
    assert before.day.size == before.columns.ts_open.size


def test_a_book_of_the_same_votes_gives_the_same_trades(market, runs):
    """The candidate's own trades are the shadow book's."""
    book = shadow_book([member(Exits(stop_mode="pct", stop_pct=0.002, target_r=1.5))], market.columns, INSTRUMENT)
    assert isinstance(book, ShadowBook)
    np.testing.assert_array_equal(book.columns(0).r, runs.own.r)
