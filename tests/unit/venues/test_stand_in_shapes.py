"""The stand-in's messages have the field names, types and nesting of the venues' own, as far as payloads are at hand.

Every difference is listed in ``EXCEPTIONS`` and named in docs/stand-in-venue.md; one that is no longer there fails too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.fakes.venue import START, made_up
from tests.shared_data import shared
from tradewind.adapters.market.stand_in.market import Series
from tradewind.adapters.market.stand_in.shape import Keys, Request
from tradewind.adapters.market.stand_in.venue import StandInVenue
from tradewind.model.timeframe import MINUTE, Timeframe

KEYS = Keys()
BINANCE, COINBASE, KRAKEN, OANDA = "api.binance.com", "api.coinbase.com", "api.kraken.com", "api-fxpractice.oanda.com"
SOCKETS = {
    "binance": "stream.binance.com:9443",
    "coinbase": "advanced-trade-ws.coinbase.com",
    "kraken": "ws.kraken.com",
}
ACCOUNT = f"/v3/accounts/{KEYS.account}"

EXCEPTIONS = {
    "binance/spot/http_json/exchange_info_response.json": {
        "rateLimits[]: extra",
        "symbols[].filters[]: extra",
        "sors[]: missing",
    },
    "kraken/ws_ohlc_update.json": {"timestamp: extra", "data[].timestamp: extra"},
    "kraken/ws_subscribe_response.json": {"result.interval: extra"},
    "coinbase/ws_subscriptions.json": {"events[].subscriptions.level2: missing"},
    "coinbase/http_products.json": {"products[].alias_to[]: missing"},
    "coinbase/http_product.json": {"alias_to[]: missing"},
}


@pytest.fixture
def venue() -> StandInVenue:
    series = [
        Series("BTC/USDT", Timeframe.M1, made_up(2000, Timeframe.M1)),
        Series("BTC/USD", Timeframe.M1, made_up(2000, Timeframe.M1)),
        Series("EUR/USD", Timeframe.M1, made_up(2000, Timeframe.M1, first=1.1, places=5)),
    ]
    return StandInVenue(series, lambda: 0, now=START + 1500 * MINUTE, keys=KEYS)


def differences(real: Any, ours: Any, path: str = "") -> Iterator[str]:
    """Where the structure of ``ours`` is not that of ``real``: ``path: missing``, ``: extra`` or two type names."""
    if isinstance(real, dict) and isinstance(ours, dict):
        for key in sorted({*real, *ours}):
            place = f"{path}.{key}" if path else key
            if key not in ours:
                yield f"{place}: missing"
            elif key not in real:
                yield f"{place}: extra"
            else:
                yield from differences(real[key], ours[key], place)
    elif isinstance(real, list) and isinstance(ours, list):
        if bool(real) != bool(ours):
            yield f"{path}[]: {'missing' if real else 'extra'}"
        elif real and _is_row(real):
            if len(real) != len(ours):
                yield f"{path}[]: {len(ours)} columns instead of {len(real)}"
            for place, (one, other) in enumerate(zip(real, ours, strict=False)):
                yield from differences(one, other, f"{path}[{place}]")
        elif real:
            for other in ours:
                yield from differences(real[0], other, f"{path}[]")
    elif _kind(real) != _kind(ours):
        yield f"{path}: {_kind(ours)} instead of {_kind(real)}"


def _is_row(values: list[Any]) -> bool:
    return len({_kind(value) for value in values}) > 1


def _kind(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(type(value).__name__)
    return "number" if isinstance(value, int | float) else type(value).__name__


def recorded(name: str) -> Any:
    return msgspec.json.decode(Path(shared(f"data/api/{name}")).read_bytes())


def compare(name: str, real: Any, ours: Any) -> None:
    assert set(differences(real, ours)) == EXCEPTIONS.get(name, set())


def get(venue: StandInVenue, host: str, path: str, **query: str) -> Any:
    headers = {"authorization": f"Bearer {KEYS.accepted}", "cb-access-key": KEYS.accepted}
    answer = venue.answer(host, Request("GET", path, query, headers))
    assert answer.status == 200, answer.body
    return msgspec.json.decode(answer.body)


@pytest.mark.parametrize(
    ("name", "path", "query"),
    [
        ("ping_response", "/api/v3/ping", {}),
        ("server_time_response", "/api/v3/time", {}),
        ("exchange_info_response", "/api/v3/exchangeInfo", {}),
        ("klines_response", "/api/v3/klines", {"symbol": "BTCUSDT", "interval": "1m"}),
        ("ticker_price_response", "/api/v3/ticker/price", {"symbol": "BTCUSDT"}),
    ],
)
def test_binance_rest_has_binance_fields(venue: StandInVenue, name: str, path: str, query: dict[str, str]) -> None:
    """REST of Binance spot."""
    file = f"binance/spot/http_json/{name}.json"
    compare(file, recorded(file), get(venue, BINANCE, path, **query))


@pytest.mark.parametrize(
    ("name", "path", "query"),
    [
        ("http_server_time", "/0/public/Time", {}),
        ("http_system_status", "/0/public/SystemStatus", {}),
        ("http_asset_pairs", "/0/public/AssetPairs", {}),
        ("http_ohlc", "/0/public/OHLC", {"pair": "XBTUSDT", "interval": "1"}),
        ("http_ticker", "/0/public/Ticker", {"pair": "XBTUSDT"}),
    ],
)
def test_kraken_rest_has_kraken_fields(venue: StandInVenue, name: str, path: str, query: dict[str, str]) -> None:
    """REST of Kraken; AssetPairs lists all pairs there, so only the recorded one is compared."""
    ours = get(venue, KRAKEN, path, **query)
    if name == "http_asset_pairs":
        ours["result"] = {"XBTUSDT": ours["result"]["XBTUSDT"]}
    compare(f"kraken/{name}.json", recorded(f"kraken/{name}.json"), ours)


@pytest.mark.parametrize(
    ("name", "path", "query"),
    [
        ("http_candles", "/candles", {"granularity": "ONE_MINUTE"}),
        ("http_product", "", {}),
        ("http_products", None, {}),
        ("http_ticker", "/ticker", {}),
    ],
)
def test_coinbase_rest_has_coinbase_fields(
    venue: StandInVenue, name: str, path: str | None, query: dict[str, str]
) -> None:
    """REST of Coinbase Advanced Trade."""
    base = "/api/v3/brokerage/market/products"
    span = {"start": str(START // 10**9), "end": str(START // 10**9 + 600)} if path == "/candles" else {}
    ours = get(venue, COINBASE, base if path is None else f"{base}/BTC-USD{path}", **query, **span)
    compare(f"coinbase/{name}.json", recorded(f"coinbase/{name}.json"), ours)


@pytest.mark.parametrize(
    ("name", "path", "query"),
    [
        ("instruments_v3_instruments_instrument_candles", "/v3/instruments/EUR_USD/candles", {"granularity": "M1"}),
        ("pricing_v3_accounts_accountID_pricing", f"{ACCOUNT}/pricing", {"instruments": "EUR_USD"}),
        ("accounts_v3_accounts", "/v3/accounts", {}),
        ("accounts_v3_account_by_accountID_instruments", f"{ACCOUNT}/instruments", {}),
    ],
)
def test_oanda_rest_has_oanda_fields(venue: StandInVenue, name: str, path: str, query: dict[str, str]) -> None:
    """REST of OANDA v20, against replies of a practice account."""
    file = f"oanda_v20/{name}.json"
    compare(file, recorded(file)["response"], get(venue, OANDA, path, **query))


def opened(venue: StandInVenue, name: str) -> int:
    number = venue.open(SOCKETS[name], Request("GET", "/ws", {}, {}), socket=True)
    assert number is not None
    return number


def say(venue: StandInVenue, number: int, message: object) -> list[Any]:
    return [msgspec.json.decode(one) for one in venue.received(number, msgspec.json.encode(message))]


def hear(venue: StandInVenue) -> list[Any]:
    heard = venue.step()
    assert heard is not None
    return [msgspec.json.decode(message) for _, message in heard]


def test_binance_stream_has_binance_fields(venue: StandInVenue) -> None:
    """Subscription answer as recorded; kline events open and closed (the payload at hand is the futures one)."""
    number = opened(venue, "binance")
    dialogue = recorded("ccxt_ws/binance_mini_ticker.json")
    ack = say(venue, number, {"method": "SUBSCRIBE", "params": ["btcusdt@kline_1m"], "id": 1})
    compare("", dialogue["messages"][0], ack[0])
    closed, formed = hear(venue)
    for ours, kind in ((closed, "closed"), (formed, "open")):
        file = f"binance/futures/market_data_json/kline_stream_{kind}.json"
        compare(file, recorded(file), ours)
        assert ours["k"]["x"] == recorded(file)["k"]["x"]


def test_kraken_stream_has_kraken_fields(venue: StandInVenue) -> None:
    """Acknowledgement, bars, trades and pong of the socket v2."""
    number = opened(venue, "kraken")
    wish = {"channel": "ohlc", "symbol": ["BTC/USD"], "interval": 1}
    ack, snapshot = say(venue, number, {"method": "subscribe", "params": wish, "req_id": 1})
    compare("kraken/ws_subscribe_response.json", recorded("kraken/ws_subscribe_response.json"), ack)
    assert snapshot["type"] == "snapshot"
    bars = next(message for message in hear(venue) if message["channel"] == "ohlc")
    compare("kraken/ws_ohlc_update.json", recorded("kraken/ws_ohlc_update.json"), bars)
    say(venue, number, {"method": "subscribe", "params": {"channel": "trade", "symbol": ["BTC/USD"]}})
    trades = next(message for message in hear(venue) if message["channel"] == "trade")
    compare("kraken/ws_trade_update.json", recorded("kraken/ws_trade_update.json"), trades)
    pong = say(venue, number, {"method": "ping", "req_id": 42})[0]
    compare("kraken/ws_pong.json", recorded("kraken/ws_pong.json"), pong)


def test_coinbase_stream_has_coinbase_fields(venue: StandInVenue) -> None:
    """Subscriptions, trades, candles and heartbeats."""
    number = opened(venue, "coinbase")
    wish = {"type": "subscribe", "product_ids": ["BTC-USD"]}
    snapshot, listed = say(venue, number, {**wish, "channel": "market_trades"})
    assert snapshot["events"][0]["type"] == "snapshot"
    compare("coinbase/ws_subscriptions.json", recorded("coinbase/ws_subscriptions.json"), listed)
    trades = hear(venue)[0]
    compare("coinbase/ws_market_trades.json", recorded("coinbase/ws_market_trades.json"), trades)
    say(venue, number, {**wish, "channel": "candles"})
    candles = next(message for message in hear(venue) if message["channel"] == "candles")
    compare("coinbase/ws_candles.json", recorded("coinbase/ws_candles.json"), candles)
    say(venue, number, {**wish, "channel": "heartbeats"})
    beat = msgspec.json.decode(venue.heartbeats()[0][1])
    compare("coinbase/ws_heartbeats.json", recorded("coinbase/ws_heartbeats.json"), beat)


def test_oanda_stream_has_oanda_fields(venue: StandInVenue) -> None:
    """PRICE and HEARTBEAT lines of the pricing stream."""
    lines = recorded("oanda_v20/pricing_v3_accounts_accountID_pricing_stream.json")["response"]
    headers = {"authorization": f"Bearer {KEYS.accepted}"}
    request = Request("GET", f"{ACCOUNT}/pricing/stream", {"instruments": "EUR_USD"}, headers)
    number = venue.open("stream-fxpractice.oanda.com", request, socket=False)
    assert number is not None
    first = msgspec.json.decode(venue.greeting(number)[0])
    compare("", next(line for line in lines if line["type"] == "PRICE"), first)
    compare("", next(line for line in lines if line["type"] == "PRICE"), hear(venue)[0])
    beat = msgspec.json.decode(venue.heartbeats()[0][1])
    compare("", next(line for line in lines if line["type"] == "HEARTBEAT"), beat)


def test_every_exception_is_named_in_the_documentation() -> None:
    """A user can read where the stand-in differs from the venue."""
    page = (Path(__file__).parents[3] / "docs" / "stand-in-venue.md").read_text()
    for name, places in EXCEPTIONS.items():
        for place in places:
            field = place.split(":", 1)[0]
            assert f"`{field}`" in page, f"{name}: {field}"


def test_the_comparison_notices_what_differs() -> None:
    """The check itself: a missing field, an extra one, text for a number, a shorter row."""
    real = {"a": 1, "b": [["x", 1, None]], "c": "1"}
    assert list(differences(real, real)) == []
    ours = {"a": "1", "b": [["x", 1]], "d": True}
    assert set(differences(real, ours)) == {
        "a: str instead of number",
        "b[][]: 2 columns instead of 3",
        "c: missing",
        "d: extra",
    }
