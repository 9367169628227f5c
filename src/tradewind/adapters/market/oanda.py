"""OANDA v20: candles with bid and ask, and the pricing stream with its heartbeat.

Time stamps: a candle carries its open in UTC. Candles of 4h and 1d are asked for aligned to 17:00 New York, which is
how the ``fx`` calendar cuts them. Prices are bids, ``spread`` is ask minus bid at the close, volume counts price
changes. Reference: developer.oanda.com, REST v20, "Instrument Endpoints" and "Pricing Endpoints".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec

from tradewind.adapters.market.provider_settings import NS, ProviderSettings
from tradewind.adapters.market.rest_venue import RestVenue
from tradewind.adapters.market.trade_bars import TradeBars
from tradewind.adapters.market.venue_http import decoded, plausible, through
from tradewind.errors import Corrupt, Misconfigured, Retryable
from tradewind.model.bar import Bar
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.session import SessionCalendar, calendar_of
from tradewind.model.timeframe import Timeframe
from tradewind.ports.clock import Clock
from tradewind.ports.market import Capabilities, FeedItem, Heartbeat, Lost, MarketProvider, Update
from tradewind.ports.transport import Transport

_KEY, _ACCOUNT = "OANDA_API_KEY", "OANDA_ACCOUNT_ID"
_GRANULARITY = {
    Timeframe.M1: "M1",
    Timeframe.M5: "M5",
    Timeframe.M15: "M15",
    Timeframe.M30: "M30",
    Timeframe.H1: "H1",
    Timeframe.H4: "H4",
    Timeframe.D1: "D",
}
_PAGE = 5000
_SILENCE_S = 10.0  # a heartbeat comes every 5 s; OANDA advises to reconnect after 10
_CONFIRM_EVERY = NS
_GRACE = 5 * NS


class Prices(msgspec.Struct, frozen=True):
    """Open, high, low and close as OANDA writes them: text."""

    o: str
    h: str
    l: str  # noqa: E741 - OANDA's name of the field
    c: str


class Candle(msgspec.Struct, frozen=True):
    """One candle; ``complete`` is OANDA's word that it is final."""

    time: str
    complete: bool
    volume: int
    bid: Prices
    ask: Prices


class Candles(msgspec.Struct, frozen=True):
    """The reply of the candles endpoint."""

    instrument: str
    granularity: str
    candles: list[Candle]


class Level(msgspec.Struct, frozen=True):
    """One step of the book."""

    price: str


class StreamLine(msgspec.Struct, frozen=True):
    """A line of the pricing stream: ``PRICE`` or ``HEARTBEAT``."""

    type: str
    time: str
    instrument: str = ""
    bids: list[Level] = []
    asks: list[Level] = []


class Problem(msgspec.Struct, frozen=True):
    """What OANDA says when it does not serve a request."""

    errorMessage: str = ""  # noqa: N815 - OANDA's name of the field


class Oanda(RestVenue):
    """Currencies and metals. ``options["environment"]`` is practice (default) or live."""

    def __init__(self, settings: ProviderSettings, clock: Clock, transport: Transport) -> None:
        capabilities = Capabilities(
            timeframes=tuple(_GRANULARITY),
            stream=True,
            gives_spread=True,
            needs_key=(_KEY, _ACCOUNT),
            asset_classes=("fx", "metal"),
            requests_per_minute=1200,
        )
        super().__init__("oanda", settings, clock, transport, capabilities)
        host = {"practice": "fxpractice", "live": "fxtrade"}.get(settings.options.get("environment", "practice"))
        if host is None:
            raise Misconfigured(
                f"environment {settings.options['environment']!r}", where="oanda", allowed="practice, live"
            )
        self._api = f"https://api-{host}.oanda.com"
        self._stream_api = f"https://stream-{host}.oanda.com"
        self._headers = {
            "authorization": f"Bearer {settings.secrets.get(_KEY, '')}",
            "accept-datetime-format": "RFC3339",
        }

    async def history(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> Sequence[Bar]:
        """Complete candles only, paged by 5,000."""
        name = self.venue_symbol(symbol)
        self._check(timeframe, start)
        if self._offset is None:
            await self._question()
        found: dict[int, Bar] = {}
        cursor, end = start, min(end, self._venue_now() + NS)
        while cursor < end:
            count = min(_PAGE, (end - cursor) // timeframe.ns + 2)
            candles = await self._page(name, timeframe, cursor, count)
            bars = [(candle.complete, self._bar(symbol, timeframe, candle)) for candle in candles]
            for complete, bar in bars:
                if complete and start <= bar.ts_open < end:
                    found[bar.ts_open] = bar
            last = bars[-1][1].ts_close if bars else end
            if last <= cursor or len(candles) < count:
                break
            cursor = last
        return [found[ts] for ts in sorted(found)]

    async def stream(self, symbols: Sequence[str], timeframe: Timeframe) -> AsyncIterator[FeedItem]:
        """Bars from the price stream while they form; each is confirmed by the candles endpoint when its time is over.

        A confirmed bar has ``closed`` set and OANDA's own numbers, which may differ from those of the prices seen:
        the stream sends at most four prices a second and instrument.
        """
        names = {self.venue_symbol(symbol): symbol for symbol in symbols}
        self._check(timeframe, 0 if self._offset is None else self._venue_now())
        watch = {symbol: _Watched(symbol, timeframe) for symbol in symbols}
        wait_s = 1.0
        while not self._closed:
            try:
                await self._question()
                async for line in self._lines(names):
                    wait_s = 1.0
                    async for item in self._heard(line, names, watch, timeframe):
                        yield item
                detail = "oanda: the stream ended"
            except (Retryable, Corrupt) as error:
                detail = str(error)
            yield Lost(self._clock.now(), detail)
            await self._clock.sleep_until(self._clock.monotonic() + round(wait_s * NS))
            wait_s = min(30.0, wait_s * 2)

    async def _lines(self, names: dict[str, str]) -> AsyncIterator[StreamLine]:
        account = self._settings.secrets.get(_ACCOUNT, "")
        url = f"{self._stream_api}/v3/accounts/{account}/pricing/stream?instruments={quote(','.join(names))}"
        silence = self._settings.silence_s or _SILENCE_S
        async for line in self._transport.lines(
            through(self._settings.gateway, url), headers=self._headers, timeout_s=silence
        ):
            if line.strip():
                yield decoded(line, StreamLine, "oanda pricing stream")

    async def _heard(
        self, line: StreamLine, names: dict[str, str], watch: dict[str, _Watched], timeframe: Timeframe
    ) -> AsyncIterator[FeedItem]:
        ts = _instant(line.time)
        received = self._clock.now()
        symbol = names.get(line.instrument, "")
        priced = line.type == "PRICE" and symbol and line.bids and line.asks
        if not priced:
            yield Heartbeat(received, ts)
        for watched in watch.values():
            span = watched.due(ts, self._clock.monotonic())
            if span is not None:
                for bar in await self.history(watched.symbol, timeframe, *span):
                    watched.confirmed(bar)
                    yield Update(bar, True, self._clock.now(), self.name)
        if priced:
            forming = watch[symbol].price(ts, _number(line.bids[0].price), _number(line.asks[0].price))
            yield Heartbeat(received, ts) if forming is None else Update(forming, False, received, self.name)

    async def _page(self, name: str, timeframe: Timeframe, start: int, count: int) -> list[Candle]:
        params = {
            "price": "BA",
            "granularity": _GRANULARITY[timeframe],
            "from": _rfc3339(start),
            "count": str(count),
            "dailyAlignment": "17",
            "alignmentTimezone": "America/New_York",
        }
        answer = await self._get(f"{self._api}/v3/instruments/{name}/candles", params, self._headers)
        if answer.status != 200:
            raise self._refusal(answer.body, answer.status)
        return decoded(answer.body, Candles, f"oanda {name}").candles

    def _bar(self, symbol: str, timeframe: Timeframe, candle: Candle) -> Bar:
        ts_open = _instant(candle.time)
        _, ts_close = _calendar(symbol).bucket(ts_open, timeframe)
        bid = candle.bid
        spread = round(_number(candle.ask.c) - _number(bid.c), 10)
        prices = (_number(bid.o), _number(bid.h), _number(bid.l), _number(bid.c))
        return Bar(symbol, timeframe, ts_open, ts_close, *prices, float(candle.volume), max(0.0, spread))

    def _refusal(self, body: bytes, status: int) -> Misconfigured:
        problem = decoded(body, Problem, "oanda").errorMessage or f"HTTP {status}"
        return Misconfigured(problem, where=self.name, allowed=", ".join(self.symbols()))

    async def _question(self) -> None:
        account = self._settings.secrets.get(_ACCOUNT, "")
        name = self.venue_symbol(self.symbols()[0])
        url = f"{self._api}/v3/accounts/{account}/pricing"
        answer = await self._get(url, {"instruments": name}, self._headers)
        if answer.status != 200:
            raise self._refusal(answer.body, answer.status)

    def _named(self, base: str, quote: str) -> str:
        return f"{base}_{quote}"


class _Watched:
    """One symbol of a stream: the bar that forms, and up to where bars are confirmed.

    A forming bar is shown only when the one before it is confirmed, or has not been for ``_GRACE``: shown earlier it
    would be the successor that makes an unconfirmed bar final.
    """

    def __init__(self, symbol: str, timeframe: Timeframe) -> None:
        self.symbol = symbol
        self._timeframe = timeframe
        self._calendar = _calendar(symbol)
        self._bars = TradeBars(symbol, timeframe, lambda ts: self._calendar.bucket(ts, timeframe))
        self._until: int | None = None
        self._asked = 0
        self._waiting_since: int | None = None

    def price(self, ts: int, bid: float, ask: float) -> Bar | None:
        """Takes one price; the forming bar it changed, if it may be shown."""
        start = self._calendar.bucket(ts, self._timeframe)[0]
        if self._until is None:
            self._until = start
        bar = self._bars.on_trade(f"{ts}:{bid}:{ask}", ts, bid, 1.0)
        if bar is None or bar.ts_open > self._until:
            return None
        return msgspec.structs.replace(bar, spread=round(max(0.0, ask - bid), 10))

    def due(self, ts: int, monotonic: int) -> tuple[int, int] | None:
        """The span of bars to confirm now that the venue's time is ``ts``; at most once a second while none comes."""
        if self._until is None:
            return None
        start = self._calendar.bucket(ts, self._timeframe)[0]
        if start <= self._until:
            self._waiting_since = None
            return None
        if self._waiting_since is None:
            self._waiting_since = monotonic
        if monotonic < self._asked:
            return None
        if monotonic - self._waiting_since > _GRACE:
            self._until = start  # no candle came: a span without prices, or one OANDA is late with
            return None
        self._asked = monotonic + _CONFIRM_EVERY
        return self._until, start

    def confirmed(self, bar: Bar) -> None:
        """The candles endpoint gave this bar as complete."""
        self._until = bar.ts_close
        self._asked = 0
        self._waiting_since = None


class OandaFactory:
    """Makes ``oanda``."""

    name = "oanda"
    names: tuple[str, ...] = ("oanda",)
    classes: tuple[str, ...] = ("fx", "metal")
    bar_time = "stamped with the open in UTC; 4h and 1d aligned to 17:00 New York; bid prices with spread"
    notes = "practice account unless its environment option says live"

    def secrets_of(self, name: str) -> tuple[str, ...]:
        """Token and account."""
        return (_KEY, _ACCOUNT)

    def create(self, name: str, settings: ProviderSettings, clock: Clock, transport: Transport) -> MarketProvider:
        """The provider."""
        return Oanda(settings, clock, transport)


PROVIDER = OandaFactory()


def _calendar(symbol: str) -> SessionCalendar:
    instrument = INSTRUMENTS.get(symbol)
    return calendar_of(instrument.calendar if instrument else "fx")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise Corrupt(f"price {text!r} is no number", where="oanda") from error


def _instant(text: str) -> int:
    """UTC nanoseconds of ``2016-10-17T19:35:00.000000000Z``."""
    whole, _, rest = text.removesuffix("Z").partition(".")
    try:
        seconds = int(datetime.fromisoformat(whole + "+00:00").timestamp())
        ts = seconds * NS + int(rest[:9].ljust(9, "0") or 0)
    except (ValueError, OverflowError) as error:
        raise Corrupt(f"time {text!r} is not RFC 3339", where="oanda") from error
    return plausible(ts, "oanda")


def _rfc3339(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts // NS, UTC):%Y-%m-%dT%H:%M:%S}.{ts % NS:09d}Z"
