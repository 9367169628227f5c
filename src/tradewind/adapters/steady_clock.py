"""Wall time that nobody can step: read once, carried on by the monotonic clock."""

from __future__ import annotations

from tradewind.ports.clock import Clock


class SteadyClock:
    """Implements ``ports.clock.Clock``: ``now`` is the wall time of the moment it was made plus monotonic time since.

    A host whose clock is corrected by an hour or a day must neither call the bars of a day missing nor decide on one
    twice, so a running service takes its time from here. ``offset`` ns (venue time minus host time, as measured at the
    start) makes it the venue's time.
    """

    def __init__(self, clock: Clock, offset: int = 0) -> None:
        self._clock = clock
        self._base = clock.now() - clock.monotonic() + offset

    def now(self) -> int:
        """UTC nanoseconds; never steps."""
        return self._base + self._clock.monotonic()

    def monotonic(self) -> int:
        """As the clock underneath."""
        return self._clock.monotonic()

    async def sleep_until(self, monotonic_ns: int) -> None:
        """As the clock underneath."""
        await self._clock.sleep_until(monotonic_ns)
