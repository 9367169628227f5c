"""A clock that only moves when told, or when somebody sleeps on it."""

from __future__ import annotations

import asyncio


class VirtualClock:
    """Virtual time: a sleep jumps to its end at once, so waits cost nothing and are exact.

    ``slept`` keeps the length of every wait in nanoseconds, for tests that check pacing.
    """

    def __init__(self, now: int = 1_700_000_000_000_000_000) -> None:
        self._now = now
        self._monotonic = 0
        self.slept: list[int] = []

    def now(self) -> int:
        return self._now

    def monotonic(self) -> int:
        return self._monotonic

    async def sleep_until(self, monotonic_ns: int) -> None:
        wait = monotonic_ns - self._monotonic
        if wait > 0:
            self.slept.append(wait)
            self.advance(wait)
        await asyncio.sleep(0)

    def advance(self, nanoseconds: int) -> None:
        self._now += nanoseconds
        self._monotonic += nanoseconds

    def step(self, nanoseconds: int) -> None:
        """The wall clock jumps; the monotonic one does not."""
        self._now += nanoseconds
