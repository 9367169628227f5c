"""Rate budgets by scope: strict sliding windows, and holds where a peer asked for silence or does not answer."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from tradewind.model.channel import Limit
from tradewind.model.timeframe import SECOND

FIRST_HOLD: Final = SECOND
LONGEST_HOLD: Final = 60 * SECOND
_MARGIN: Final = SECOND // 20
"""Requests arrive closer together or wider apart than they left; a window is kept this much longer."""


class Pace:
    """When the next request may leave. Times are UTC nanoseconds, arguments everywhere.

    ``earliest(limits, now)`` is ``now`` or later: the first moment at which no window of any limit would hold more than
    its count. ``took`` counts a request. ``hold(peer, until)`` keeps a peer silent; ``fail`` does so for 1, 2, 4 ...
    at most 60 seconds, until ``recovered``.
    """

    def __init__(self) -> None:
        self._sent: dict[str, deque[int]] = {}
        self._held: dict[str, int] = {}
        self._failures: dict[str, int] = {}

    def earliest(self, limits: Iterable[Limit], now: int) -> int:
        """The first moment at or after ``now`` that every limit allows."""
        first = now
        for limit in limits:
            sent = self._sent.get(limit.scope)
            if sent is not None and len(sent) >= limit.count:
                first = max(first, sent[-limit.count] + limit.window + _MARGIN)
        return first

    def took(self, limits: Iterable[Limit], now: int) -> None:
        """A request leaves now."""
        for scope, longest in _longest(limits).items():
            sent = self._sent.setdefault(scope, deque())
            sent.append(now)
            while sent and sent[0] < now - longest - _MARGIN:
                sent.popleft()

    def held_until(self, peer: str) -> int:
        """Until when a peer is left alone; 0 where it is not."""
        return self._held.get(peer, 0)

    def hold(self, peer: str, until: int) -> None:
        """Nothing goes to ``peer`` before ``until``; an earlier time does not shorten a hold."""
        self._held[peer] = max(until, self._held.get(peer, 0))

    def fail(self, peer: str, now: int) -> int:
        """The peer did not answer; until when it is left alone."""
        count = self._failures[peer] = self._failures.get(peer, 0) + 1
        until = now + min(FIRST_HOLD << min(count - 1, 8), LONGEST_HOLD)
        self.hold(peer, until)
        return until

    def recovered(self, peer: str) -> None:
        """The peer answered."""
        self._failures.pop(peer, None)

    def failures(self, peer: str) -> int:
        """Requests in a row that were not answered."""
        return self._failures.get(peer, 0)


def _longest(limits: Iterable[Limit]) -> dict[str, int]:
    windows: dict[str, int] = {}
    for limit in limits:
        windows[limit.scope] = max(limit.window, windows.get(limit.scope, 0))
    return windows
