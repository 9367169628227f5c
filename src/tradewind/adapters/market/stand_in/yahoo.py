"""Yahoo's chart endpoint ``/v8/finance/chart/SYMBOL``: parallel arrays, nulls for missing values, caps by interval."""

from __future__ import annotations

from typing import Any

from tradewind.adapters.market.stand_in.market import StandInMarket, is_fx
from tradewind.adapters.market.stand_in.shape import QuietShape, Request, json_response
from tradewind.model.bar import Bar
from tradewind.model.timeframe import DAY, SECOND, Timeframe
from tradewind.ports.transport import Response

_REACH_DAYS = {"1m": 30, "5m": 60, "15m": 60, "30m": 60, "1h": 730, "60m": 730}
_PER_REQUEST_DAYS = {"1m": 8}
_INTERVALS = {"1m": Timeframe.M1, "5m": Timeframe.M5, "15m": Timeframe.M15, "30m": Timeframe.M30, "60m": Timeframe.H1}


class YahooShape(QuietShape):
    """Charts of currencies, gold (as the future GC=F) and coins."""

    hosts: tuple[str, ...] = ("query1.finance.yahoo.com", "query2.finance.yahoo.com")

    def __init__(self, market: StandInMarket) -> None:
        self._market = market
        self._tickers = {_ticker(name): name for name in market.symbols}

    def answer(self, request: Request) -> Response:
        """One chart."""
        ticker = request.path.removeprefix("/v8/finance/chart/")
        symbol = self._tickers.get(ticker)
        if symbol is None:
            return _refused(404, "Not Found", "No data found, symbol may be delisted")
        interval = request.query.get("interval", "1d")
        timeframe = _INTERVALS.get(interval) or next((one for one in Timeframe if one == interval), None)
        if timeframe is None or timeframe is Timeframe.H4 or not self._market.offers(symbol, timeframe):
            return _refused(422, "Unprocessable Entity", f"Invalid input - interval={interval} is not supported.")
        start, end = (int(request.query[name]) * SECOND for name in ("period1", "period2"))
        reach = _REACH_DAYS.get(interval)
        asked = f"startTime={start // SECOND} and endTime={end // SECOND}"
        if reach is not None and start < self._market.venue_time() - reach * DAY:
            limit = f"The requested range must be within the last {reach} days."
            return _refused(422, "Unprocessable Entity", f"{interval} data not available for {asked}. {limit}")
        if end - start > _PER_REQUEST_DAYS.get(interval, 100_000) * DAY:
            limit = f"Only {_PER_REQUEST_DAYS[interval]} days worth of data are allowed per request."
            return _refused(422, "Unprocessable Entity", f"{interval} data not available for {asked}. {limit}")
        bars = self._market.bars(symbol, timeframe, start, end)
        return json_response({"chart": {"result": [self._chart(ticker, symbol, interval, bars)], "error": None}})

    def _chart(self, ticker: str, symbol: str, interval: str, bars: list[Bar]) -> dict[str, Any]:
        last = self._market.last_bar(symbol)
        future = ticker.endswith("=F")
        meta = {
            "currency": symbol.split("/")[1],
            "symbol": ticker,
            "exchangeName": "CMX" if future else "CCY",
            "instrumentType": "FUTURE" if future else "CURRENCY",
            "firstTradeDate": 1_000_000_000,
            "regularMarketTime": self._market.venue_time() // SECOND,
            "gmtoffset": 0,
            "timezone": "UTC",
            "exchangeTimezoneName": "UTC",
            "regularMarketPrice": last.close,
            "chartPreviousClose": bars[0].open if bars else last.close,
            "priceHint": self._market.places(symbol),
            "dataGranularity": interval,
            "range": "",
            "validRanges": ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
        }
        quote = {
            "open": [bar.open for bar in bars],
            "high": [bar.high for bar in bars],
            "low": [bar.low for bar in bars],
            "close": [bar.close for bar in bars],
            "volume": [0 if is_fx(symbol) and not future else round(bar.volume) for bar in bars],
        }
        stamps = {"timestamp": [bar.ts_open // SECOND for bar in bars]} if bars else {}
        return {"meta": meta, **stamps, "indicators": {"quote": [quote if bars else {}]}}


def _ticker(symbol: str) -> str:
    if symbol == "XAU/USD":
        return "GC=F"
    return symbol.replace("/", "") + "=X" if is_fx(symbol) else symbol.replace("/", "-")


def _refused(status: int, code: str, text: str) -> Response:
    return json_response({"chart": {"result": None, "error": {"code": code, "description": text}}}, status)
