"""A clock that moves only when told to: for replays, backtests and simulations."""

from __future__ import annotations

import asyncio


class ManualClock:
    """Starts at ``start`` (UTC ns). ``advance_to`` moves UTC and monotonic time together; ``step`` moves UTC alone.

    >>> clock = ManualClock(100)
    >>> clock.advance_to(250)
    >>> clock.now(), clock.monotonic()
    (250, 150)
    """

    def __init__(self, start: int = 0) -> None:
        self._now = start
        self._monotonic = 0

    def now(self) -> int:
        """UTC nanoseconds."""
        return self._now

    def monotonic(self) -> int:
        """Nanoseconds since the start that no step of the wall clock moves."""
        return self._monotonic

    def advance_to(self, now: int) -> None:
        """Moves forward to ``now``; an earlier time is ignored."""
        if now > self._now:
            self._monotonic += now - self._now
            self._now = now

    def step(self, by: int) -> None:
        """Corrects the wall clock by ``by`` ns, either way; monotonic time does not notice."""
        self._now += by

    async def sleep_until(self, monotonic_ns: int) -> None:
        """Yields once, then lets time be ``monotonic_ns``: sleeping is what moves a simulated clock."""
        await asyncio.sleep(0)
        if monotonic_ns > self._monotonic:
            self.advance_to(self._now + monotonic_ns - self._monotonic)
