"""Time is an argument: nothing in the core reads a wall clock."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """UTC wall time for stamps, monotonic time for waits; both in nanoseconds."""

    def now(self) -> int:
        """Current UTC time, nanoseconds since the epoch. May step backwards when the host's clock is corrected."""
        ...

    def monotonic(self) -> int:
        """Nanoseconds that never go backwards; the only base for time-outs."""
        ...

    async def sleep_until(self, monotonic_ns: int) -> None:
        """Returns when ``monotonic()`` has reached ``monotonic_ns``."""
        ...
