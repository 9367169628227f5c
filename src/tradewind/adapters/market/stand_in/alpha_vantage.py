"""Alpha Vantage ``/query``: FX_INTRADAY and FX_DAILY; every refusal is a 200 with a sentence in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tradewind.adapters.market.stand_in.market import StandInMarket, is_fx
from tradewind.adapters.market.stand_in.shape import Keys, QuietShape, Request, json_response
from tradewind.model.timeframe import DAY, MINUTE, SECOND, Timeframe
from tradewind.ports.transport import Response

_COMPACT = 100
_INTRADAY_DAYS = 30


class AlphaVantageShape(QuietShape):
    """Currency series."""

    hosts: tuple[str, ...] = ("www.alphavantage.co",)

    def __init__(self, market: StandInMarket, keys: Keys) -> None:
        self._market = market
        self._keys = keys
        self._symbols = {name for name in market.symbols if is_fx(name)}

    def answer(self, request: Request) -> Response:
        """One series, newest first."""
        query = request.query
        if query.get("apikey") != self._keys.accepted:
            problem = "the parameter apikey is invalid or missing. Please claim your free API key."
            return json_response({"Error Message": problem})
        symbol = f"{query.get('from_symbol')}/{query.get('to_symbol')}"
        timeframe = _timeframe(query)
        if symbol not in self._symbols or timeframe is None or not self._market.offers(symbol, timeframe):
            problem = f"Invalid API call. Please retry or visit the documentation for {query.get('function')}."
            return json_response({"Error Message": problem})
        full = query.get("outputsize") == "full"
        bars = self._market.latest(symbol, timeframe, _COMPACT)
        if full:
            daily = timeframe is Timeframe.D1
            since = 0 if daily else self._market.now - _INTRADAY_DAYS * DAY
            bars = self._market.bars(symbol, timeframe, since, self._market.now + 1)
        form = "%Y-%m-%d" if timeframe is Timeframe.D1 else "%Y-%m-%d %H:%M:%S"
        series = {
            f"{datetime.fromtimestamp(bar.ts_open // SECOND, UTC):{form}}": {
                "1. open": f"{bar.open:.5f}",
                "2. high": f"{bar.high:.5f}",
                "3. low": f"{bar.low:.5f}",
                "4. close": f"{bar.close:.5f}",
            }
            for bar in reversed(bars)
        }
        return json_response(self._document(query, timeframe, series))

    def refused(self, refusal: Response) -> Response:
        """A rate limit is a polite note under status 200."""
        if refusal.status != 429:
            return refusal
        note = "Thank you for using Alpha Vantage! Our standard API rate limit is 25 requests per day."
        return json_response({"Information": note})

    def _document(self, query: dict[str, str], timeframe: Timeframe, series: dict[str, Any]) -> dict[str, Any]:
        newest = next(iter(series), "")
        size = "Full size" if query.get("outputsize") == "full" else "Compact"
        common = {"2. From Symbol": query["from_symbol"], "3. To Symbol": query["to_symbol"]}
        if timeframe is Timeframe.D1:
            meta = {"1. Information": "Forex Daily Prices (open, high, low, close)", **common}
            meta |= {"4. Output Size": size, "5. Last Refreshed": newest, "6. Time Zone": "UTC"}
            return {"Meta Data": meta, "Time Series FX (Daily)": series}
        interval = query["interval"]
        meta = {"1. Information": f"FX Intraday ({interval}) Time Series", **common, "4. Last Refreshed": newest}
        meta |= {"5. Interval": interval, "6. Output Size": size, "7. Time Zone": "UTC"}
        return {"Meta Data": meta, f"Time Series FX ({interval})": series}


def _timeframe(query: dict[str, str]) -> Timeframe | None:
    if query.get("function") == "FX_DAILY":
        return Timeframe.D1
    minutes = query.get("interval", "").removesuffix("min")
    if query.get("function") != "FX_INTRADAY" or not minutes.isdigit():
        return None
    return next((one for one in Timeframe if one.ns == int(minutes) * MINUTE and one.ns < DAY / 6), None)
