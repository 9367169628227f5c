"""Binance spot: REST ``/api/v3`` and the raw stream ``/ws``. Bars carry their open time, and their last millisecond."""

from __future__ import annotations

from typing import Any

import msgspec

from tradewind.adapters.market.stand_in.market import CLOSE, StandInMarket, Tick, is_fx
from tradewind.adapters.market.stand_in.shape import QuietShape, Request, Session, decimals, json_response
from tradewind.model.bar import Bar
from tradewind.model.timeframe import MINUTE, Timeframe
from tradewind.ports.transport import Response

_MS = 1_000_000
_MAX_KLINES = 1000


class BinanceShape(QuietShape):
    """Public market data of Binance spot."""

    hosts: tuple[str, ...] = ("api.binance.com", "stream.binance.com:9443")

    def __init__(self, market: StandInMarket) -> None:
        self._market = market
        self._symbols = {name.replace("/", ""): name for name in market.symbols if not is_fx(name)}

    def answer(self, request: Request) -> Response:
        """``ping``, ``time``, ``exchangeInfo``, ``klines`` and ``ticker/price``."""
        path = request.path.removeprefix("/api/v3/")
        if path == "ping":
            return json_response({})
        if path == "time":
            return json_response({"serverTime": self._market.venue_time() // _MS})
        if path == "exchangeInfo":
            return json_response(self._exchange_info())
        if path not in ("klines", "ticker/price"):
            return json_response({"code": -1000, "msg": "no such path on the stand-in"}, 404)
        symbol = self._symbols.get(request.query.get("symbol", ""))
        if symbol is None:
            return json_response({"code": -1121, "msg": "Invalid symbol."}, 400)
        if path == "ticker/price":
            price = decimals(self._market.last_bar(symbol).close, 8)
            return json_response({"symbol": request.query["symbol"], "price": price})
        return self._klines(symbol, request.query)

    def received(self, message: bytes, session: Session) -> list[bytes]:
        """SUBSCRIBE and UNSUBSCRIBE of ``<symbol>@kline_<interval>``."""
        order = msgspec.json.decode(message)
        for name in order.get("params", []):
            market_id, _, channel = str(name).partition("@")
            symbol = self._symbols.get(market_id.upper())
            timeframe = _timeframe(channel.removeprefix("kline_"))
            if order.get("method") == "UNSUBSCRIBE":
                session.topics.pop(name, None)
            elif symbol is not None and timeframe is not None and self._market.offers(symbol, timeframe):
                session.topics[name] = (symbol, timeframe)
        return [msgspec.json.encode({"result": None, "id": order.get("id")})]

    def told(self, tick: Tick, session: Session) -> list[bytes]:
        """A kline event for every subscription of the tick's symbol."""
        out = []
        for symbol, timeframe in session.topics.values():
            if symbol != tick.symbol:
                continue
            bar: Bar | None = tick.bar
            if timeframe != tick.bar.timeframe:
                bar = self._market.holding(symbol, timeframe, tick.bar.ts_open)
            if bar is None:
                continue
            closed = tick.final and tick.kind == CLOSE and bar.ts_close <= tick.ts
            out.append(msgspec.json.encode(self._event(bar, closed, tick)))
        return out

    def _klines(self, symbol: str, query: dict[str, str]) -> Response:
        timeframe = _timeframe(query.get("interval", ""))
        if timeframe is None or not self._market.offers(symbol, timeframe):
            return json_response({"code": -1120, "msg": "Invalid interval."}, 400)
        limit = min(int(query.get("limit", "500")), _MAX_KLINES)
        end = int(query["endTime"]) * _MS + 1 if "endTime" in query else self._market.now + 1
        if "startTime" in query:
            bars = self._market.bars(symbol, timeframe, int(query["startTime"]) * _MS, end, limit)
        elif "endTime" in query:
            bars = self._market.bars(symbol, timeframe, end - limit * timeframe.ns, end)
        else:
            bars = self._market.latest(symbol, timeframe, limit)
        return json_response([_kline(bar) for bar in bars])

    def _event(self, bar: Bar, closed: bool, tick: Tick) -> dict[str, Any]:
        market_id = bar.symbol.replace("/", "")
        count = 4 * (bar.timeframe.ns // tick.bar.timeframe.ns)
        quote = bar.volume * (bar.open + bar.close) / 2
        return {
            "e": "kline",
            "E": tick.ts // _MS,
            "s": market_id,
            "k": {
                "t": bar.ts_open // _MS,
                "T": bar.ts_close // _MS - 1,
                "s": market_id,
                "i": bar.timeframe.value,
                "f": tick.index * 4 + 1,
                "L": tick.index * 4 + 4,
                "o": decimals(bar.open, 8),
                "c": decimals(bar.close, 8),
                "h": decimals(bar.high, 8),
                "l": decimals(bar.low, 8),
                "v": decimals(bar.volume, 8),
                "n": count,
                "x": closed,
                "q": decimals(quote, 8),
                "V": decimals(bar.volume / 2, 8),
                "Q": decimals(quote / 2, 8),
                "B": "0",
            },
        }

    def _exchange_info(self) -> dict[str, Any]:
        limit = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000}
        return {
            "timezone": "UTC",
            "serverTime": self._market.venue_time() // _MS,
            "rateLimits": [limit],
            "exchangeFilters": [],
            "symbols": [self._symbol(market_id, name) for market_id, name in sorted(self._symbols.items())],
            "sors": [],
        }

    def _symbol(self, market_id: str, name: str) -> dict[str, Any]:
        base, quote = name.split("/")
        tick = decimals(10.0 ** -self._market.places(name), 8)
        price_filter = {
            "filterType": "PRICE_FILTER",
            "minPrice": tick,
            "maxPrice": "1000000.00000000",
            "tickSize": tick,
        }
        lot = {"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"}
        return {
            "symbol": market_id,
            "status": "TRADING",
            "baseAsset": base,
            "baseAssetPrecision": 8,
            "quoteAsset": quote,
            "quotePrecision": 8,
            "quoteAssetPrecision": 8,
            "baseCommissionPrecision": 8,
            "quoteCommissionPrecision": 8,
            "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"],
            "icebergAllowed": True,
            "ocoAllowed": True,
            "otoAllowed": True,
            "opoAllowed": True,
            "quoteOrderQtyMarketAllowed": True,
            "allowTrailingStop": False,
            "cancelReplaceAllowed": False,
            "amendAllowed": False,
            "pegInstructionsAllowed": True,
            "isSpotTradingAllowed": True,
            "isMarginTradingAllowed": False,
            "filters": [price_filter, lot],
            "permissions": [],
            "permissionSets": [["SPOT"]],
            "defaultSelfTradePreventionMode": "NONE",
            "allowedSelfTradePreventionModes": ["NONE"],
        }


def _kline(bar: Bar) -> list[Any]:
    quote = bar.volume * (bar.open + bar.close) / 2
    return [
        bar.ts_open // _MS,
        decimals(bar.open, 8),
        decimals(bar.high, 8),
        decimals(bar.low, 8),
        decimals(bar.close, 8),
        decimals(bar.volume, 8),
        bar.ts_close // _MS - 1,
        decimals(quote, 8),
        4 * max(1, bar.timeframe.ns // MINUTE),
        decimals(bar.volume / 2, 8),
        decimals(quote / 2, 8),
        "0",
    ]


def _timeframe(text: str) -> Timeframe | None:
    return next((one for one in Timeframe if one == text), None)
