"""Real bars through hostile sockets give the decisions of the same bars from the store, byte for byte."""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity.streaming import compared, stored
from tradewind.adapters.market.stand_in.faults import Fault
from tradewind.adapters.market.stand_in.market import Series
from tradewind.app.market_feed import FeedRules
from tradewind.model.bar import BarColumns
from tradewind.model.timeframe import HOUR, Timeframe

PATIENT = FeedRules(patience=3 * HOUR)


def hostile(steps: int) -> tuple[Fault, ...]:
    """Every fault of a stream, spread over so many steps of the market; two disconnects."""
    at = [max(1, steps * share // 100) for share in (4, 12, 20, 28, 36, 44, 52, 60, 80, 90)]
    return (
        Fault("duplicate", at_bar=at[0], bars=4, count=2),
        Fault("reorder", at_bar=at[1]),
        Fault("late_correction", at_bar=at[2], bars=2),
        Fault("gap", at_bar=at[3], bars=3),
        Fault("disconnect", at_bar=at[4], seconds=0.2, bars=5),
        Fault("unclosed", at_bar=at[5], bars=2),
        Fault("malformed", at_bar=at[6]),
        Fault("late_correction", at_bar=at[7]),
        Fault("disconnect", at_bar=at[8], seconds=0.2, bars=3),
        Fault("reorder", at_bar=at[9]),
    )


async def crypto(first: int, bars: int, warm: int) -> None:
    series = [
        Series(f"{coin}/USDT", Timeframe.M1, stored(f"bars/{coin}USDT-1m", first, bars + 1)) for coin in ("BTC", "ETH")
    ]
    closes = series[0].columns.ts_close
    made = await compared(
        [("binance", series)],
        hostile(bars - warm),
        warm_until=int(closes[warm - 1]),
        end=int(closes[bars - 1]),
        rules=PATIENT,
    )
    print(f"BTC/USDT and ETH/USDT 1m through Binance's socket: {made.text()}")
    assert not made.difference, made.difference
    assert made.digests[0] == made.digests[1]
    assert made.lost >= 2 * 2
    assert made.live.revised >= 2
    assert made.causes >= {"history", "venue", "backfill"}


@pytest.mark.req("C15", "A20", "X05")
async def test_two_coins_with_their_real_outage_through_a_hostile_socket() -> None:
    """The slice holds the outage of 2023-03-24: 72 flat minutes, then an hour and a half without bars."""
    await crypto(first=8600, bars=3600, warm=1500)


@pytest.mark.soak
async def test_all_minutes_of_two_coins_through_a_hostile_socket() -> None:
    """48,984 minutes of each."""
    await crypto(first=0, bars=48_984, warm=10_000)


async def both_markets(first_fx: int, bars: int, warm: int) -> None:
    euro = stored("bars_bidask/EURUSD-1h", first_fx, bars + 1)
    begin, end = int(euro.ts_open[0]), int(euro.ts_close[-1])
    coin = stored("bars/BTCUSDT-1h", 0, 20_000)
    low, high = (int((coin.ts_open < moment).sum()) for moment in (begin, end))
    warm_until, last = int(euro.ts_close[warm - 1]), int(euro.ts_close[-2])
    steps = int((coin.ts_close[low:high] > warm_until).sum())
    made = await compared(
        [
            ("binance", [Series("BTC/USDT", Timeframe.H1, coin.slice(low, high))]),
            ("oanda", [Series("EUR/USD", Timeframe.H1, euro)]),
        ],
        [fault for fault in hostile(steps) if fault.fault != "unclosed"],
        warm_until=warm_until,
        end=last,
        rules=FeedRules(patience=300 * HOUR),  # a busy machine may read one socket days of bars behind the other,
    )
    print(f"EUR/USD 1h with spread through OANDA's stream, BTC/USDT 1h through Binance's: {made.text()}")
    assert not made.difference, made.difference
    assert made.sources >= {"binance", "oanda"}
    assert made.lost >= 2


@pytest.mark.req("C15", "A08")
async def test_currencies_with_their_spread_beside_a_coin_through_two_venues() -> None:
    """One clock, two calendars, two providers: weekends of the one are trading days of the other."""
    await both_markets(first_fx=66_300, bars=1500, warm=700)


async def test_the_shape_of_kraken_without_close_marks() -> None:
    """Its stream never says that a bar is closed: a successor does, and history is asked within its 60 a minute."""
    series = Series("BTC/USD", Timeframe.M1, stored("bars/BTCUSD-1m", 20_000, 621))
    closes = series.columns.ts_close
    faults = (
        Fault("duplicate", at_bar=2, bars=2, count=2),
        Fault("reorder", at_bar=6),
        Fault("late_correction", at_bar=9),
        Fault("disconnect", at_bar=12, seconds=0.1),
        Fault("disconnect", at_bar=15, seconds=0.1),
    )
    made = await compared(
        [("kraken", [series])], faults, warm_until=int(closes[599]), end=int(closes[619]), rules=PATIENT
    )
    print(f"BTC/USD 1m through Kraken's socket: {made.text()}")
    assert not made.difference, made.difference
    assert made.lost == 2


async def test_the_shape_of_coinbase_whose_bars_are_made_of_trades() -> None:
    """A minute without a trade is no bar there: missing in both runs."""
    columns = stored("bars/BTCUSD-1m", 20_000, 1002)
    quiet = np.zeros(1002, dtype=bool)
    quiet[[750, 751, 802]] = True
    series = Series("BTC/USD", Timeframe.M1, BarColumns(*(column[~quiet] for column in columns)))
    closes = series.columns.ts_close
    end = int(closes[-2])
    made = await compared(
        [("coinbase", [series])],
        hostile(len(closes) - 700),
        warm_until=int(closes[699]),
        end=end,
        rules=PATIENT,
    )
    print(f"BTC/USD 1m through Coinbase's trades: {made.text()}")
    assert not made.difference, made.difference
    assert made.clean.missing >= 3
    assert made.lost >= 2
