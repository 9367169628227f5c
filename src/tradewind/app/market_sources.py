"""From configuration to providers: credentials, limits, and which provider a symbol is asked from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tradewind.adapters.market.circuit_breaker import CircuitBreaker
from tradewind.adapters.market.failover import Failover
from tradewind.adapters.market.provider_settings import ProviderSettings
from tradewind.adapters.market.providers import create_provider, secrets_of
from tradewind.app.settings.root import AppConfig
from tradewind.errors import Misconfigured, Retryable
from tradewind.model.instrument import AssetClass, Instrument
from tradewind.ports.clock import Clock
from tradewind.ports.market import MarketProvider
from tradewind.ports.transport import Transport

SIMULATED_PROVIDER = "simulated"
_FILES = "files"
_BY_CLASS = {
    AssetClass.FX: ("oanda", "yahoo", "alphavantage"),
    AssetClass.METAL: ("oanda", "yahoo"),
    AssetClass.CRYPTO: ("binance", "coinbase", "kraken"),
    AssetClass.FUTURE: ("yahoo",),
}
_PRICE_KIND = {"oanda": "bid", "yahoo": "mid", "alphavantage": "mid"}


def credentials(config: AppConfig) -> Mapping[str, str]:
    """The providers' credentials by the name of their environment variable; unset ones are left out."""
    given = config.credentials
    secrets = {
        "OANDA_API_KEY": given.oanda_api_key,
        "ALPHA_VANTAGE_API_KEY": given.alpha_vantage_api_key,
        "COINBASE_API_KEY": given.coinbase_api_key,
        "COINBASE_API_SECRET": given.coinbase_api_secret,
    }
    found = {name: secret.reveal() for name, secret in secrets.items() if secret}
    return found | ({"OANDA_ACCOUNT_ID": given.oanda_account} if given.oanda_account else {})


def provider_settings(config: AppConfig, gateway: str = "", virtual_clock: bool | None = None) -> ProviderSettings:
    """Settings every provider of this configuration is made with."""
    return ProviderSettings(
        gateway=gateway,
        virtual_clock=virtual_clock,
        secrets=dict(credentials(config)),
        requests_per_minute=config.market.requests_per_minute,
        clock_limit_s=config.market.max_clock_offset,
    )


def provider_names(
    config: AppConfig, instrument: Instrument, asked: str, clock: Clock, transport: Transport
) -> tuple[str, ...]:
    """Providers to ask for an instrument, in order: those named (``a,b``), else the configured, else by its class.

    By class only those are taken that carry the symbol and whose credentials are set.

    Raises:
        Misconfigured: nobody is left.
    """
    named = tuple(name.strip() for name in asked.split(",") if name.strip())
    configured = tuple(name for name in config.market.providers if name != _FILES)
    if named or configured:
        return named or configured
    settings = ProviderSettings(secrets=dict(credentials(config)))
    able = tuple(
        name
        for name in _BY_CLASS[instrument.asset_class]
        if not (name in ("oanda", "alphavantage") and settings.missing(secrets_of(name)))
        and instrument.symbol in create_provider(name, settings, clock, transport).symbols()
    )
    if not able:
        raise Misconfigured(
            f"no provider for {instrument.symbol}", where="provider", next_step="name one with --provider"
        )
    return able[:1]


def open_provider(
    names: Sequence[str], config: AppConfig, settings: ProviderSettings, clock: Clock, transport: Transport
) -> MarketProvider:
    """One provider, or several behind a fail-over in the order given."""
    if len(names) == 1:
        return create_provider(names[0], settings, clock, transport)
    return open_failover(names, config, settings, clock, transport)


def open_failover(
    names: Sequence[str], config: AppConfig, settings: ProviderSettings, clock: Clock, transport: Transport
) -> Failover:
    """Providers, or a single one, with a breaker each and one status for all.

    Raises:
        Misconfigured: the simulated market was named beside a real one; its bars must never be taken for real ones.
    """
    if SIMULATED_PROVIDER in names and set(names) != {SIMULATED_PROVIDER}:
        raise Misconfigured(
            f"{SIMULATED_PROVIDER} beside {', '.join(name for name in names if name != SIMULATED_PROVIDER)}",
            where="provider",
            allowed="real providers only, or the SIMULATED market alone",
        )
    made = [create_provider(name, settings, clock, transport) for name in names]
    return Failover(made, clock, breakers=[CircuitBreaker(clock, config.market.breaker_failures) for _ in made])


class Gateway(msgspec.Struct, frozen=True):
    """What stands for the venues: what its bars are (``SIMULATED``, empty for real ones), and whose clock it shows."""

    label: str = ""
    virtual_clock: bool = False


async def gateway_of(transport: Transport, gateway: str) -> Gateway:
    """What a stand-in venue behind ``gateway`` says of itself; a proxy that says nothing passes real venues on."""
    if not gateway:
        return Gateway()
    try:
        answer = await transport.request("GET", f"{gateway.rstrip('/')}/control")
        told = msgspec.json.decode(answer.body, type=dict[str, Any])
    except (Retryable, msgspec.DecodeError):
        return Gateway()
    return Gateway(str(told.get("label", "")), told.get("clock") == "virtual")


async def gateway_label(transport: Transport, gateway: str) -> str:
    """What the bars behind ``gateway`` are."""
    return (await gateway_of(transport, gateway)).label


def price_kind(names: Sequence[str]) -> str:
    """What the first provider's bars are: bid, mid or last."""
    return _PRICE_KIND.get(names[0], "last")
