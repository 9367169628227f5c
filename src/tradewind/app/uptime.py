"""How much of the time the service was up, from its heartbeats: the age of a process forgets its outages.

A stretch counts as up from the first to the last of beats that follow each other closely and report health; everything
between is an outage. So the figure errs towards less, by the time between two beats for every life.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from tradewind.adapters.store.life_spans import Span
from tradewind.model.timeframe import DAY, HOUR, SECOND

WINDOW: Final = 30 * DAY
NEXT_BEAT: Final = 90 * SECOND
"""The newest beat speaks for the time until the next one is overdue."""
LINES: Final = (("alert", 0.95), ("phase 3", 0.99), ("target", 0.995), ("expectation", 0.999))
"""The four lines that one measured number is held against; the target is 3.6 hours of outage in thirty days."""


class UptimeLine(msgspec.Struct, frozen=True):
    """``allowed_s`` is the outage that the line allows over the measured time."""

    name: str
    line: float
    met: bool
    allowed_s: float


class Uptime(msgspec.Struct, frozen=True):
    """``uptime`` = up / measured. ``planned_s`` of the outages followed a stop that somebody asked for; they count.

    ``error_share`` = failed / operations and ``errors_per_hour`` = logged errors / hours up are two figures about two
    things; each is None without what it divides by.
    """

    uptime: float
    measured_s: float
    up_s: float
    down_s: float
    planned_s: float
    outages: int
    longest_s: float
    lines: tuple[UptimeLine, ...]
    operations: int
    failed: int
    error_share: float | None
    errors: int
    errors_per_hour: float | None
    restarts: int


def uptime(spans: Sequence[Span], now: int, window: int = WINDOW) -> Uptime | None:
    """The figures of the last ``window`` nanoseconds, or since the first beat where that is less; None without any."""
    since = now - window
    known = sorted((one for one in spans if one.ts > since), key=lambda one: one.first_ts)
    if not known:
        return None
    start = max(since, known[0].first_ts)
    measured = max(now - start, 1)
    up, reached, outages = 0, start, []
    for at, one in enumerate(known):
        if not one.healthy:
            continue
        alive = not one.ended and 0 <= now - one.ts <= NEXT_BEAT
        begin, end = max(one.first_ts, reached), now if alive else min(one.ts, now)
        if begin > reached:
            outages.append((begin - reached, _planned(known[:at])))
        up += max(0, end - begin)
        reached = max(reached, end)
    if now > reached:
        outages.append((now - reached, _planned(known)))
    told = [(gap, planned) for gap, planned in outages if gap > SECOND]
    operations, failed = sum(one.operations for one in known), sum(one.failed for one in known)
    errors = sum(one.errors for one in known)
    share = up / measured
    return Uptime(
        uptime=share,
        measured_s=measured / SECOND,
        up_s=up / SECOND,
        down_s=(measured - up) / SECOND,
        planned_s=sum(gap for gap, planned in told if planned) / SECOND,
        outages=len(told),
        longest_s=max((gap for gap, _ in told), default=0) / SECOND,
        lines=tuple(UptimeLine(name, line, share >= line, (1.0 - line) * measured / SECOND) for name, line in LINES),
        operations=operations,
        failed=failed,
        error_share=failed / operations if operations else None,
        errors=errors,
        errors_per_hour=errors / (up / HOUR) if up else None,
        restarts=sum(one.restarts for one in known),
    )


def _planned(before: Sequence[Span]) -> bool:
    return bool(before) and before[-1].ended == "stopped"
