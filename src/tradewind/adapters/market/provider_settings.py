"""What a provider is made from, and what every provider module offers to the catalog."""

from __future__ import annotations

from typing import Protocol

import msgspec

from tradewind.ports.clock import Clock
from tradewind.ports.market import MarketProvider
from tradewind.ports.transport import Transport

NS = 1_000_000_000
CLOCK_WARN_S = 5.0
CLOCK_REFUSE_S = 30.0


class ProviderSettings(msgspec.Struct, frozen=True):
    """Settings of one provider.

    ``gateway`` is an address that serves the venue's hosts as its first path segment (the stand-in, a recording
    proxy). ``virtual_clock`` says the venue's time is simulated, so that its distance from the host's is no fault;
    None takes it as such behind a gateway. ``secrets`` holds values by the name of their environment variable.
    ``requests_per_minute`` is an upper bound beside the venue's published limit, 0 for none. ``silence_s`` 0 takes
    the provider's own patience. ``clock_limit_s`` is the largest tolerated distance to the venue's clock.
    """

    gateway: str = ""
    virtual_clock: bool | None = None
    secrets: dict[str, str] = {}
    symbols: tuple[str, ...] = ()
    requests_per_minute: int = 0
    silence_s: float = 0.0
    clock_limit_s: float = CLOCK_REFUSE_S
    options: dict[str, str] = {}

    @property
    def clock_is_virtual(self) -> bool:
        """Whether the venue's clock is not expected to agree with the host's."""
        return bool(self.gateway) if self.virtual_clock is None else self.virtual_clock

    def missing(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those of ``names`` that have no value."""
        return tuple(name for name in names if not self.secrets.get(name))


class ProviderFactory(Protocol):
    """What a provider module offers as ``PROVIDER``.

    ``names`` are the provider names it makes; ``bar_time`` says in one sentence what the venue's time stamps mean.
    """

    name: str
    names: tuple[str, ...]
    classes: tuple[str, ...]
    bar_time: str
    notes: str

    def secrets_of(self, name: str) -> tuple[str, ...]:
        """Environment variables that hold the credentials of ``name``."""
        ...

    def create(self, name: str, settings: ProviderSettings, clock: Clock, transport: Transport) -> MarketProvider:
        """The provider; asks the network for nothing."""
        ...


def clock_verdict(offset_s: float | None, *, virtual: bool, limit_s: float = CLOCK_REFUSE_S) -> tuple[str, str]:
    """Judges the venue's clock minus the host's: ``("ok" | "warning" | "refusal", sentence)``.

    More than ``limit_s`` is a refusal, more than 5 s below it a warning: bars would be called closed that are not, or
    late.
    """
    if offset_s is None:
        return "ok", "the venue does not tell its time"
    if virtual:
        return "ok", f"simulated venue clock, {offset_s:+.1f} s from this machine's"
    if abs(offset_s) > limit_s:
        return "refusal", f"this machine's clock is {-offset_s:+.1f} s off the venue's; set it (NTP) before trading"
    if abs(offset_s) > CLOCK_WARN_S:
        return "warning", f"this machine's clock is {-offset_s:+.1f} s off the venue's; check NTP"
    return "ok", f"clock within {CLOCK_WARN_S:g} s of the venue's ({offset_s:+.1f} s)"
