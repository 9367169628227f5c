"""A venue's published request limit, kept on the Clock so that it also holds in virtual time."""

from __future__ import annotations

from collections import deque

import msgspec

from tradewind.errors import Misconfigured
from tradewind.ports.clock import Clock

_NS = 1_000_000_000


class BudgetStatus(msgspec.Struct, frozen=True):
    """What ``status`` shows: requests left in the window, and for how long the venue has shut us out."""

    requests: int
    window_s: float
    used: int
    banned_for_s: float
    granted: int
    bans: int


class RateBudget:
    """At most ``requests`` grants in any window of ``window_s`` seconds, and none during a ban.

    A ban is the venue's own Retry-After. The window slides: a grant counts until ``window_s`` after it was given.
    """

    def __init__(self, clock: Clock, requests: int, window_s: float = 60.0) -> None:
        if requests < 1 or window_s <= 0:
            raise Misconfigured(
                f"a budget of {requests} requests in {window_s} s", where="rate budget", allowed="at least 1 in > 0 s"
            )
        self._clock = clock
        self._limit = requests
        self._window = round(window_s * _NS)
        self._given: deque[int] = deque()
        self._banned_until = 0
        self._granted = 0
        self._bans = 0

    async def acquire(self) -> None:
        """Returns when one request may be sent; waits out bans and a full window."""
        while True:
            now = self._clock.monotonic()
            self._forget(now)
            if now < self._banned_until:
                await self._clock.sleep_until(self._banned_until)
            elif len(self._given) < self._limit:
                self._given.append(now)
                self._granted += 1
                return
            else:
                await self._clock.sleep_until(self._given[0] + self._window)

    def ban(self, seconds: float) -> None:
        """No grant for ``seconds`` from now; a shorter ban never shortens a longer one."""
        self._bans += 1
        self._banned_until = max(self._banned_until, self._clock.monotonic() + round(seconds * _NS))

    def status(self) -> BudgetStatus:
        """The state at this moment."""
        now = self._clock.monotonic()
        self._forget(now)
        return BudgetStatus(
            requests=self._limit,
            window_s=self._window / _NS,
            used=len(self._given),
            banned_for_s=max(0, self._banned_until - now) / _NS,
            granted=self._granted,
            bans=self._bans,
        )

    def _forget(self, now: int) -> None:
        while self._given and self._given[0] + self._window <= now:
            self._given.popleft()
