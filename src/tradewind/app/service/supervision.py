"""Who runs, who died and when they start again: decisions about tasks without any task, in whatever time is given.

A task beats while it works. One that ends unasked is started again after a wait that doubles; one that dies more often
than its policy allows within the policy's window is in a restart loop: it stays down, and so does the service.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

import msgspec

from tradewind.app.task_report import State, TaskReport
from tradewind.model.timeframe import MINUTE, SECOND


class Policy(msgspec.Struct, frozen=True):
    """How long a task may be silent, and how often it may die; times in nanoseconds.

    Without a beat for ``stale_after`` a task is stale, which makes the service unhealthy; for ``hung_after`` it is
    ended and started again. 0 leaves the question out. The wait before a start is ``first_wait``, doubled with every
    death of the window, at most ``longest_wait``. More than ``deaths`` within ``window`` are a restart loop. Without a
    ``vital`` task there is no service: its end is the end of this life.
    """

    stale_after: int = MINUTE
    hung_after: int = 5 * MINUTE
    vital: bool = False
    first_wait: int = SECOND
    longest_wait: int = MINUTE
    deaths: int = 3
    window: int = 10 * MINUTE


class Fate(Enum):
    """What becomes of a task that ended."""

    AGAIN = "again"
    LOOP = "loop"


class _Task(msgspec.Struct):
    """Times are monotonic nanoseconds."""

    policy: Policy
    state: State = "waiting"
    due: int = 0
    beat: int | None = None
    restarts: int = 0
    deaths: deque[int] = msgspec.field(default_factory=deque)
    last_error: str = ""


class Supervision:
    """The book of all tasks; it outlives the lives of the service within one process. Times are monotonic ns."""

    def __init__(self) -> None:
        self._tasks: dict[str, _Task] = {}

    def add(self, name: str, policy: Policy, now: int) -> None:
        """Makes ``name`` due at once; a task known from an earlier life keeps its deaths and waits its wait."""
        task = self._tasks.get(name)
        if task is None:
            self._tasks[name] = _Task(policy, due=now)
        else:
            task.policy = policy
            task.state = "waiting"

    def due(self, now: int) -> tuple[str, ...]:
        """Tasks to start now."""
        return tuple(name for name, task in self._tasks.items() if task.state == "waiting" and task.due <= now)

    def started(self, name: str, now: int) -> None:
        """The task runs; starting counts as its first beat."""
        task = self._tasks[name]
        task.state, task.beat = "running", now

    def beat(self, name: str, now: int) -> None:
        """A sign of life."""
        self._tasks[name].beat = now

    def running(self, name: str) -> bool:
        """Whether the task was started and has not ended."""
        return self._tasks[name].state == "running"

    def done(self, name: str) -> None:
        """The task had an end of its own and reached it."""
        self._tasks[name].state = "done"

    def died(self, name: str, now: int, error: str) -> Fate:
        """The task ended unasked: when it starts again, or that it died once too often."""
        task = self._tasks[name]
        policy = task.policy
        task.last_error = error
        task.deaths.append(now)
        while task.deaths and task.deaths[0] <= now - policy.window:
            task.deaths.popleft()
        if len(task.deaths) > policy.deaths:
            task.state = "loop"
            return Fate.LOOP
        task.state = "waiting"
        task.restarts += 1
        task.due = now + min(policy.longest_wait, policy.first_wait << (len(task.deaths) - 1))
        return Fate.AGAIN

    def waits(self, name: str, now: int, error: str) -> None:
        """The task ended for something that is nobody's fault and is waited for: no death, due at once."""
        task = self._tasks[name]
        task.last_error, task.state, task.due = error, "waiting", now

    def starts_at(self, name: str) -> int:
        """When a waiting task is due."""
        return self._tasks[name].due

    def hung(self, now: int) -> tuple[str, ...]:
        """Running tasks that were silent for too long to be waited for."""
        return tuple(name for name, task in self._tasks.items() if _silent(task, now, task.policy.hung_after))

    @property
    def restarts(self) -> int:
        """How often any task was started again."""
        return sum(task.restarts for task in self._tasks.values())

    def report(self, now: int) -> tuple[TaskReport, ...]:
        """All tasks, in the order they were added."""
        return tuple(
            TaskReport(
                name=name,
                state=task.state,
                beat_age_s=None if task.beat is None else max(0, now - task.beat) / SECOND,
                stale=_silent(task, now, task.policy.stale_after),
                restarts=task.restarts,
                vital=task.policy.vital,
                last_error=task.last_error,
            )
            for name, task in self._tasks.items()
        )


def unwell(tasks: tuple[TaskReport, ...]) -> tuple[TaskReport, ...]:
    """The tasks that make the service unhealthy: silent ones, and those that are down."""
    return tuple(one for one in tasks if one.stale or one.state in ("waiting", "loop"))


def _silent(task: _Task, now: int, limit: int) -> bool:
    return bool(limit) and task.state == "running" and task.beat is not None and now - task.beat > limit
