"""The providers this configuration would ask, each asked once."""

from __future__ import annotations

import math

from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.market.providers import create_provider
from tradewind.app.doctor.finding import Finding, State
from tradewind.app.doctor.markets import look_at_providers
from tradewind.app.market_sources import gateway_of, provider_names, provider_settings
from tradewind.app.settings.root import AppConfig
from tradewind.errors import Misconfigured
from tradewind.model.instrument import Instrument
from tradewind.model.instruments import resolve
from tradewind.ports.clock import Clock


async def look_at_venues(config: AppConfig, clock: Clock, transport: HttpTransport, gateway: str) -> list[Finding]:
    """Findings of every provider the configured symbols would come from; the transport is closed afterwards."""
    found: list[Finding] = []
    asked: dict[str, list[Instrument]] = {}
    for instrument in (resolve(symbol, config.instruments) for symbol in config.symbols):
        try:
            for name in provider_names(config, instrument, "", clock, transport):
                asked.setdefault(name, []).append(instrument)
        except Misconfigured as fault:
            found.append(Finding("data", instrument.symbol, State.FAIL, fault.found, fault.next_step))
    try:
        virtual = (await gateway_of(transport, gateway)).virtual_clock
        settings = provider_settings(config, gateway, virtual)
        for name, instruments in asked.items():
            provider = create_provider(name, settings, clock, transport)
            try:
                # Simulated time is never held against the host's.
                limit = math.inf if virtual else config.market.max_clock_offset
                found += await look_at_providers([provider], instruments, clock.now(), limit)
            finally:
                await provider.close()
    finally:
        await transport.close()
    return found
