"""Which providers a live run listens to, and how: streamed, polled, or from a made-up market."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.market.failover import Failover
from tradewind.app.config import ConfigOrigin
from tradewind.app.feed_intake import LiveSource
from tradewind.app.instruments import instrument_for
from tradewind.app.market_sources import (
    SIMULATED_PROVIDER,
    Gateway,
    open_failover,
    provider_names,
    provider_settings,
)
from tradewind.app.pool import Policy
from tradewind.app.settings.root import AppConfig
from tradewind.app.source_notes import SourceNote
from tradewind.engine.sequencer import SeriesKey
from tradewind.model.timeframe import SECOND, Timeframe
from tradewind.ports.clock import Clock


class LiveRequest(msgspec.Struct, frozen=True):
    """What to run on: symbols with their base timeframe, who to ask, and how.

    ``polls`` asks for closed bars instead of streaming. ``gateway`` stands for the venues (stand-in, recording proxy).
    ``speed`` is that of the SIMULATED market's time, 0 as fast as it goes. ``policy`` says who is heard.
    ``origin`` is where the configuration came from, so that its changes are noticed.
    """

    bases: dict[str, Timeframe]
    executes: bool
    polls: bool = False
    provider: str = ""
    gateway: str = ""
    iterations: int = 0
    asked: tuple[str, ...] = ()
    speed: float = 0.0
    policy: Policy = Policy.PROVEN
    origin: ConfigOrigin | None = None
    execution: str = "paper"


VIRTUAL_POLL_S = 1.0  # of this machine: the clock of such a venue runs at a pace nobody here knows


def is_made_up(config: AppConfig, request: LiveRequest) -> bool:
    """Whether the bars come from the SIMULATED market."""
    named = [name.strip() for name in request.provider.split(",")] if request.provider else config.market.providers
    return SIMULATED_PROVIDER in named


def live_sources(
    config: AppConfig,
    request: LiveRequest,
    gateway: Gateway,
    clock: Clock,
    transport: HttpTransport,
    say: Callable[[str], None],
) -> tuple[LiveSource, ...]:
    """Providers with the series each of them serves. A symbol that nobody streams is polled, which is said.

    Raises:
        Misconfigured: no provider carries a symbol.
    """
    groups: dict[tuple[str, ...], list[SeriesKey]] = {}
    for symbol, base in sorted(request.bases.items()):
        names = provider_names(config, instrument_for(config, symbol), request.provider, clock, transport)
        groups.setdefault(names, []).append(SeriesKey(symbol, base))
    settings = provider_settings(config, request.gateway, gateway.virtual_clock if request.gateway else None)
    made = []
    for names, keys in groups.items():
        shortest = min((key.timeframe for key in keys), key=lambda one: one.ns)
        own = msgspec.structs.replace(settings, options={"timeframe": shortest.value})
        provider = open_failover(names, config, own, clock, transport)
        every = min(config.market.poll_interval, shortest.ns / SECOND)
        if request.gateway and gateway.virtual_clock:
            every = min(every, VIRTUAL_POLL_S)
        polls = request.polls
        if not polls and not provider.capabilities.stream:
            symbols = ", ".join(key.symbol for key in keys)
            say(f"{provider.name} does not stream {symbols}: polled every {every:g} s instead")
            polls = True
        made.append(LiveSource(provider, tuple(keys), every if polls else 0.0, every))
    return tuple(made)


def notes_of(sources: Sequence[LiveSource]) -> tuple[SourceNote, ...]:
    """What there is to say about the sources now."""
    return tuple(
        SourceNote(
            tuple(key.symbol for key in source.keys),
            f"poll every {source.poll_every_s:g} s" if source.poll_every_s > 0.0 else "stream",
            source.provider.status(),
        )
        for source in sources
        if isinstance(source.provider, Failover)
    )
