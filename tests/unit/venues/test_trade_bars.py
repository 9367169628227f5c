"""Bars from trades, and the reading of what venues say about closed bars."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.venue import START, made_up
from tradewind.adapters.market.ccxt_stream import closed_word
from tradewind.adapters.market.stand_in.market import CLOSE, OPEN, Series, StandInMarket, trades_of
from tradewind.adapters.market.trade_bars import TradeBars
from tradewind.model.bar import Bar
from tradewind.model.timeframe import HOUR, MINUTE, SECOND, Timeframe

trades = st.lists(
    st.tuples(st.integers(0, 10 * MINUTE), st.floats(0.5, 5.0).map(lambda x: round(x, 4)), st.integers(1, 10**6)),
    min_size=1,
    max_size=60,
)


@given(trades)
def test_a_bar_is_first_highest_lowest_last_and_the_sum(tape: list[tuple[int, float, int]]) -> None:
    """On an ordered tape every interval but the first is what its trades say; an empty one makes no bar."""
    tape = sorted(tape, key=lambda trade: trade[0])
    bars = TradeBars("BTC/USD", Timeframe.M1)
    made: dict[int, Bar] = {}
    for number, (ts, price, size) in enumerate(tape):
        bar = bars.on_trade(str(number), START + ts, price, size / 1e4)
        if bar is not None:
            made[bar.ts_open] = bar
    by_minute: dict[int, list[tuple[float, float]]] = {}
    for ts, price, size in tape:
        by_minute.setdefault(START + ts // MINUTE * MINUTE, []).append((price, size / 1e4))
    joined = min(by_minute)
    assert set(made) == set(by_minute) - {joined}
    for start, bar in made.items():
        prices = [price for price, _ in by_minute[start]]
        assert (bar.open, bar.high, bar.low, bar.close) == (prices[0], max(prices), min(prices), prices[-1])
        assert bar.volume == pytest.approx(sum(size for _, size in by_minute[start]), abs=1e-6)
        assert bar.fault() == ""


@given(trades, st.data())
def test_repeated_trades_change_nothing(tape: list[tuple[int, float, int]], data: st.DataObject) -> None:
    """FLT-04: a resent trade is recognised by its id wherever it comes."""
    tape = sorted(tape, key=lambda trade: trade[0])
    once, twice = TradeBars("BTC/USD", Timeframe.M1), TradeBars("BTC/USD", Timeframe.M1)
    for number, (ts, price, size) in enumerate(tape):
        first = once.on_trade(str(number), START + ts, price, size / 1e4)
        assert twice.on_trade(str(number), START + ts, price, size / 1e4) == first
        again = data.draw(st.integers(0, number))
        ts, price, size = tape[again]
        assert twice.on_trade(str(again), START + ts, price, size / 1e4) is None


def test_a_minute_without_trades_makes_no_bar() -> None:
    """Nothing is invented: the bar after a quiet minute follows directly, the hole is left to be seen."""
    bars = TradeBars("BTC/USD", Timeframe.M1)
    bars.on_trade("1", START, 10.0, 1.0)
    first = bars.on_trade("2", START + MINUTE, 11.0, 1.0)
    after = bars.on_trade("3", START + 3 * MINUTE, 12.0, 1.0)
    assert first is not None
    assert after is not None
    assert (after.ts_open - first.ts_open, after.open) == (2 * MINUTE, 12.0)


def test_a_trade_of_a_bar_already_left_is_counted_and_ignored() -> None:
    """A late trade never rewrites a bar that has a successor."""
    bars = TradeBars("BTC/USD", Timeframe.M1)
    bars.on_trade("1", START, 10.0, 1.0)
    bars.on_trade("2", START + MINUTE, 11.0, 1.0)
    bars.on_trade("3", START + 2 * MINUTE, 12.0, 1.0)
    assert bars.on_trade("4", START + MINUTE + SECOND, 99.0, 1.0) is None
    assert bars.late == 1


def test_the_venues_word_on_closed_bars_is_found_in_its_message() -> None:
    """Binance, Bybit and OKX mark; Kraken and everything unknown do not."""
    assert closed_word({"k": {"x": True}})
    assert not closed_word({"k": {"x": False}})
    assert closed_word({"data": [{"confirm": True}]})
    assert not closed_word({"data": [{"confirm": False}]})
    assert closed_word({"data": [["1", "2", "3", "4", "5", "6", "7", "8", "1"]]})
    for message in ({"data": [{"symbol": "BTC/USD"}]}, {"data": []}, {}, [], "text", None):
        assert not closed_word(message)


@given(st.floats(1.0, 2.0), st.floats(1.0, 2.0), st.floats(0, 0.5), st.floats(0, 0.5), st.integers(0, 10**9))
def test_the_stand_ins_four_trades_make_the_bar_again(
    first: float, last: float, above: float, below: float, volume: int
) -> None:
    """Whatever the bar, its trades rebuild it: prices exactly, volume at 8 decimals."""
    bar = Bar("A/B", Timeframe.M1, START, START + MINUTE, first, max(first, last) + above, min(first, last) - below,
              last, volume / 1e4)  # fmt: skip
    builder = TradeBars("A/B", Timeframe.M1)
    builder.on_trade("before", START - 1, 1.0, 1.0)
    made = [builder.on_trade(str(t.id), t.ts, t.price, t.size) for t in trades_of(bar, 3)][-1]
    assert made is not None
    assert (made.open, made.high, made.low, made.close) == (bar.open, bar.high, bar.low, bar.close)
    assert made.volume == pytest.approx(bar.volume, abs=1e-7)


def test_the_stand_in_aggregates_on_session_boundaries() -> None:
    """A 4h bar of EUR/USD starts at 17:00 New York (22:00 UTC in winter), of BTC/USD at midnight UTC."""
    fx, coin = made_up(72, Timeframe.H1, first=1.1, places=5), made_up(72, Timeframe.H1)
    market = StandInMarket([Series("EUR/USD", Timeframe.H1, fx), Series("BTC/USD", Timeframe.H1, coin)])
    euro = market.bars("EUR/USD", Timeframe.H4, START, START + 72 * HOUR)
    assert {(bar.ts_open - START) // HOUR % 24 for bar in euro} == {2, 6, 10, 14, 18, 22}
    bitcoin = market.bars("BTC/USD", Timeframe.H4, START, START + 72 * HOUR)
    assert {(bar.ts_open - START) // HOUR % 24 for bar in bitcoin} == {0, 4, 8, 12, 16, 20}
    assert bitcoin[0].high == coin.high[:4].max()
    assert (bitcoin[0].open, bitcoin[0].close) == (coin.open[0], coin.close[3])
    assert bitcoin[0].volume == pytest.approx(coin.volume[:4].sum())


def test_the_market_shows_nothing_of_the_future() -> None:
    """Whole bars end by now, the forming one shows its first trade only; a close is told before an open."""
    market = StandInMarket([Series("BTC/USD", Timeframe.M1, made_up(30, Timeframe.M1))], START)
    while ticks := market.step():
        assert [tick.kind for tick in ticks] in ([CLOSE, OPEN], [CLOSE])
        bars = market.bars("BTC/USD", Timeframe.M1, START, START + HOUR)
        assert all(bar.ts_open <= market.now for bar in bars)
        if bars[-1].ts_close > market.now:
            assert bars[-1].high == bars[-1].low == bars[-1].open
    assert market.steps == 30
