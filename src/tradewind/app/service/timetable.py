"""Which job is due: pure, in whatever time is given, so that months can be gone through in a test.

A job that was missed while nobody ran is made up for once, however often it was missed. A clock that is set back
repeats nothing; one that is set forward makes a job due once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from tradewind.app.service.cadence import Cadence, Calendar
from tradewind.model.session import calendar_of

REMEMBERED_FROM = 600.0


class Job(msgspec.Struct, frozen=True):
    """``markets`` are session calendars: where there are any, the job is due only while one of them is open."""

    name: str
    cadence: Cadence
    meaning: str
    markets: tuple[str, ...] = ()

    def next_after(self, ts: int) -> int:
        """The first due time after ``ts``, UTC nanoseconds."""
        due = self.cadence.next_after(ts)
        while self.markets and not any(calendar_of(name).is_open(due) for name in self.markets):
            due = self.cadence.next_after(min(calendar_of(name).next_open(due) for name in self.markets) - 1)
        return due

    @property
    def remembered(self) -> bool:
        """Whether a pass is worth a write: one that comes again within minutes need not be made up for."""
        return isinstance(self.cadence, Calendar) or self.cadence.seconds >= REMEMBERED_FROM

    def text(self) -> str:
        """``every 3600 s, while fx is open``."""
        return self.cadence.text() + (f", while {' or '.join(self.markets)} is open" if self.markets else "")


class JobState(msgspec.Struct):
    """UTC nanoseconds; ``last`` is when it was last begun, None for never. Counts are of this process."""

    due: int
    last: int | None = None
    passes: int = 0
    failed: int = 0


class Timetable:
    """``last`` is when jobs were begun in earlier processes."""

    def __init__(self, jobs: Sequence[Job], now: int, last: Mapping[str, int] | None = None) -> None:
        self.jobs = {job.name: job for job in jobs}
        self.states: dict[str, JobState] = {}
        for job in jobs:
            known = (last or {}).get(job.name)
            self.states[job.name] = JobState(job.next_after(now if known is None else min(known, now)), known)

    def due(self, now: int, names: Sequence[str] | None = None) -> list[Job]:
        """The jobs to begin now, of ``names`` or of all, in the order they came due."""
        found = []
        for name in self.jobs if names is None else names:
            job, state = self.jobs[name], self.states[name]
            soonest = job.next_after(now)
            if state.due > soonest and state.due > job.next_after(soonest):
                state.due = soonest  # the clock was set back: what is due by the new one counts
            if state.due <= now:
                found.append(job)
        return sorted(found, key=lambda job: self.states[job.name].due)

    def begun(self, name: str, now: int) -> None:
        """The job runs; it is due again after ``now``."""
        state = self.states[name]
        state.passes += 1
        state.last = now
        state.due = self.jobs[name].next_after(now)

    def failed(self, name: str) -> None:
        """Its pass raised; the next one comes as planned."""
        self.states[name].failed += 1

    def last(self) -> dict[str, int]:
        """When each job was last begun; what an heir of this process must know."""
        return {name: state.last for name, state in self.states.items() if state.last is not None}
