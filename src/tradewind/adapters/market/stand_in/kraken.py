"""Kraken spot: REST ``/0/public`` and the web socket v2.

REST pairs have Kraken's own names (``XXBTZUSD``), the socket uses ``BTC/USD``. OHLC gives the last 720 bars whatever
``since`` says, the newest still forming; bars carry their open in seconds. The stream does not mark closed bars.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from tradewind.adapters.market.stand_in.market import CLOSE, StandInMarket, Tick, is_fx, trades_of
from tradewind.adapters.market.stand_in.shape import QuietShape, Request, Session, decimals, json_response, moment
from tradewind.model.bar import Bar
from tradewind.model.timeframe import MINUTE, SECOND, Timeframe
from tradewind.ports.transport import Response

_MAX_BARS = 720
_LEGACY = {"BTC": "XXBT", "ETH": "XETH", "XRP": "XXRP", "DOGE": "XXDG", "LTC": "XLTC", "USD": "ZUSD", "EUR": "ZEUR"}
_SHORT = {"BTC": "XBT", "DOGE": "XDG"}
_INTERVALS = {timeframe.ns // MINUTE: timeframe for timeframe in Timeframe}


class KrakenShape(QuietShape):
    """Public market data of Kraken."""

    hosts: tuple[str, ...] = ("api.kraken.com", "ws.kraken.com")

    def __init__(self, market: StandInMarket) -> None:
        self._market = market
        self._pairs = {_pair_id(name): name for name in market.symbols if not is_fx(name)}

    def answer(self, request: Request) -> Response:
        """``Time``, ``SystemStatus``, ``AssetPairs``, ``OHLC`` and ``Ticker``."""
        path = request.path.removeprefix("/0/public/")
        now = self._market.venue_time()
        if path == "Time":
            text = f"{datetime.fromtimestamp(now // SECOND, UTC):%a, %d %b %y %H:%M:%S +0000}"
            return _result({"unixtime": now // SECOND, "rfc1123": text})
        if path == "SystemStatus":
            return _result({"status": "online", "timestamp": moment(now, 0).replace(".Z", "Z")})
        if path == "AssetPairs":
            return _result({pair_id: self._pair(name) for pair_id, name in sorted(self._pairs.items())})
        found = self._named(request.query.get("pair", ""))
        if path not in ("OHLC", "Ticker"):
            return _failure("EGeneral:Unknown method")
        if found is None:
            return _failure("EQuery:Unknown asset pair")
        return self._ohlc(*found, request.query) if path == "OHLC" else _result({found[0]: self._ticker(found[1])})

    def greeting(self, session: Session) -> list[bytes]:
        """The status of the system."""
        state = {"version": "2.0.10", "system": "online", "api_version": "v2", "connection_id": 6447481662169813000}
        return [msgspec.json.encode({"channel": "status", "type": "update", "data": [state]})]

    def received(self, message: bytes, session: Session) -> list[bytes]:
        """``subscribe`` to ``ohlc`` or ``trade`` (acknowledged, then a snapshot), ``unsubscribe`` and ``ping``."""
        order = msgspec.json.decode(message)
        stamp = moment(self._market.venue_time(), 6)
        stamps = {"time_in": stamp, "time_out": stamp}
        number = {"req_id": order["req_id"]} if "req_id" in order else {}
        if order.get("method") == "ping":
            return [msgspec.json.encode({"method": "pong", **number, **stamps})]
        wanted = order.get("params", {})
        out: list[bytes] = []
        for symbol in wanted.get("symbol", []):
            problem = self._refusal(wanted, symbol)
            if problem:
                refused = {"error": problem, "method": order.get("method"), "success": False, "symbol": symbol}
                out.append(msgspec.json.encode({**refused, **stamps, **number}))
                continue
            channel, minutes = wanted["channel"], wanted.get("interval", 1)
            key = f"{channel}-{minutes}:{symbol}" if channel == "ohlc" else f"{channel}:{symbol}"
            result = {"channel": channel, "symbol": symbol, "snapshot": True}
            if channel == "ohlc":
                result["interval"] = minutes
            ack = {"method": order["method"], "result": result, "success": True, **stamps, **number}
            out.append(msgspec.json.encode(ack))
            if order["method"] == "unsubscribe":
                session.topics.pop(key, None)
            elif key not in session.topics:
                session.topics[key] = (channel, symbol, minutes)
                if channel == "ohlc":
                    bars = self._market.latest(symbol, _INTERVALS[minutes], 10)
                    out.append(self._bars("snapshot", bars))
        return out

    def told(self, tick: Tick, session: Session) -> list[bytes]:
        """The bar so far, or the trades behind it; nothing for a minute without trades."""
        out = []
        for channel, symbol, minutes in session.topics.values():
            if symbol != tick.symbol or (tick.bar.volume == 0.0 and tick.kind == CLOSE):
                continue
            if channel == "trade":
                out.append(self._trade(tick))
                continue
            timeframe = _INTERVALS[minutes]
            bar: Bar | None = tick.bar
            if timeframe != tick.bar.timeframe:
                bar = self._market.holding(symbol, timeframe, tick.bar.ts_open)
            if bar is not None:
                out.append(self._bars("update", [bar]))
        return out

    def heartbeat(self, session: Session) -> list[bytes]:
        """About once a second to everybody who subscribed to anything."""
        return [b'{"channel":"heartbeat"}'] if session.topics else []

    def _refusal(self, wanted: dict[str, Any], symbol: str) -> str:
        if wanted.get("channel") not in ("ohlc", "trade"):
            return f"channel {wanted.get('channel')} is not on the stand-in"
        if symbol not in self._pairs.values():
            return f"Currency pair not supported {symbol}"
        timeframe = _INTERVALS.get(wanted.get("interval", 1))
        if wanted["channel"] == "ohlc" and (timeframe is None or not self._market.offers(symbol, timeframe)):
            return "Ohlc interval not supported"
        return ""

    def _named(self, text: str) -> tuple[str, str] | None:
        for pair_id, name in self._pairs.items():
            if text in (pair_id, _altname(name)):
                return pair_id, name
        return None

    def _ohlc(self, pair_id: str, name: str, query: dict[str, str]) -> Response:
        timeframe = _INTERVALS.get(int(query.get("interval", "1")))
        if timeframe is None or not self._market.offers(name, timeframe):
            return _failure("EGeneral:Invalid arguments")
        bars = self._market.latest(name, timeframe, _MAX_BARS)
        since = int(query.get("since", "0")) * SECOND
        places = self._market.places(name)
        rows = [_row(bar, places) for bar in bars if bar.ts_open > since]
        last = bars[-2].ts_open if len(bars) > 1 else bars[-1].ts_open
        return _result({pair_id: rows, "last": last // SECOND})

    def _ticker(self, name: str) -> dict[str, Any]:
        day = self._market.latest(name, Timeframe.D1, 1)[0]
        places = self._market.places(name)
        price = decimals(day.close, places)
        volume = decimals(day.volume, 8)
        return {
            "a": [price, "1", "1.000"],
            "b": [price, "1", "1.000"],
            "c": [price, "0.00010000"],
            "v": [volume, volume],
            "p": [price, price],
            "t": [4, 4],
            "l": [decimals(day.low, places)] * 2,
            "h": [decimals(day.high, places)] * 2,
            "o": decimals(day.open, places),
        }

    def _bars(self, kind: str, bars: list[Bar]) -> bytes:
        data = [
            {
                "symbol": bar.symbol,
                "interval": bar.timeframe.ns // MINUTE,
                "interval_begin": moment(bar.ts_open, 9),
                "open": bar.open,
                "high": bar.high,
                "low": bar.low,
                "close": bar.close,
                "volume": bar.volume,
                "vwap": _vwap(bar),
                "trades": 4,
                "timestamp": moment(bar.ts_close, 6),
            }
            for bar in bars
        ]
        stamp = moment(self._market.venue_time(), 9)
        return msgspec.json.encode({"channel": "ohlc", "type": kind, "timestamp": stamp, "data": data})

    def _trade(self, tick: Tick) -> bytes:
        made = trades_of(tick.bar, tick.index)
        part = made[1:] if tick.kind == CLOSE else (made[0]._replace(size=tick.bar.volume),)
        data = [
            {
                "symbol": tick.symbol,
                "side": trade.side.lower(),
                "price": trade.price,
                "qty": trade.size,
                "ord_type": "market",
                "trade_id": trade.id,
                "timestamp": moment(trade.ts, 6),
            }
            for trade in part
        ]
        return msgspec.json.encode({"channel": "trade", "type": "update", "data": data})

    def _pair(self, name: str) -> dict[str, Any]:
        base, quote = name.split("/")
        places = self._market.places(name)
        return {
            "altname": _altname(name),
            "wsname": f"{_SHORT.get(base, base)}/{quote}",
            "aclass_base": "currency",
            "base": _LEGACY.get(base, base),
            "aclass_quote": "currency",
            "quote": _LEGACY.get(quote, quote),
            "lot": "unit",
            "cost_decimals": 5,
            "pair_decimals": places,
            "lot_decimals": 8,
            "lot_multiplier": 1,
            "leverage_buy": [2, 3],
            "leverage_sell": [2, 3],
            "fees": [[0, 0.4], [10000, 0.35]],
            "fees_maker": [[0, 0.25], [10000, 0.2]],
            "fee_volume_currency": "ZUSD",
            "margin_call": 80,
            "margin_stop": 40,
            "ordermin": "0.00005",
            "costmin": "0.5",
            "tick_size": decimals(10.0**-places, places),
            "status": "online",
            "long_position_limit": 80,
            "short_position_limit": 80,
        }


def _result(document: Any) -> Response:
    return json_response({"error": [], "result": document})


def _failure(reason: str) -> Response:
    return json_response({"error": [reason]})


def _row(bar: Bar, places: int) -> list[Any]:
    prices = [decimals(value, places) for value in (bar.open, bar.high, bar.low, bar.close, _vwap(bar))]
    return [bar.ts_open // SECOND, *prices, decimals(bar.volume, 8), 4 if bar.volume else 0]


def _vwap(bar: Bar) -> float:
    return round((bar.open + bar.high + bar.low + bar.close) / 4, 8) if bar.volume else 0.0


def _altname(name: str) -> str:
    base, quote = name.split("/")
    return f"{_SHORT.get(base, base)}{quote}"


def _pair_id(name: str) -> str:
    """Old coins against national money carry class letters (XXBTZUSD); everything else is written plainly."""
    base, quote = name.split("/")
    if base in _LEGACY and quote in _LEGACY:
        return _LEGACY[base] + _LEGACY[quote]
    return _altname(name)
