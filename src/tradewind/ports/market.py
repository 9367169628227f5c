"""Where bars come from. One contract for every provider, checked by one conformance suite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import msgspec

from tradewind.model.bar import Bar
from tradewind.model.timeframe import Timeframe


class Capabilities(msgspec.Struct, frozen=True):
    """What a provider can do.

    ``history_days`` maps an interval to the oldest age it serves, ``history_bars`` is the number of newest bars it
    keeps at any interval; absent or 0: no known cap.
    """

    timeframes: tuple[Timeframe, ...]
    history: bool = True
    stream: bool = False
    gives_spread: bool = False
    needs_key: tuple[str, ...] = ()
    history_days: dict[str, int] = {}
    asset_classes: tuple[str, ...] = ()
    requests_per_minute: int = 60
    history_bars: int = 0


class Health(msgspec.Struct, frozen=True):
    """Result of a self-test. ``state`` is ok, disabled (key missing), refused (key wrong) or unreachable.

    ``retry_after_s`` is the wait an unreachable venue asked for, where it named one.
    """

    provider: str
    state: str
    detail: str
    latency_ms: float | None = None
    clock_offset_s: float | None = None
    retry_after_s: float | None = None


class Update(msgspec.Struct, frozen=True, gc=False):
    """One thing a stream said about a bar. ``closed`` is the venue's own word that the bar is final.

    ``source`` names the provider the bar came from; ``cause`` is ``backfill`` for a bar fetched to fill a hole, else
    ``venue``. Both are provenance only.
    """

    bar: Bar
    closed: bool
    ts_recv: int
    source: str = ""
    cause: str = "venue"


class Heartbeat(msgspec.Struct, frozen=True, gc=False):
    """The stream is alive although no bar moved; ``ts_venue`` is the venue's clock where it tells, else 0."""

    ts_recv: int
    ts_venue: int = 0


class Lost(msgspec.Struct, frozen=True):
    """The stream broke and will be reconnected; bars may be missing from here on."""

    ts_recv: int
    detail: str


FeedItem = Update | Heartbeat | Lost


class MarketProvider(Protocol):
    """A source of bars. Symbols are canonical ``BASE/QUOTE``; the provider maps them to its own names.

    Errors: ``Misconfigured`` for a symbol or interval it does not have (naming those it has), ``Retryable`` for rate
    limits (with the venue's retry time) and network faults, ``Unavailable`` for a missing or refused key, ``Corrupt``
    for a payload that cannot be read.
    """

    name: str
    capabilities: Capabilities

    def symbols(self) -> tuple[str, ...]:
        """Canonical symbols this provider can serve without asking the network."""
        ...

    def venue_symbol(self, symbol: str) -> str:
        """The provider's own name of a canonical symbol; raises ``Misconfigured`` listing what it has."""
        ...

    async def self_test(self) -> Health:
        """Reaches the venue once and says what it found; never raises for an unreachable venue."""
        ...

    async def history(self, symbol: str, timeframe: Timeframe, start: int, end: int) -> Sequence[Bar]:
        """Final bars with ``start <= ts_open < end``, oldest first, no duplicates, never a forming one."""
        ...

    def stream(self, symbols: Sequence[str], timeframe: Timeframe) -> AsyncIterator[FeedItem]:
        """Live updates until closed; reconnects by itself and says so with ``Lost``."""
        ...

    async def close(self) -> None:
        """Releases connections; closing twice is harmless."""
        ...
