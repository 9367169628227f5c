"""Any exchange ccxt knows, REST and web socket, behind the provider contract.

Time stamps: ccxt gives a bar's open in UTC milliseconds; a bar ends one timeframe later. Bars are of last trades,
volume is in base currency.

The candles and trades of a stream are taken where ccxt stores them, one by one. ``watchOHLCV`` itself returns the
newest rows of a cache, so a late correction of an older bar would be reported as the newest bar again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import msgspec

from tradewind.adapters.market.ccxt_loading import exchange_class
from tradewind.adapters.market.ccxt_stream import CcxtStream, bar_of
from tradewind.adapters.market.provider_settings import NS, ProviderSettings, clock_verdict
from tradewind.adapters.market.rate_budget import BudgetStatus, RateBudget
from tradewind.adapters.market.venue_http import retry_after_s, through
from tradewind.errors import Corrupt, Misconfigured, Retryable, TradewindError, Unavailable
from tradewind.model.bar import Bar
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.ports.clock import Clock
from tradewind.ports.market import Capabilities, FeedItem, Health, Lost, MarketProvider
from tradewind.ports.transport import Traffic, Transport

_MS = 1_000_000
_DEFAULT_WAIT_S = 60.0
_OFFSET_AGE = 300 * NS
_CODE_FAULTS = (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError)


class VenueFacts(msgspec.Struct, frozen=True):
    """What ccxt does not tell about a venue: limits as its documentation states them, and what we offer unasked."""

    symbols: tuple[str, ...]
    requests_per_minute: int
    page: int
    history_bars: int = 0
    secrets: tuple[str, ...] = ()


_MAJORS = ("BTC", "ETH", "SOL", "XRP", "DOGE")
_USDT = tuple(f"{base}/USDT" for base in (*_MAJORS, "BNB"))
_USD = tuple(f"{base}/USD" for base in _MAJORS)
_FACTS = {
    "binance": VenueFacts(_USDT, requests_per_minute=1200, page=1000),
    "coinbase": VenueFacts(
        _USD, requests_per_minute=600, page=300, secrets=("COINBASE_API_KEY", "COINBASE_API_SECRET")
    ),
    "kraken": VenueFacts((*_USD, *_USDT[:2]), requests_per_minute=60, page=720, history_bars=719),
}
_OTHERS = VenueFacts((), requests_per_minute=60, page=500)


class CcxtVenue:
    """One exchange. ccxt is imported at the first request, not before: it costs 0.4 s and 100 MiB."""

    def __init__(self, venue: str, settings: ProviderSettings, clock: Clock, traffic: Traffic) -> None:
        facts = _FACTS.get(venue, _OTHERS)
        self.name = venue
        self._facts = facts
        self._settings = settings
        self._clock = clock
        self._traffic = traffic
        per_minute = min(settings.requests_per_minute or facts.requests_per_minute, facts.requests_per_minute)
        self._budget = RateBudget(clock, per_minute)
        self._rest: Any = None
        self._streams: set[CcxtStream] = set()
        self._offset: tuple[int, int] | None = None
        self._closed = False
        self.capabilities = Capabilities(
            timeframes=tuple(Timeframe) if venue != "coinbase" else tuple(t for t in Timeframe if t != Timeframe.H4),
            stream=True,
            needs_key=facts.secrets,
            history_bars=facts.history_bars,
            asset_classes=("crypto",),
            requests_per_minute=per_minute,
        )

    def budget(self) -> BudgetStatus:
        """Requests used and bans, for ``status``."""
        return self._budget.status()

    def symbols(self) -> tuple[str, ...]:
        """Symbols of the settings, else all spot markets once they are loaded, else the well-known ones."""
        if self._settings.symbols:
            return self._settings.symbols
        if self._rest is not None and self._rest.markets:
            return tuple(sorted(name for name, market in self._rest.markets.items() if market.get("spot")))
        return self._facts.symbols

    def venue_symbol(self, symbol: str) -> str:
        """The exchange's own id: ``BTCUSDT``, ``BTC-USD``, ``XXBTZUSD``; ``BTC/USDT`` until markets are loaded."""
        if self._rest is not None and self._rest.markets:
            if symbol not in self._rest.markets:
                raise self._unknown(symbol)
            return str(self._rest.markets[symbol]["id"])
        if symbol not in self.symbols():
            raise self._unknown(symbol)
        return symbol

    async def self_test(self) -> Health:
        """Asks the time, and with credentials for the accounts."""
        missing = self._settings.missing(self._facts.secrets)
        try:
            await self._load()
            started = self._clock.monotonic()
            offset = await self._measure_offset()
            latency = (self._clock.monotonic() - started) / 1e6
            if missing:
                detail = f"no key: set {' and '.join(missing)}; public candles work without"
                return Health(self.name, "disabled", detail, latency, offset / NS)
            if self._facts.secrets:
                await self._try_key()
        except Retryable as error:
            return Health(self.name, "unreachable", str(error), retry_after_s=error.retry_after_s)
        except Unavailable as error:
            return Health(self.name, "refused", str(error))
        except TradewindError as error:
            return Health(self.name, "unreachable", str(error))
        _, detail = clock_verdict(
            offset / NS, virtual=self._settings.clock_is_virtual, limit_s=self._settings.clock_limit_s
        )
        return Health(self.name, "ok", detail, latency, offset / NS)

    async def history(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> Sequence[Bar]:
        """Pages through the venue's candles; see the contract. Raises ``Misconfigured`` beyond the venue's reach."""
        self._check(timeframe)
        await self._load()
        self.venue_symbol(symbol)
        now = await self._venue_now()
        self._check_reach(timeframe, start, now)
        end = min(end, now)
        found: dict[int, Bar] = {}
        cursor = -(-start // timeframe.ns) * timeframe.ns
        while cursor < end:
            rows = await self._page(symbol, timeframe, cursor)
            for row in rows:
                bar = bar_of(symbol, timeframe, row, self.name)
                if start <= bar.ts_open < end and bar.ts_close <= now:
                    found[bar.ts_open] = bar
            last = max((int(row[0]) * _MS for row in rows), default=0)
            cursor = last + timeframe.ns if last >= cursor else cursor + self._facts.page * timeframe.ns
        return [found[ts] for ts in sorted(found)]

    async def stream(self, symbols: Sequence[str], timeframe: Timeframe) -> AsyncIterator[FeedItem]:
        """Candles as they form; Coinbase's are built from its trades. Reconnects with growing waits, at most 30 s."""
        self._check(timeframe)
        wait_s = 1.0
        while not self._closed:
            stream: CcxtStream | None = None
            try:
                await self._load()
                for symbol in symbols:
                    self.venue_symbol(symbol)
                quiet = self._silence(timeframe)
                stream = CcxtStream(self._exchange(), self._rest, symbols, timeframe, self._clock, quiet, self._traffic)
                self._streams.add(stream)
                async for item in stream.items():
                    wait_s = 1.0
                    yield item
                return
            except Retryable as error:
                yield Lost(self._clock.now(), str(error))
            finally:
                if stream is not None:
                    self._streams.discard(stream)
                    await stream.close()
            await self._clock.sleep_until(self._clock.monotonic() + round(wait_s * NS))
            wait_s = min(30.0, wait_s * 2)

    async def close(self) -> None:
        """Closes all connections; closing twice is harmless."""
        self._closed = True
        for stream in list(self._streams):
            await stream.close()
        if self._rest is not None:
            rest, self._rest = self._rest, None
            await rest.close()

    async def _try_key(self) -> None:
        """Asks for the accounts with the credentials, on an object of its own: market data is asked without any."""
        key, secret = (self._settings.secrets[name] for name in self._facts.secrets)
        exchange = self._exchange()
        exchange.apiKey, exchange.secret = key, secret
        exchange.set_markets(self._rest.markets)
        try:
            await self._asked(lambda _: exchange.fetch_accounts())
        finally:
            await exchange.close()

    def _exchange(self) -> Any:
        """A fresh ccxt object whose every request goes through the gateway and the budget."""
        kind = exchange_class(self.name)
        if kind is None:
            raise Misconfigured(
                f"ccxt has no exchange called {self.name!r}",
                where="provider",
                allowed="the ids of ccxt with web sockets, for example binance, coinbase, kraken, okx, bybit",
            )
        exchange = kind({"enableRateLimit": False})
        exchange.has["fetchCurrencies"] = False  # no need of it, and some venues want a key or three requests for it
        if "fetchMarkets" in exchange.options and isinstance(exchange.options["fetchMarkets"], dict):
            exchange.options["fetchMarkets"]["types"] = ["spot"]
        exchange.urls["api"] = _behind(self._settings.gateway, exchange.urls["api"])
        exchange.fetch = self._paced(exchange, exchange.fetch)
        exchange.on_rest_response = self._counted(exchange.on_rest_response)
        return exchange

    def _counted(self, hook: Callable[..., str]) -> Callable[..., str]:
        """ccxt talks for itself; its hook for answers is where its bytes can be counted."""

        def counted(
            code: int, reason: str, url: str, method: str, headers: Any, body: str, asked: Any, question: Any
        ) -> str:
            self._traffic.asked(url, asked, question)
            self._traffic.answered(headers, body)
            return hook(code, reason, url, method, headers, body, asked, question)

        return counted

    def _paced(self, exchange: Any, fetch: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def paced(*arguments: Any, **named: Any) -> Any:
            await self._budget.acquire()
            answer = await fetch(*arguments, **named)
            if isinstance(answer, dict | list):
                return answer
            start = str(answer)[:60]
            if start.lstrip().startswith("<"):
                raise Retryable("an HTML page instead of data", where=self.name, next_step="it is asked again later")
            raise Corrupt(
                f"unreadable payload: {start!r}", where=self.name, next_step="nothing was stored; ask again later"
            )

        return paced

    async def _load(self) -> None:
        if self._rest is None or not self._rest.markets:
            await self._asked(lambda exchange: exchange.load_markets())

    async def _asked(self, question: Callable[[Any], Awaitable[Any]]) -> Any:
        """Asks through the REST object; ccxt's errors come back as Tradewind's."""
        if self._rest is None:
            self._rest = self._exchange()
        from ccxt.base import errors  # loaded with the exchange above

        try:
            return await question(self._rest)
        except TradewindError:
            raise
        except (errors.RateLimitExceeded, errors.DDoSProtection) as error:
            headers = {name.lower(): value for name, value in (self._rest.last_response_headers or {}).items()}
            wait = retry_after_s(headers, self._clock.now())
            self._budget.ban(_DEFAULT_WAIT_S if wait is None else wait)
            raise Retryable(
                f"rate limit reached ({_first(error)})",
                where=self.name,
                retry_after_s=_DEFAULT_WAIT_S if wait is None else wait,
            ) from error
        except (errors.AuthenticationError, errors.PermissionDenied) as error:
            raise Unavailable(
                f"the key was refused ({_first(error)})",
                where=self.name,
                next_step=f"check {' and '.join(self._facts.secrets) or 'the credentials'}",
            ) from error
        except errors.BadSymbol as error:
            raise Misconfigured(_first(error), where=self.name, allowed=_listed(self.symbols())) from error
        except errors.NetworkError as error:
            raise Retryable(
                f"the venue is not serving ({_first(error)})", where=self.name, next_step="it is asked again later"
            ) from error
        except errors.BaseError as error:
            raise Unavailable(f"the venue said no ({_first(error)})", where=self.name) from error
        except _CODE_FAULTS as error:
            raise Corrupt(
                f"a payload ccxt could not read ({type(error).__name__}: {_first(error)})",
                where=self.name,
                next_step="nothing was stored; ask again later",
            ) from error

    async def _page(self, symbol: str, timeframe: Timeframe, start: int) -> list[list[float]]:
        rows = await self._asked(
            lambda exchange: exchange.fetch_ohlcv(symbol, timeframe.value, start // _MS, self._facts.page)
        )
        return list(rows)

    async def _venue_now(self) -> int:
        known = self._offset
        fresh = known is not None and self._clock.monotonic() - known[1] < _OFFSET_AGE
        if known is None or not fresh or self._settings.gateway:
            offset = await self._measure_offset()
            return self._clock.now() + offset
        return self._clock.now() + known[0]

    async def _measure_offset(self) -> int:
        """Venue clock minus host clock, nanoseconds, from the middle of one request; 0 where it is not told."""
        await self._load()
        if not self._rest.has.get("fetchTime"):
            return 0
        before = self._clock.now()
        told = await self._asked(lambda exchange: exchange.fetch_time())
        offset = int(told) * _MS - (before + self._clock.now()) // 2
        self._offset = (offset, self._clock.monotonic())
        return offset

    def _silence(self, timeframe: Timeframe) -> float:
        return self._settings.silence_s or max(60.0, 1.5 * timeframe.ns / NS if self.name == "coinbase" else 0.0)

    def _check(self, timeframe: Timeframe) -> None:
        if timeframe not in self.capabilities.timeframes:
            raise Misconfigured(
                f"no bars of {timeframe}", where=self.name, allowed=", ".join(self.capabilities.timeframes)
            )

    def _check_reach(self, timeframe: Timeframe, start: int, now: int) -> None:
        reach = self._facts.history_bars * timeframe.ns
        if reach and start < now - now % timeframe.ns - reach:
            raise Misconfigured(
                f"{self.name} keeps the last {self._facts.history_bars} bars of {timeframe} "
                f"({reach / DAY:.1f} days) and was asked for {(now - start) / DAY:.1f} days",
                where=self.name,
                next_step="ask for less, for a longer interval, or put another provider behind it",
            )

    def _unknown(self, symbol: str) -> Misconfigured:
        return Misconfigured(f"no symbol {symbol}", where=self.name, allowed=_listed(self.symbols()))


class CcxtFactory:
    """Makes ``binance``, ``coinbase``, ``kraken`` and, as ``ccxt:ID``, every other exchange of ccxt."""

    name = "ccxt"
    names: tuple[str, ...] = tuple(_FACTS)
    classes: tuple[str, ...] = ("crypto",)
    bar_time = "stamped with the open in UTC; closed one interval later; last-trade prices, base volume"
    notes = "also ccxt:ID for every other exchange of ccxt; Coinbase bars are built from its trades"

    def secrets_of(self, name: str) -> tuple[str, ...]:
        """The variables of the venue's credentials."""
        return _FACTS.get(name, _OTHERS).secrets

    def create(self, name: str, settings: ProviderSettings, clock: Clock, transport: Transport) -> MarketProvider:
        """Of ``transport`` only the counter is used: ccxt talks for itself."""
        return CcxtVenue(name.removeprefix("ccxt:"), settings, clock, transport.traffic)


PROVIDER = CcxtFactory()


def _behind(gateway: str, urls: Any) -> Any:
    if isinstance(urls, dict):
        return {key: _behind(gateway, value) for key, value in urls.items()}
    return through(gateway, urls) if isinstance(urls, str) and "://" in urls else urls


def _first(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _listed(symbols: Sequence[str]) -> str:
    shown = ", ".join(symbols[:40])
    return shown if len(symbols) <= 40 else f"{shown} and {len(symbols) - 40} more"
