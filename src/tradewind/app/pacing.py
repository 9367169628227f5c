"""Makes a replay take time: so many times faster than the clock on the wall."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tradewind.ports.clock import Clock


class Waiter(Protocol):
    """Something that can be waited on and woken early, such as ``threading.Event``."""

    def wait(self, timeout: float) -> bool:
        """Waits at most ``timeout`` seconds; True when woken."""
        ...


def paced(speed: float, clock: Clock, waiter: Waiter) -> Callable[[int], None]:
    """A pace for ``drive_replay``: event time runs ``speed`` times as fast as ``clock``; ``waiter`` can end a wait."""
    started: list[int] = []

    def pace(ts: int) -> None:
        if not started:
            started.extend((ts, clock.monotonic()))
        due = started[1] + (ts - started[0]) / speed
        left = (due - clock.monotonic()) / 1e9
        if left > 0:
            waiter.wait(left)

    return pace
