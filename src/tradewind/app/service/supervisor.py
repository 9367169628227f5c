"""Runs supervised tasks on a clock and a scheduler; the one place where the error of a task ends.

Everything else lets errors go on to here: what a task raised is recorded with its kind and its text, told, and answered
with a new start, or with the end of the service where starting again does not help.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import msgspec

from tradewind.app.service.supervision import Fate, Policy, Supervision
from tradewind.errors import DiskFull, Retryable, StoreAway, TradewindError
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock
from tradewind.ports.scheduler import Scheduler

Beat = Callable[[], None]
Work = Callable[[Beat], Awaitable[None]]
LOOK_EVERY = SECOND // 4


class Death(msgspec.Struct, frozen=True):
    """A task ended unasked. ``error`` None: it just returned or was silent; ``again_in_s`` None: it stays down."""

    task: str
    text: str
    error: BaseException | None
    again_in_s: float | None


class LifeOver(Exception):
    """A vital task died. ``death.again_in_s`` says when the next life may begin."""

    def __init__(self, death: Death) -> None:
        super().__init__(f"task {death.task}: {death.text}")
        self.death = death


class RestartLoop(TradewindError):
    """A task died again and again; the service stopped rather than go on without it."""


class Supervisor:
    """Tends tasks until a vital one is done, or somebody asks to stop.

    ``supervision`` may hold the deaths of earlier lives. ``on_death`` hears of every task that ended unasked.
    """

    def __init__(
        self,
        supervision: Supervision,
        clock: Clock,
        scheduler: Scheduler,
        on_death: Callable[[Death], None] = lambda _: None,
    ) -> None:
        self.supervision = supervision
        self._clock = clock
        self._scheduler = scheduler
        self._on_death = on_death
        self._work: dict[str, Work] = {}
        self._vital: set[str] = set()
        self._run: dict[str, int] = {}
        self._done = False
        self._over: BaseException | None = None

    def add(self, name: str, work: Work, policy: Policy) -> None:
        """Puts a task under supervision; ``work`` is called anew for every start and beats through its argument."""
        self._work[name] = work
        if policy.vital:
            self._vital.add(name)
        self.supervision.add(name, policy, self._clock.monotonic())

    async def run(self, stop_asked: Callable[[], bool] = lambda: False) -> None:
        """Starts and tends the tasks; when it returns or raises, all of them have ended.

        A vital task that runs is left to see ``stop_asked`` itself and to end in order.

        Raises:
            LifeOver: a vital task died and may live again.
            TradewindError: a vital task died of what no new start heals, or any task is in a restart loop.
        """
        try:
            while not self._done and self._over is None:
                now = self._clock.monotonic()
                self._tend(now)
                if stop_asked() and not any(self.supervision.running(name) for name in self._vital):
                    break
                await self._clock.sleep_until(now + LOOK_EVERY)
        finally:
            self._run.clear()
            self._scheduler.cancel()
            await self._scheduler.join()
        if self._over is not None:
            raise self._over

    def _tend(self, now: int) -> None:
        for name in self.supervision.hung(now):
            if name in self._run:
                self._scheduler.cancel(_named(name, self._run[name]))
                self._ended(name, self._run[name], None, "gave no sign of life and was ended")
        for name in self.supervision.due(now):
            if name in self._work:
                number = self._run.get(name, 0) + 1
                self._run[name] = number
                self.supervision.started(name, now)
                self._scheduler.spawn(_named(name, number), partial(self._live, name, number))

    async def _live(self, name: str, number: int) -> None:
        """One start of a task, whatever comes of it."""

        def beat() -> None:
            if self._run.get(name) == number:
                self.supervision.beat(name, self._clock.monotonic())

        try:
            await self._work[name](beat)
        except Exception as error:  # noqa: BLE001  an error of a task ends here: recorded, told, answered
            self._ended(name, number, error, described(error))
        except BaseException:
            self._ended(name, number, None, "was ended from outside")
            raise
        else:
            if name in self._vital:
                self.supervision.done(name)
                self._done = True
            else:
                self._ended(name, number, None, "returned unasked")

    def _ended(self, name: str, number: int, error: Exception | None, text: str) -> None:
        if self._run.get(name) != number or self._over is not None:
            return  # an earlier start of the task, or everything is being ended
        now = self._clock.monotonic()
        if isinstance(error, DiskFull | StoreAway):  # no task can do anything about it: waited for, uncounted
            self.supervision.waits(name, now, text)
            self._run[name] = number + 1
            self._over = LifeOver(Death(name, text, error, 0.0))
            return
        fate = self.supervision.died(name, now, text)
        hopeless = name in self._vital and isinstance(error, TradewindError) and not isinstance(error, Retryable)
        again = fate is Fate.AGAIN and not hopeless
        self._run[name] = number + 1  # what this start still does is not heard any more
        death = Death(name, text, error, (self.supervision.starts_at(name) - now) / SECOND if again else None)
        self._on_death(death)
        if again:
            self._over = LifeOver(death) if name in self._vital else None
        elif hopeless or (name in self._vital and isinstance(error, TradewindError)):
            self._over = error
        else:
            self._over = RestartLoop(
                f"it died once too often: {text}",
                where=f"task {name}",
                next_step="`tradewind status` shows the last errors, logs/error.log all of them; then start it again",
            )
            self._over.__cause__ = error


def described(error: BaseException) -> str:
    """``KeyError: 'x'``: kind and text of an error."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def attempt(work: Callable[[], None]) -> Exception | None:
    """Does one pass of a loop; its error comes back instead of ending the loop."""
    try:
        work()
    except Exception as error:  # noqa: BLE001  a pass that fails is logged and counted, and the loop goes on
        return error
    return None


def _named(name: str, number: int) -> str:
    return f"{name}#{number}"
