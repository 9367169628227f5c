"""Finds the providers there are and makes one by name."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tradewind import catalog
from tradewind.adapters import market
from tradewind.adapters.market.provider_settings import ProviderFactory, ProviderSettings
from tradewind.errors import Misconfigured
from tradewind.ports.clock import Clock
from tradewind.ports.market import MarketProvider
from tradewind.ports.transport import Transport

ALIASES = {"crypto": "binance", "yfinance": "yahoo", "alpha_vantage": "alphavantage"}


class Listed(msgspec.Struct, frozen=True):
    """One line of ``data providers``; ``state`` is ready or disabled, ``missing`` the variables to set."""

    name: str
    state: str
    missing: tuple[str, ...]
    asset_classes: tuple[str, ...]
    timeframes: tuple[str, ...]
    stream: bool
    gives_spread: bool
    history_days: dict[str, int]
    history_bars: int
    requests_per_minute: int
    bar_time: str
    notes: str


def factories() -> dict[str, ProviderFactory]:
    """Provider name to the factory that makes it, sorted."""
    found: dict[str, ProviderFactory] = {}
    for factory in catalog.plugins_of(market, "PROVIDER").values():
        found.update(dict.fromkeys(factory.names, factory))
    return dict(sorted(found.items()))


def secrets_of(name: str) -> tuple[str, ...]:
    """Environment variables that hold the credentials of a provider."""
    known, factory = _factory(name)
    return factory.secrets_of(known)


def create_provider(name: str, settings: ProviderSettings, clock: Clock, transport: Transport) -> MarketProvider:
    """The provider called ``name`` (``binance``, ``oanda``, ``ccxt:okx``, or an alias such as ``crypto``).

    Raises:
        Misconfigured: there is none of that name; the message lists those there are.
    """
    known, factory = _factory(name)
    return factory.create(known, settings, clock, transport)


def listing(secrets: Mapping[str, str], clock: Clock, transport: Transport) -> tuple[Listed, ...]:
    """Every provider and whether its credentials are set; nothing is asked over the network."""
    lines = []
    for name, factory in factories().items():
        settings = ProviderSettings(secrets=dict(secrets))
        able = factory.create(name, settings, clock, transport).capabilities
        missing = settings.missing(factory.secrets_of(name))
        lines.append(
            Listed(
                name=name,
                state="disabled" if missing else "ready",
                missing=missing,
                asset_classes=able.asset_classes or factory.classes,
                timeframes=tuple(timeframe.value for timeframe in able.timeframes),
                stream=able.stream,
                gives_spread=able.gives_spread,
                history_days=able.history_days,
                history_bars=able.history_bars,
                requests_per_minute=able.requests_per_minute,
                bar_time=factory.bar_time,
                notes=factory.notes,
            )
        )
    return tuple(lines)


def _factory(name: str) -> tuple[str, ProviderFactory]:
    known = factories()
    wanted = ALIASES.get(name.strip().lower(), name.strip().lower())
    if wanted.startswith("ccxt:"):
        return wanted, next(factory for factory in known.values() if factory.name == "ccxt")
    if wanted not in known:
        raise Misconfigured(
            f"no provider called {name!r}",
            where="provider",
            allowed=", ".join([*known, "ccxt:ID", *ALIASES]),
            next_step="see `tradewind data providers`",
        )
    return wanted, known[wanted]
