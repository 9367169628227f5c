"""OANDA v20: REST ``/v3`` and the pricing stream, with its heartbeat every five seconds.

Candles carry their open, bid and ask, a ``complete`` flag and a tick count. The stand-in's bars are bids; asks are the
bid plus the bar's spread. Bars of 4h and a day are aligned to 17:00 New York, as the request's defaults ask for.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tradewind.adapters.market.stand_in.market import CLOSE, StandInMarket, Tick, is_fx, trades_of
from tradewind.adapters.market.stand_in.shape import Keys, QuietShape, Request, Session, decimals, json_response, moment
from tradewind.model.bar import Bar
from tradewind.model.timeframe import SECOND, Timeframe
from tradewind.ports.transport import Response

_GRANULARITY = {
    "M1": Timeframe.M1,
    "M5": Timeframe.M5,
    "M15": Timeframe.M15,
    "M30": Timeframe.M30,
    "H1": Timeframe.H1,
    "H4": Timeframe.H4,
    "D": Timeframe.D1,
}
_MAX_CANDLES = 5000
_DEPTH = 10_000_000


class OandaShape(QuietShape):
    """Accounts, instruments, candles and prices of a practice account."""

    hosts: tuple[str, ...] = (
        "api-fxpractice.oanda.com",
        "stream-fxpractice.oanda.com",
        "api-fxtrade.oanda.com",
        "stream-fxtrade.oanda.com",
    )

    def __init__(self, market: StandInMarket, keys: Keys) -> None:
        self._market = market
        self._keys = keys
        self._names = {name.replace("/", "_"): name for name in market.symbols if is_fx(name)}

    def answer(self, request: Request) -> Response:
        """What a token may read; everything else is refused with OANDA's words."""
        if not self._admitted(request):
            problem = "Insufficient authorization to perform request."
            return json_response({"errorMessage": problem}, 401)
        parts = request.path.strip("/").split("/")
        account = f"v3/accounts/{self._keys.account}"
        if parts == ["v3", "accounts"]:
            return json_response({"accounts": [{"id": self._keys.account, "tags": []}]})
        if request.path == f"/{account}/instruments":
            found = [self._instrument(name) for name in sorted(self._names)]
            return json_response({"instruments": found, "lastTransactionID": "1"})
        if request.path == f"/{account}/pricing":
            return self._pricing(request.query)
        if parts[:2] == ["v3", "instruments"] and parts[3:] == ["candles"]:
            return self._candles(parts[2], request.query)
        return json_response({"errorMessage": "Invalid value specified for 'accountID'"}, 400)

    def opens(self, request: Request) -> Session | None:
        """The pricing stream of the accepted account."""
        if request.path != f"/v3/accounts/{self._keys.account}/pricing/stream" or not self._admitted(request):
            return None
        wanted = request.query.get("instruments", "").split(",")
        return Session(request.path, {name: self._names[name] for name in wanted if name in self._names})

    def greeting(self, session: Session) -> list[bytes]:
        """The current price of every instrument asked for."""
        return [
            self._price(name, self._market.last_bar(symbol), self._market.venue_time(), None)
            for name, symbol in session.topics.items()
        ]

    def told(self, tick: Tick, session: Session) -> list[bytes]:
        """A price for every trade of the tick."""
        name = tick.symbol.replace("/", "_")
        if name not in session.topics:
            return []
        made = trades_of(tick.bar, tick.index)
        part = made[1:] if tick.kind == CLOSE else made[:1]
        return [self._price(name, tick.bar, trade.ts, trade.price) for trade in part]

    def heartbeat(self, session: Session) -> list[bytes]:
        """``HEARTBEAT`` with the venue's time."""
        return [msgspec.json.encode({"type": "HEARTBEAT", "time": moment(self._market.venue_time(), 9)})]

    def _admitted(self, request: Request) -> bool:
        return request.headers.get("authorization", "") == f"Bearer {self._keys.accepted}"

    def _candles(self, name: str, query: dict[str, str]) -> Response:
        symbol = self._names.get(name)
        timeframe = _GRANULARITY.get(query.get("granularity", "S5"))
        if symbol is None:
            return json_response({"errorMessage": "Invalid value specified for 'instrument'"}, 400)
        if timeframe is None or not self._market.offers(symbol, timeframe):
            return json_response({"errorMessage": "Invalid value specified for 'granularity'"}, 400)
        count = int(query.get("count", "500"))
        if count > _MAX_CANDLES:
            problem = "Maximum value for 'count' exceeded"
            return json_response({"errorMessage": problem}, 400)
        end = _instant(query["to"]) if "to" in query else self._market.now + 1
        if "from" in query:
            start = _instant(query["from"])
            if start > self._market.now:
                problem = "Invalid value specified for 'from'. Time is in the future"
                return json_response({"errorMessage": problem}, 400)
            bars = self._market.bars(symbol, timeframe, start, end, None if "to" in query else count)
        else:
            bars = self._market.latest(symbol, timeframe, count)
        sides = query.get("price", "M")
        candles = [self._candle(bar, sides) for bar in bars]
        return json_response({"instrument": name, "granularity": query["granularity"], "candles": candles})

    def _candle(self, bar: Bar, sides: str) -> dict[str, Any]:
        spread = bar.spread or 0.0
        shift = {"B": ("bid", 0.0), "M": ("mid", spread / 2), "A": ("ask", spread)}
        candle: dict[str, Any] = {
            "complete": bar.ts_close <= self._market.now,
            "volume": round(bar.volume),
            "time": moment(bar.ts_open, 9),
        }
        places = self._places(bar.symbol)
        for side in sides:
            name, distance = shift[side]
            prices = (("o", bar.open), ("h", bar.high), ("l", bar.low), ("c", bar.close))
            candle[name] = {key: decimals(price + distance, places) for key, price in prices}
        return candle

    def _pricing(self, query: dict[str, str]) -> Response:
        prices = []
        for name in query.get("instruments", "").split(","):
            if name not in self._names:
                return json_response({"errorMessage": "Invalid value specified for 'instruments'"}, 400)
            bar = self._market.last_bar(self._names[name])
            document = self._document(name, bar, self._market.venue_time(), None)
            factors = {"negativeUnits": "1.00000000", "positiveUnits": "1.00000000"}
            both = {"short": "100000", "long": "100000"}
            available = dict.fromkeys(("default", "openOnly", "reduceFirst"), both)
            units = {**available, "reduceOnly": {"short": "0", "long": "0"}}
            prices.append({**document, "quoteHomeConversionFactors": factors, "unitsAvailable": units})
        return json_response({"prices": prices})

    def _price(self, name: str, bar: Bar, ts: int, bid: float | None) -> bytes:
        return msgspec.json.encode({**self._document(name, bar, ts, bid), "type": "PRICE"})

    def _document(self, name: str, bar: Bar, ts: int, bid: float | None) -> dict[str, Any]:
        places = self._places(bar.symbol)
        price = bar.close if bid is None else bid
        low, high = decimals(price, places), decimals(price + (bar.spread or 0.0), places)
        return {
            "status": "tradeable",
            "asks": [{"price": high, "liquidity": _DEPTH}],
            "closeoutBid": low,
            "bids": [{"price": low, "liquidity": _DEPTH}],
            "instrument": name,
            "time": moment(ts, 9),
            "closeoutAsk": high,
        }

    def _instrument(self, name: str) -> dict[str, Any]:
        metal = name.startswith("XA")
        return {
            "minimumTradeSize": "1",
            "displayName": name.replace("_", "/"),
            "name": name,
            "displayPrecision": self._places(self._names[name]),
            "type": "METAL" if metal else "CURRENCY",
            "minimumTrailingStopDistance": "0.00050",
            "marginRate": "0.05",
            "maximumOrderUnits": "100000000",
            "tradeUnitsPrecision": 0,
            "pipLocation": -2 if metal or name.endswith("JPY") else -4,
            "maximumPositionSize": "0",
            "maximumTrailingStopDistance": "1.00000",
        }

    def _places(self, symbol: str) -> int:
        return max(self._market.places(symbol), 3 if symbol.endswith("JPY") or symbol.startswith("XA") else 5)


def _instant(text: str) -> int:
    """UTC nanoseconds of an RFC 3339 time or of UNIX seconds."""
    try:
        return round(float(text) * SECOND)
    except ValueError:
        whole, _, rest = text.removesuffix("Z").partition(".")
        seconds = int(datetime.fromisoformat(whole + "+00:00").timestamp())
        return seconds * SECOND + int(rest[:9].ljust(9, "0") or 0)
