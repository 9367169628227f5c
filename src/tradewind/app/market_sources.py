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
    made = [create_provider(name, settings, clock, transport) for name in names]
    if len(made) == 1:
        return made[0]
    breakers = [CircuitBreaker(clock, config.market.breaker_failures) for _ in made]
    return Failover(made, clock, breakers=breakers)


async def gateway_label(transport: Transport, gateway: str) -> str:
    """What a stand-in venue behind ``gateway`` says its bars are (``SIMULATED``); empty for real ones."""
    if not gateway:
        return ""
    try:
        answer = await transport.request("GET", f"{gateway.rstrip('/')}/control")
        return str(msgspec.json.decode(answer.body, type=dict[str, Any]).get("label", ""))
    except (Retryable, msgspec.DecodeError):
        return ""


def price_kind(names: Sequence[str]) -> str:
    """What the first provider's bars are: bid, mid or last."""
    return _PRICE_KIND.get(names[0], "last")
