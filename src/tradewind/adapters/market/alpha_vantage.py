"""Alpha Vantage: FX_INTRADAY and FX_DAILY.

Time stamps: a bar carries its open in UTC (the reply names its zone; another one is refused); a daily bar is the UTC
date. Prices are mid, there is no volume and no spread. Every refusal is a 200 whose JSON holds a sentence.
Reference: alphavantage.co/documentation, "Foreign Exchange Rates (FX)".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tradewind.adapters.market.provider_settings import NS, ProviderSettings
from tradewind.adapters.market.rest_venue import RestVenue
from tradewind.adapters.market.venue_http import decoded, plausible
from tradewind.errors import Corrupt, Misconfigured, Retryable, Unavailable
from tradewind.model.bar import Bar
from tradewind.model.timeframe import DAY, MINUTE, Timeframe
from tradewind.ports.clock import Clock
from tradewind.ports.market import Capabilities, MarketProvider
from tradewind.ports.transport import Transport

_KEY = "ALPHA_VANTAGE_API_KEY"
_URL = "https://www.alphavantage.co/query"
_INTRADAY = (Timeframe.M1, Timeframe.M5, Timeframe.M15, Timeframe.M30, Timeframe.H1)
_INTRADAY_DAYS = 30
_COMPACT = 100
_RATE_WAIT_S = 60.0
_PRICES = ("1. open", "2. high", "3. low", "4. close")
_LIMITED = ("Thank you for using", "rate limit", "call frequency", "requests per day")


class AlphaVantage(RestVenue):
    """Currencies and metals, last 30 days intraday, decades of days. No stream: poll it, the free key sparingly."""

    def __init__(self, settings: ProviderSettings, clock: Clock, transport: Transport) -> None:
        capabilities = Capabilities(
            timeframes=(*_INTRADAY, Timeframe.D1),
            needs_key=(_KEY,),
            history_days={timeframe.value: _INTRADAY_DAYS for timeframe in _INTRADAY},
            asset_classes=("fx", "metal"),
            requests_per_minute=5,
        )
        super().__init__("alphavantage", settings, clock, transport, capabilities)

    async def history(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> Sequence[Bar]:
        """One request a series: there is no paging, ``outputsize=full`` is all there is."""
        self.venue_symbol(symbol)
        self._check(timeframe, start)
        short = start > self._clock.now() + (self._offset or 0) - (_COMPACT - 2) * timeframe.ns
        series = await self._series(symbol, timeframe, full=not (short and self._offset is not None))
        self._check(timeframe, start)
        now = self._venue_now()
        bars = (_bar(symbol, timeframe, stamp, row) for stamp, row in series.items())
        found = {bar.ts_open: bar for bar in bars if start <= bar.ts_open < end and bar.ts_close <= now}
        return [found[ts] for ts in sorted(found)]

    async def _series(self, symbol: str, timeframe: Timeframe, *, full: bool) -> dict[str, Any]:
        base, quote = symbol.split("/", 1)
        params = {
            "function": "FX_DAILY" if timeframe is Timeframe.D1 else "FX_INTRADAY",
            "from_symbol": base,
            "to_symbol": quote,
            "outputsize": "full" if full else "compact",
            "apikey": self._settings.secrets.get(_KEY, ""),
        }
        if timeframe is not Timeframe.D1:
            params["interval"] = f"{timeframe.ns // MINUTE}min"
        answer = await self._get(_URL, params)
        document = decoded(answer.body, dict[str, Any], self.name)
        self._raise_refusal(document, symbol)
        series = next((value for key, value in document.items() if key.startswith("Time Series")), None)
        meta = document.get("Meta Data")
        if not isinstance(series, dict) or not isinstance(meta, dict):
            raise Corrupt(f"no series among {', '.join(document) or 'nothing'}", where=f"{self.name} {symbol}")
        zone = next((value for key, value in meta.items() if key.endswith("Time Zone")), "UTC")
        if zone not in ("UTC", "GMT"):
            raise Corrupt(f"time zone {zone!r} instead of UTC", where=f"{self.name} {symbol}")
        return series

    def _raise_refusal(self, document: dict[str, Any], symbol: str) -> None:
        text = str(document.get("Note") or document.get("Information") or document.get("Error Message") or "")
        if not text:
            return
        if any(mark.lower() in text.lower() for mark in _LIMITED):
            self._http.budget.ban(_RATE_WAIT_S)
            raise Retryable(f"rate limit: {text[:160]}", where=self.name, retry_after_s=_RATE_WAIT_S)
        if "apikey" in text.lower():
            raise Unavailable(f"the key was refused: {text[:160]}", where=self.name, next_step=f"check {_KEY}")
        raise Misconfigured(f"{symbol}: {text[:160]}", where=self.name, allowed=", ".join(self.symbols()))

    async def _question(self) -> None:
        await self._series(self.symbols()[0], Timeframe.D1, full=False)

    def _named(self, base: str, quote: str) -> str:
        return f"{base}/{quote}"


class AlphaVantageFactory:
    """Makes ``alphavantage``."""

    name = "alphavantage"
    names: tuple[str, ...] = ("alphavantage",)
    classes: tuple[str, ...] = ("fx", "metal")
    bar_time = "stamped with the open in UTC; 1d is the UTC date; mid prices"
    notes = "intraday reaches back 30 days; a free key allows few requests a day"

    def secrets_of(self, name: str) -> tuple[str, ...]:
        """One key."""
        return (_KEY,)

    def create(self, name: str, settings: ProviderSettings, clock: Clock, transport: Transport) -> MarketProvider:
        """The provider."""
        return AlphaVantage(settings, clock, transport)


PROVIDER = AlphaVantageFactory()


def _bar(symbol: str, timeframe: Timeframe, stamp: str, row: Any) -> Bar:
    try:
        ts_open = plausible(int(datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()) * NS, "alphavantage")
        first, high, low, last = (float(row[name]) for name in _PRICES)
    except (ValueError, OverflowError, KeyError, TypeError) as error:
        raise Corrupt(f"bar {stamp!r} cannot be read", where=f"alphavantage {symbol}") from error
    length = DAY if timeframe is Timeframe.D1 else timeframe.ns
    return Bar(symbol, timeframe, ts_open, ts_open + length, first, high, low, last, 0.0)
