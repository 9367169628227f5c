"""Faults on command: what each does to the bars that go out, and that nonsense does not hurt the stand-in."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.clock import VirtualClock
from tests.fakes.transport import InProcessTransport
from tests.fakes.venue import START, made_up, standing_in
from tradewind.adapters.market.alpha_vantage import AlphaVantage
from tradewind.adapters.market.oanda import Oanda
from tradewind.adapters.market.provider_settings import ProviderSettings
from tradewind.adapters.market.stand_in.faults import Fault
from tradewind.adapters.market.stand_in.market import Series
from tradewind.adapters.market.stand_in.server import StandInServer
from tradewind.adapters.market.stand_in.shape import Request
from tradewind.adapters.market.stand_in.venue import StandInVenue
from tradewind.adapters.market.yahoo import Yahoo
from tradewind.adapters.task_scheduler import TaskScheduler
from tradewind.adapters.wall_clock import WallClock
from tradewind.errors import Misconfigured, TradewindError
from tradewind.model.timeframe import DAY, MINUTE, Timeframe
from tradewind.ports.transport import Response

COLUMNS = made_up(60, Timeframe.M1)


def venue(*plan: Fault) -> StandInVenue:
    return StandInVenue([Series("BTC/USDT", Timeframe.M1, COLUMNS)], lambda: 0, now=START, plan=plan)


def klines(market: StandInVenue, steps: int) -> list[tuple[int, float, bool]]:
    """(minute, close, marked closed) of every kline event, -1 for a frame that is no JSON."""
    number = market.open("stream.binance.com:9443", Request("GET", "/ws", {}, {}), socket=True)
    assert number is not None
    market.received(number, b'{"method":"SUBSCRIBE","params":["btcusdt@kline_1m"],"id":1}')
    out = []
    for _ in range(steps):
        for _, message in market.step() or []:
            try:
                event = msgspec.json.decode(message)["k"]
            except msgspec.DecodeError:
                out.append((-1, 0.0, False))
                continue
            out.append(((event["t"] * 1_000_000 - START) // MINUTE, float(event["c"]), event["x"]))
    return out


def closed(market: StandInVenue, steps: int) -> list[int]:
    return [minute for minute, _, final in klines(market, steps) if final]


def test_a_clean_market_closes_every_bar_once_in_order() -> None:
    """The baseline of the tests below."""
    assert closed(venue(), 12) == list(range(12))


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        (Fault("gap", at_bar=3, bars=2), [0, 1, 4, 5, 6, 7]),
        (Fault("duplicate", at_bar=3, bars=2, count=2), [0, 1, 2, 2, 2, 3, 3, 3, 4, 5, 6, 7]),
        (Fault("reorder", at_bar=3), [0, 1, 3, 2, 4, 5, 6, 7]),
        (Fault("late_correction", at_bar=3), [0, 1, 2, 3, 2, 4, 5, 6, 7]),
        (Fault("silent", at_bar=3, bars=3), [0, 1, 5, 6, 7]),
        (Fault("unclosed", at_bar=3, bars=3), [0, 1, 5, 6, 7]),
        (Fault("malformed", at_bar=3), [0, 1, 3, 4, 5, 6, 7]),
    ],
    ids=lambda value: value.fault if isinstance(value, Fault) else "",
)
def test_a_stream_fault_does_what_its_name_says(fault: Fault, heard: list[int]) -> None:
    """Bars marked closed, as they arrive; a fault of a plan works on the bar of its step."""
    assert closed(venue(fault), 8) == heard


def test_a_frozen_feed_repeats_one_price_for_its_bars() -> None:
    """X17's fault: open = high = low = close for three bars, then the market moves again."""
    heard = {minute: close for minute, close, final in klines(venue(Fault("freeze", at_bar=3, bars=3)), 8) if final}
    assert heard[2] == heard[3] == heard[4]
    assert heard[5] == COLUMNS.close[5]


def test_a_correction_has_another_close_and_a_sound_bar() -> None:
    """The corrected bar differs in its close only upwards, and its high follows."""
    events = klines(venue(Fault("late_correction", at_bar=3)), 6)
    heard = [close for minute, close, final in events if minute == 2 and final]
    assert heard == [COLUMNS.close[2], round(float(COLUMNS.close[2]) * 1.001, 8)]


def test_a_gap_is_in_history_too_only_when_told() -> None:
    """With ``rest`` nobody has the bars any more."""
    query = {"symbol": "BTCUSDT", "interval": "1m", "limit": "50"}
    for rest, count in ((False, 6), (True, 4)):
        market = venue(Fault("gap", at_bar=2, bars=2, rest=rest))
        klines(market, 6)
        answer = market.answer("api.binance.com", Request("GET", "/api/v3/klines", query, {}))
        rows = [row for row in msgspec.json.decode(answer.body) if row[6] * 1_000_000 < market.market.now]
        assert len(rows) == count


def test_an_unknown_fault_or_field_is_refused_with_the_list() -> None:
    """By plan and by the control endpoint."""
    with pytest.raises(Misconfigured, match="late_correction"):
        venue(Fault("earthquake"))
    market = venue()
    for body in (b'{"fault":"earthquake"}', b'{"fault":"gap","length":3}', b"[]", b"nonsense", b'{"advance":"x"}'):
        answer, steps = market.control("POST", body)
        assert (answer.status, steps) == (400, 0)
    assert market.control("POST", b'{"advance":3}')[1] == 3


@settings(deadline=None)
@given(st.sampled_from(["binance", "coinbase", "kraken"]), st.one_of(st.binary(max_size=80), st.text(max_size=40)))
def test_no_message_of_a_client_breaks_the_stand_in(name: str, message: bytes | str) -> None:
    """Anything may be said; there is an answer or none, never an exception."""
    hosts = {
        "binance": "stream.binance.com:9443",
        "coinbase": "advanced-trade-ws.coinbase.com",
        "kraken": "ws.kraken.com",
    }
    market = venue()
    number = market.open(hosts[name], Request("GET", "/", {}, {}), socket=True)
    assert number is not None
    body = message if isinstance(message, bytes) else msgspec.json.encode({"method": message, "params": message})
    market.received(number, body)


@settings(deadline=None)
@given(st.data())
def test_no_request_breaks_the_stand_in(data: st.DataObject) -> None:
    """Any path with any query gets an HTTP answer."""
    market = venue()
    host = data.draw(st.sampled_from(market.hosts))
    paths = (
        *("/api/v3/klines", "/0/public/OHLC", "/query", "/v8/finance/chart/BTC-USDT", "/"),
        *("/v3/instruments/EUR_USD/candles", "/api/v3/brokerage/market/products/BTC-USDT/candles"),
    )
    keys = (
        *("symbol", "interval", "limit", "startTime", "pair", "since"),
        *("period1", "period2", "start", "end", "from", "count", "granularity"),
    )
    query = data.draw(st.dictionaries(st.sampled_from(keys), st.text(max_size=8), max_size=5))
    answer = market.answer(host, Request("GET", data.draw(st.sampled_from(paths)), query, {}))
    assert 200 <= answer.status < 600


FIELDS = (
    *("chart", "result", "error", "meta", "timestamp", "indicators", "quote", "open", "close", "candles", "time"),
    *("complete", "bid", "ask", "o", "Meta Data", "Time Series FX (5min)", "Note", "2024-01-01"),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=150)
@given(kind=st.sampled_from([Yahoo, AlphaVantage, Oanda]), document=json_values)
def test_any_payload_is_bars_or_a_named_error(kind: Any, document: Any) -> None:
    """FLT-06: a venue may answer anything at all; nothing but Tradewind's own errors comes out."""
    ask(kind, document, Timeframe.M5)


numbers = st.one_of(st.integers(-(10**15), 10**15), st.floats(), st.sampled_from([1.1, None]))
times = st.sampled_from(["2024-01-01T00:05:00.000000000Z", "2024-01-01 00:05:00", "0001-01-01", "9999-12-31T23:59:59Z"])
texts = st.one_of(st.text(max_size=6), st.sampled_from(["1.1", "1.1", "nan", "-1", "1e400"]))
stamps = st.one_of(st.sampled_from([START // 10**9, START // 10**9 + 300]), st.integers(-(10**14), 10**14))


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_a_right_envelope_with_wrong_contents_is_bars_or_a_named_error(data: st.DataObject) -> None:
    """The structure is the venue's, its leaves are anything."""
    rows = data.draw(st.integers(0, 3))

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return data.draw(st.lists(values, min_size=rows, max_size=rows))

    quote = {name: column(numbers) for name in ("open", "high", "low", "close", "volume")}
    zone = data.draw(st.sampled_from(["UTC", "Europe/London", "Nowhere/Land", "../etc", ""]))
    chart = {"meta": {"exchangeTimezoneName": zone}, "timestamp": column(stamps), "indicators": {"quote": [quote]}}
    sides = {side: {key: data.draw(texts) for key in "ohlc"} for side in ("bid", "ask")}
    candle = {"time": data.draw(times | texts), "complete": True, "volume": data.draw(st.integers(-5, 5)), **sides}
    prices = {key: data.draw(texts) for key in ("1. open", "2. high", "3. low", "4. close")}
    meta = {"6. Time Zone": data.draw(st.sampled_from(["UTC", "US/Eastern"]))}
    timeframe = data.draw(st.sampled_from([Timeframe.M5, Timeframe.D1]))
    ask(Yahoo, {"chart": {"result": [chart], "error": None}}, timeframe)
    ask(Oanda, {"instrument": "EUR_USD", "granularity": "M5", "candles": [candle] * rows}, timeframe)
    ask(AlphaVantage, {"Meta Data": meta, "Time Series FX": {data.draw(times | texts): prices}}, timeframe)


def ask(kind: Any, document: Any, timeframe: Timeframe) -> None:
    """Asks a provider whose venue answers everything with ``document``."""
    body = msgspec.json.encode(document)
    transport = InProcessTransport(lambda *_: Response(200, {"content-type": "application/json"}, body))
    names = ("ALPHA_VANTAGE_API_KEY", "OANDA_API_KEY", "OANDA_ACCOUNT_ID")
    provider = kind(ProviderSettings(secrets=dict.fromkeys(names, "x")), VirtualClock(START + DAY), transport)

    async def asked() -> None:
        try:
            bars = await provider.history("EUR/USD", timeframe, START, START + DAY)
        except TradewindError:
            return
        assert [bar.ts_open for bar in bars] == sorted({bar.ts_open for bar in bars})

    asyncio.run(asked())


async def test_an_acknowledged_market_waits_for_its_audience() -> None:
    """With --speed ack nothing passes before somebody has subscribed."""
    async with standing_in([Series("BTC/USDT", Timeframe.M1, COLUMNS)], now=START, bars_per_s="ack") as server:
        await asyncio.sleep(0.1)
        assert server.venue.market.steps == 0


def test_only_loopback_is_bound_unless_told() -> None:
    """An address others can reach is refused with the way to insist."""
    with pytest.raises(Misconfigured, match="--host"):
        StandInServer(venue(), WallClock(), TaskScheduler(), host="0.0.0.0")
    assert StandInServer(venue(), WallClock(), TaskScheduler(), host="0.0.0.0", exposed=True).host == "0.0.0.0"


def test_listing_providers_loads_no_exchange_and_no_frames() -> None:
    """ccxt, pandas and polars stay out of the process until a configured provider needs them."""
    code = (
        "import sys; from tradewind.adapters.market.providers import factories; factories(); "
        "print(sorted({'ccxt', 'pandas', 'polars', 'yfinance'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert out.stdout.strip() == "[]"
