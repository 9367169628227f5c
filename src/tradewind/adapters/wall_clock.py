"""The host's clock behind the Clock port; the only reader of it."""

from __future__ import annotations

import time
from typing import Final

_MONOTONIC: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # Linux: counts on while the machine sleeps


class WallClock:
    """UTC time of the host and its monotonic clock, nanoseconds.

    >>> clock = WallClock()
    >>> clock.monotonic() <= clock.monotonic()
    True
    """

    def now(self) -> int:
        """UTC nanoseconds since the epoch, as the host believes; may step when the host is corrected."""
        return time.time_ns()

    def monotonic(self) -> int:
        """Nanoseconds that never go backwards."""
        return time.clock_gettime_ns(_MONOTONIC)

    async def sleep_until(self, monotonic_ns: int) -> None:
        """Returns when ``monotonic()`` has reached ``monotonic_ns``; at once, after one turn of the loop, if it has."""
        import asyncio  # 80 ms, which a verb that only asks for the time does not wait for

        while (left := monotonic_ns - self.monotonic()) > 0:
            await asyncio.sleep(left / 1e9)
        await asyncio.sleep(0)
