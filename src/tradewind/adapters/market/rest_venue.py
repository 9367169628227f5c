"""What the providers that speak plain HTTP have in common: symbols, clock, budget, self-test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from email.utils import parsedate_to_datetime

from tradewind.adapters.market.provider_settings import NS, ProviderSettings, clock_verdict
from tradewind.adapters.market.rate_budget import BudgetStatus, RateBudget
from tradewind.adapters.market.venue_http import VenueHttp
from tradewind.errors import Misconfigured, Retryable, TradewindError, Unavailable
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.model.venue_symbols import venue_symbol
from tradewind.ports.clock import Clock
from tradewind.ports.market import Capabilities, FeedItem, Health
from tradewind.ports.transport import Response, Transport


class RestVenue:
    """Base of the HTTP providers; they say what to ask and how to read it.

    The venue's clock is read from the Date header of its answers (resolution 1 s), which every HTTP venue sends.
    """

    def __init__(
        self,
        name: str,
        settings: ProviderSettings,
        clock: Clock,
        transport: Transport,
        capabilities: Capabilities,
    ) -> None:
        self.name = name
        self.capabilities = capabilities
        self._settings = settings
        self._clock = clock
        self._transport = transport
        limit = capabilities.requests_per_minute
        per_minute = min(settings.requests_per_minute or limit, limit)
        self._http = VenueHttp(name, transport, clock, RateBudget(clock, per_minute), settings.gateway)
        self._offset: int | None = None
        self._closed = False

    def budget(self) -> BudgetStatus:
        """Requests used and bans, for ``status``."""
        return self._http.budget.status()

    def symbols(self) -> tuple[str, ...]:
        """Symbols of the settings, else the built-in instruments of the provider's asset classes."""
        if self._settings.symbols:
            return self._settings.symbols
        classes = self.capabilities.asset_classes
        return tuple(name for name, instrument in INSTRUMENTS.items() if instrument.asset_class in classes)

    def venue_symbol(self, symbol: str) -> str:
        """The provider's own name; raises ``Misconfigured`` listing what it has."""
        if symbol not in self.symbols():
            raise Misconfigured(f"no symbol {symbol}", where=self.name, allowed=", ".join(self.symbols()))
        instrument = INSTRUMENTS.get(symbol)
        if instrument is not None:
            return venue_symbol(self.name, instrument)
        return self._named(*symbol.split("/", 1))

    async def self_test(self) -> Health:
        """Asks one cheap question; says disabled, refused or unreachable instead of raising."""
        missing = self._settings.missing(self.capabilities.needs_key)
        if missing:
            return Health(self.name, "disabled", f"no key: set {' and '.join(missing)}")
        started = self._clock.monotonic()
        try:
            await self._question()
        except Retryable as error:
            return Health(self.name, "unreachable", str(error), retry_after_s=error.retry_after_s)
        except Unavailable as error:
            return Health(self.name, "refused", str(error))
        except TradewindError as error:
            return Health(self.name, "unreachable", str(error))
        latency = (self._clock.monotonic() - started) / 1e6
        offset = None if self._offset is None else self._offset / NS
        _, detail = clock_verdict(offset, virtual=self._settings.clock_is_virtual, limit_s=self._settings.clock_limit_s)
        return Health(self.name, "ok", detail, latency, offset)

    def stream(self, symbols: Sequence[str], timeframe: Timeframe) -> AsyncIterator[FeedItem]:
        """Raises ``Misconfigured``: there is nothing to listen to, unless a provider says otherwise."""
        raise Misconfigured("nothing streams", where=self.name, next_step="use --feed poll with this provider")

    async def close(self) -> None:
        """Ends streams; the transport is its owner's to close. Closing twice is harmless."""
        self._closed = True

    async def _question(self) -> None:
        """One cheap request that needs the credentials."""
        raise NotImplementedError

    def _named(self, base: str, quote: str) -> str:
        """The venue's name of a symbol that is not built in."""
        raise NotImplementedError

    async def _get(
        self, url: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        missing = self._settings.missing(self.capabilities.needs_key)
        if missing:
            raise Unavailable(
                f"no key: {' and '.join(missing)} not set", where=self.name, next_step="set it in the environment"
            )
        before = self._clock.now()
        answer = await self._http.get(url, params, headers)
        stamp = answer.headers.get("date", "")
        if stamp:
            told = round(parsedate_to_datetime(stamp).timestamp()) * NS
            self._offset = told - (before + self._clock.now()) // 2
        return answer

    def _venue_now(self) -> int:
        """The venue's time by its last answer, one second early so that the header's rounding closes no bar."""
        return self._clock.now() + (self._offset or 0) - NS

    def _check(self, timeframe: Timeframe, start: int) -> None:
        """Raises ``Misconfigured`` for an interval the venue lacks or an age beyond its reach; never cuts silently."""
        capabilities = self.capabilities
        if timeframe not in capabilities.timeframes:
            raise Misconfigured(f"no bars of {timeframe}", where=self.name, allowed=", ".join(capabilities.timeframes))
        days = capabilities.history_days.get(timeframe)
        now = self._venue_now()
        if days is not None and self._offset is not None and start < now - days * DAY - timeframe.ns:
            raise Misconfigured(
                f"{timeframe} bars reach back {days} days and {(now - start) / DAY:.0f} days were asked for",
                where=self.name,
                allowed=f"at most {days} days of {timeframe}",
                next_step="ask for less, for a longer interval, or put another provider behind it",
            )
