"""Yahoo Finance through its chart endpoint, the one that yfinance reads as well.

yfinance itself is not used: it would bring pandas into the process and do its own HTTP, outside the request budget, the
breaker and the tests, for the same JSON. Yahoo gives no promise about this endpoint.

Time stamps: a bar carries its open in UTC; a daily bar opens at midnight of the exchange (London for currencies, New
York for GC=F), which is not the 17:00 New York day. Prices are indicative, currencies have no volume and no spread.
XAU/USD is the future GC=F: it jumps when the front contract rolls and differs from spot by the basis.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from tradewind.adapters.market.provider_settings import NS, ProviderSettings
from tradewind.adapters.market.rest_venue import RestVenue
from tradewind.adapters.market.venue_http import decoded, plausible
from tradewind.errors import Corrupt, Misconfigured
from tradewind.model.bar import Bar
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.ports.clock import Clock
from tradewind.ports.market import Capabilities, MarketProvider
from tradewind.ports.transport import Response, Transport

_URL = "https://query1.finance.yahoo.com/v8/finance/chart/"
_HEADERS = {"user-agent": "Mozilla/5.0", "accept": "application/json"}  # without an agent Yahoo answers 429
_REACH_DAYS = {"1m": 30, "5m": 60, "15m": 60, "30m": 60, "1h": 730}
_PER_REQUEST_DAYS = {"1m": 7, "5m": 60, "15m": 60, "30m": 60, "1h": 365}
_DAILY_SPAN_DAYS = 3650
_MARGIN = 10 * 60 * NS


class Quote(msgspec.Struct, frozen=True):
    """Parallel arrays; a value is null where Yahoo has none."""

    open: list[float | None] = []
    high: list[float | None] = []
    low: list[float | None] = []
    close: list[float | None] = []
    volume: list[float | None] = []


class Indicators(msgspec.Struct, frozen=True):
    """Yahoo's envelope of the quotes."""

    quote: list[Quote]


class Meta(msgspec.Struct, frozen=True):
    """What a chart says about itself, as far as it is used."""

    exchangeTimezoneName: str = "UTC"  # noqa: N815 - Yahoo's name of the field


class Chart(msgspec.Struct, frozen=True):
    """One symbol's bars."""

    meta: Meta
    indicators: Indicators
    timestamp: list[int] = []


class Problem(msgspec.Struct, frozen=True):
    """Why there is no chart."""

    code: str
    description: str


class Charts(msgspec.Struct, frozen=True):
    """Result or error, one of them null."""

    result: list[Chart] | None
    error: Problem | None


class Reply(msgspec.Struct, frozen=True):
    """The whole reply."""

    chart: Charts


class Yahoo(RestVenue):
    """Currencies, gold as a future, and coins. No stream: poll it."""

    def __init__(self, settings: ProviderSettings, clock: Clock, transport: Transport) -> None:
        capabilities = Capabilities(
            timeframes=tuple(t for t in Timeframe if t is not Timeframe.H4),
            history_days=_REACH_DAYS,
            asset_classes=("fx", "metal", "crypto"),
            requests_per_minute=60,
        )
        super().__init__("yahoo", settings, clock, transport, capabilities)

    async def history(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> Sequence[Bar]:
        """Bars whose end has passed; rows with a null price are left out, never filled."""
        name = self.venue_symbol(symbol)
        if self._offset is None:
            await self._question()
        self._check(timeframe, start)
        now = self._venue_now()
        reach = _REACH_DAYS.get(timeframe)
        # Yahoo refuses the whole request when its start is a second too old, so the edge is kept clear of
        cursor = start if reach is None else max(start, now - reach * DAY + _MARGIN)
        end = min(end, now)
        step = _PER_REQUEST_DAYS.get(timeframe, _DAILY_SPAN_DAYS) * DAY
        found: dict[int, Bar] = {}
        while cursor < end:
            until = min(end, cursor + step)
            chart = await self._chart(name, timeframe, cursor, until)
            for bar in _bars(symbol, timeframe, chart):
                if start <= bar.ts_open < end and bar.ts_close <= now:
                    found[bar.ts_open] = bar
            cursor = until
        return [found[ts] for ts in sorted(found)]

    async def _chart(self, name: str, timeframe: Timeframe, start: int, end: int) -> Chart | None:
        params = {"period1": str(start // NS), "period2": str(-(-end // NS)), "interval": timeframe.value}
        answer = await self._get(_URL + quote(name), params, _HEADERS)
        charts = decoded(answer.body, Reply, f"yahoo {name}").chart
        if charts.error is not None or answer.status != 200:
            raise self._refusal(name, charts.error, answer)
        return charts.result[0] if charts.result else None

    def _refusal(self, name: str, problem: Problem | None, answer: Response) -> Misconfigured:
        text = problem.description if problem else f"HTTP {answer.status}"
        return Misconfigured(f"{name}: {text}", where=self.name, allowed=", ".join(self.symbols()))

    async def _question(self) -> None:
        """Any chart will do, and so will the answer that there is none: both came from the venue."""
        now = self._clock.now()
        name = self.venue_symbol(self.symbols()[0])
        with suppress(Misconfigured):
            await self._chart(name, Timeframe.D1, now - 5 * DAY, now)

    def _named(self, base: str, quote: str) -> str:
        return f"{base}{quote}=X"


class YahooFactory:
    """Makes ``yahoo``."""

    name = "yahoo"
    names: tuple[str, ...] = ("yahoo",)
    classes: tuple[str, ...] = ("fx", "metal", "crypto")
    bar_time = "stamped with the open in UTC; 1d opens at midnight of the exchange; indicative prices"
    notes = "1h reaches back 730 days, 5m to 30m 60, 1m 30; XAU/USD is the future GC=F (rolls, basis)"

    def secrets_of(self, name: str) -> tuple[str, ...]:
        """None are needed."""
        return ()

    def create(self, name: str, settings: ProviderSettings, clock: Clock, transport: Transport) -> MarketProvider:
        """The provider."""
        return Yahoo(settings, clock, transport)


PROVIDER = YahooFactory()


def _bars(symbol: str, timeframe: Timeframe, chart: Chart | None) -> list[Bar]:
    """Bars of a chart; its last row may be the running price, stamped off the grid, and is not a bar."""
    if chart is None or not chart.indicators.quote:
        return []
    quote_ = chart.indicators.quote[0]
    columns = (quote_.open, quote_.high, quote_.low, quote_.close)
    if any(len(column) != len(chart.timestamp) for column in columns):
        raise Corrupt("arrays of different lengths", where=f"yahoo {symbol}")
    zone = _zone(chart.meta.exchangeTimezoneName)
    made = []
    for row, stamp in enumerate(chart.timestamp):
        first, high, low, last = (column[row] for column in columns)
        ts_open = plausible(stamp * NS, f"yahoo {symbol}")
        if first is None or high is None or low is None or last is None:
            continue
        if timeframe is not Timeframe.D1 and ts_open % timeframe.ns:
            continue
        volume = quote_.volume[row] if row < len(quote_.volume) else None
        ts_close = ts_open + timeframe.ns if timeframe is not Timeframe.D1 else _next_midnight(stamp, zone)
        made.append(Bar(symbol, timeframe, ts_open, ts_close, first, high, low, last, volume or 0.0))
    return made


def _next_midnight(stamp: int, zone: ZoneInfo) -> int:
    day = datetime.fromtimestamp(stamp, UTC).astimezone(zone).date() + timedelta(days=1)
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * NS


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise Corrupt(f"unknown time zone {name!r}", where="yahoo") from error
