"""Watches a service from outside and raises the alarm when it falls silent: a dead bot cannot say that it is dead.

The watcher shares nothing with what it watches but the beat file (or /healthz) and the configuration: another process,
its own connection to Telegram, its own clock. Silence is measured by the watcher's monotonic clock since it last saw
the beat change, so a wall clock that steps raises no alarm and hides none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Literal, NamedTuple

import msgspec

from tradewind.app.service_note import ServiceNote
from tradewind.app.task_report import TaskReport
from tradewind.model.timeframe import HOUR, SECOND
from tradewind.ports.clock import Clock

REMIND_EVERY: Final = 6 * HOUR
Sight = Callable[[], Awaitable[ServiceNote | None]]


class Alarm(msgspec.Struct, frozen=True):
    """What the watcher tells: ``silent`` or ``failed`` at once and every six hours, ``recovered`` when it is over.

    ``waiting`` comes from a service itself that has no store yet to tell anything through.
    """

    kind: Literal["silent", "failed", "recovered", "waiting"]
    ts: int
    silent_s: float
    detail: str

    def text(self) -> str:
        """One line for people."""
        head = {
            "silent": "ALARM: the service is silent",
            "failed": "ALARM: the service has failed",
            "waiting": "ALARM: the service cannot begin",
        }
        return f"{head.get(self.kind, 'The service is back')}: {self.detail}"


class Watch:
    """Decides from what is seen, in whatever time is given; monotonic nanoseconds but for the stamp of alarms."""

    def __init__(self, after: int, now: int) -> None:
        self._after = after
        self._seen_at = now
        self._last: tuple[int, int] | None = None
        self._told_at: int | None = None
        self.beats = 0

    def saw(self, note: ServiceNote | None, now: int, ts: int) -> Alarm | None:
        """What follows from a look; ``note`` None: nothing could be seen."""
        fresh = note is not None and (note.pid, note.ts) != self._last
        if note is not None and fresh:
            self._last, self._seen_at = (note.pid, note.ts), now
            self.beats += 1
        if note is not None and note.state == "stopped":
            self._told_at = None  # somebody asked it to stop: silence is what was asked for
            self._seen_at = now
            return None
        silent = now - self._seen_at
        failed = note is not None and note.state == "failed"
        if not failed and silent <= self._after:
            return self._recovered(ts) if self._told_at is not None and fresh else None
        if self._told_at is not None and now - self._told_at < REMIND_EVERY:
            return None
        self._told_at = now
        return Alarm("failed" if failed else "silent", ts, silent / SECOND, _words(note, silent / SECOND))

    def _recovered(self, ts: int) -> Alarm:
        self._told_at = None
        return Alarm("recovered", ts, 0.0, "it beats again")


class Watched(NamedTuple):
    """How a watch ended: looks, beats seen, alarms told, in order."""

    looks: int
    beats: int
    alarms: tuple[Alarm, ...]


async def watch(
    sight: Sight,
    tell: Callable[[Alarm], Awaitable[None]],
    clock: Clock,
    *,
    after: int,
    every: int,
    stop_asked: Callable[[], bool],
    alarms: int = 0,
) -> Watched:
    """Looks every ``every`` nanoseconds until asked to stop, or so many ``alarms`` were told (0: no end)."""
    watching, told, looks = Watch(after, clock.monotonic()), list[Alarm](), 0
    while not stop_asked():
        looks += 1
        alarm = watching.saw(await sight(), clock.monotonic(), clock.now())
        if alarm is not None:
            told.append(alarm)
            await tell(alarm)
            if alarms and len(told) >= alarms:
                break
        until = clock.monotonic() + every
        while (now := clock.monotonic()) < until and not stop_asked():
            await clock.sleep_until(min(until, now + SECOND // 4))
    return Watched(looks, watching.beats, tuple(told))


def _words(note: ServiceNote | None, silent_s: float) -> str:
    if note is None:
        return f"nothing was seen of it for {silent_s:.0f} s"
    last = f"process {note.pid} was last heard of {silent_s:.0f} s ago, {note.state}"
    restless: tuple[TaskReport, ...] = tuple(one for one in note.tasks if one.last_error)
    errors = "; ".join(f"{one.name}: {one.last_error}" for one in restless)
    said = note.detail or errors
    return f"{last}; {said}" if said else last
