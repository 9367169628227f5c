"""Virtual time with two hands: what time it is, and what the host believes."""

from __future__ import annotations

from tradewind.fleetsim.seeded import turn


class VirtualClock:
    """Implements ``ports.clock.Clock``. ``true`` is UTC as the venue knows it; ``now`` is off by ``error`` ns.

    >>> clock = VirtualClock(1_000)
    >>> clock.step(-300)
    >>> clock.advance_to(1_500)
    >>> clock.now(), clock.true, clock.monotonic()
    (1200, 1500, 500)
    """

    def __init__(self, start: int) -> None:
        self.true = start
        self.error = 0
        self._start = start

    def now(self) -> int:
        """The host's wall clock, UTC nanoseconds."""
        return self.true + self.error

    def monotonic(self) -> int:
        """Nanoseconds since the start; no step moves it."""
        return self.true - self._start

    def advance_to(self, true: int) -> None:
        """Lets time pass; an earlier time is ignored."""
        self.true = max(self.true, true)

    def step(self, by: int) -> None:
        """The host's wall clock jumps by ``by`` ns, either way."""
        self.error += by

    async def sleep_until(self, monotonic_ns: int) -> None:
        """Gives the turn away until the simulation has moved time far enough."""
        while self.monotonic() < monotonic_ns:
            await turn()
