"""Time that runs faster or slower than the host's, for markets that have no time of their own."""

from __future__ import annotations

from tradewind.ports.clock import Clock


class PacedClock:
    """Implements ``ports.clock.Clock``: starts at ``start`` (UTC ns) and runs ``speed`` times as fast as ``clock``."""

    def __init__(self, clock: Clock, speed: float, start: int) -> None:
        self._clock = clock
        self._speed = speed
        self._start = start
        self._begun = clock.monotonic()
        self._jumped = 0

    def now(self) -> int:
        """UTC nanoseconds of the paced time."""
        return self._start + self.monotonic()

    def monotonic(self) -> int:
        """Paced nanoseconds since the start."""
        return self._jumped + round((self._clock.monotonic() - self._begun) * self._speed)

    def advance_to(self, now: int) -> None:
        """Jumps forward to ``now``; an earlier time is ignored."""
        self._jumped += max(0, now - self.now())

    async def sleep_until(self, monotonic_ns: int) -> None:
        """Waits in the host's time; at once, after one turn of the loop, if the moment has passed."""
        while (left := monotonic_ns - self.monotonic()) > 0:
            await self._clock.sleep_until(self._clock.monotonic() + max(1, round(left / self._speed)))
        await self._clock.sleep_until(self._clock.monotonic())
