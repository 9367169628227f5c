"""Why there is no data: the connection, the symbol or a closed market (and which key is missing)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from tradewind.app.doctor.finding import Finding, State
from tradewind.errors import Misconfigured
from tradewind.model.instrument import Instrument
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import SECOND
from tradewind.ports.market import Health, MarketProvider

_ADVICE = {
    "disabled": "set its key in .env; `tradewind config explain credentials` names the variables",
    "refused": "correct its key in .env",
    "unreachable": "check the network, then the venue's own status page",
}


async def look_at_providers(
    providers: Sequence[MarketProvider], instruments: Sequence[Instrument], now: int, max_offset_s: float
) -> list[Finding]:
    """One finding per provider and one per provider and symbol, plus the clock where the venue tells the time.

    ``now`` is UTC nanoseconds; ``max_offset_s`` the largest tolerated distance to a venue's clock.
    """
    found: list[Finding] = []
    for provider in providers:
        health = await provider.self_test()
        found.append(_reached(health))
        if health.clock_offset_s is not None:
            found.append(clock_finding(provider.name, health.clock_offset_s, max_offset_s))
        if health.state != "disabled":  # without its key a provider has nothing to say of any symbol
            found += [_served(provider, instrument, health, now) for instrument in instruments]
    return found


def _reached(health: Health) -> Finding:
    if health.state == "ok":
        latency = f", {health.latency_ms:.0f} ms" if health.latency_ms is not None else ""
        return Finding("providers", health.provider, State.OK, f"reachable{latency}")
    state = State.SKIPPED if health.state == "disabled" else State.FAIL
    cause = health.detail.partition(" Next:")[0]
    return Finding("providers", health.provider, state, f"{health.state}: {cause}", _ADVICE[health.state])


def _served(provider: MarketProvider, instrument: Instrument, health: Health, now: int) -> Finding:
    """The first of symbol, connection and market hours that keeps bars from coming."""
    name = f"{instrument.symbol} from {provider.name}"
    try:
        venue_symbol = provider.venue_symbol(instrument.symbol)
    except Misconfigured as fault:
        return Finding("data", name, State.FAIL, f"symbol: {fault.found}", f"choose one of {fault.allowed}")
    if health.state != "ok":
        detail = f"connectivity: {provider.name} is {health.state}"
        return Finding("data", name, State.FAIL, detail, _ADVICE[health.state])
    calendar = calendar_of(instrument.calendar)
    closed = calendar.closed_kind(now)
    if closed:
        opens = datetime.fromtimestamp(calendar.next_open(now) / SECOND, UTC)
        detail = f"market closed: {closed.replace('_', ' ')}, opens {opens:%Y-%m-%d %H:%M} UTC"
        return Finding("data", name, State.WARN, detail, "nothing to do; no bars are expected until then")
    return Finding("data", name, State.OK, f"served as {venue_symbol}, market open")


def clock_finding(source: str, offset_s: float, limit_s: float) -> Finding:
    """The distance between this host's clock and another one."""
    detail = f"{offset_s:+.1f} s from {source}"
    if abs(offset_s) <= limit_s:
        return Finding("clock", "host clock", State.OK, detail)
    return Finding(
        "clock",
        "host clock",
        State.FAIL,
        f"{detail}; the limit is {limit_s:g} s",
        "synchronise this host (timedatectl set-ntp true); decisions are refused until then",
    )
