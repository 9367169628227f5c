"""Stops asking a provider that keeps failing, and finds out when it is back."""

from __future__ import annotations

import msgspec

from tradewind.ports.clock import Clock

_NS = 1_000_000_000


class BreakerStatus(msgspec.Struct, frozen=True):
    """What ``status`` shows. ``state`` is closed (asking), open (not asking) or half-open (one probe under way)."""

    state: str
    failures: int
    opened: int
    retry_in_s: float
    last_error: str


class CircuitBreaker:
    """Opens after ``limit`` failures in a row; ``open_s`` later one probe is let through and decides.

    Closed --limit failures--> open --open_s--> half-open --success--> closed, --failure--> open again.
    """

    def __init__(self, clock: Clock, limit: int = 5, open_s: float = 30.0) -> None:
        self.limit = limit
        self._clock = clock
        self._open_for = round(open_s * _NS)
        self._failures = 0
        self._opened = 0
        self._open_until: int | None = None
        self._probing = False
        self._last_error = ""

    def allows(self) -> bool:
        """Whether the provider may be asked now. In the half-open state only the first caller is told yes."""
        if self._open_until is None:
            return True
        if self._probing or self._clock.monotonic() < self._open_until:
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        """The provider answered."""
        self._failures = 0
        self._open_until = None
        self._probing = False

    def failed(self, reason: str) -> None:
        """The provider did not answer, or not usably."""
        self._failures += 1
        self._last_error = reason
        if self._probing or self._failures >= self.limit:
            if self._open_until is None or self._probing:
                self._opened += 1
            self._open_until = self._clock.monotonic() + self._open_for
            self._probing = False

    def status(self) -> BreakerStatus:
        """The state at this moment."""
        state = "closed" if self._open_until is None else "half-open" if self._probing else "open"
        left = 0 if self._open_until is None else max(0, self._open_until - self._clock.monotonic())
        return BreakerStatus(state, self._failures, self._opened, left / _NS, self._last_error)
