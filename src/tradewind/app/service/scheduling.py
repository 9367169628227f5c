"""The tasks that go through the timetable: one for each loop that people know by name, one for the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from tradewind.app.service.duties import DUTIES, Duty
from tradewind.app.service.jobs import AUTO_SIGNALS, HEALTH, LEARNING
from tradewind.app.service.life import Life
from tradewind.app.service.passes import KEY
from tradewind.app.service.supervisor import Beat, Work, attempt
from tradewind.app.service.timetable import Timetable
from tradewind.model.timeframe import SECOND

ALONE: Final = (AUTO_SIGNALS, LEARNING, HEALTH)
LOOK_EVERY: Final = SECOND


def pass_through(life: Life, timetable: Timetable, now: int, names: Sequence[str], duties: Mapping[str, Duty]) -> int:
    """Begins what is due among ``names``; a job that raises is logged, counted, and due again as planned."""
    due = timetable.due(now, names)
    for job in due:
        timetable.begun(job.name, now)
        duty = duties[job.name]
        error = attempt(lambda duty=duty: duty(life, now))  # type: ignore[misc]  # bound now, called at once
        if error is not None:
            timetable.failed(job.name)
        life.service.attempted(error, job.name)
    if any(job.remembered for job in due):
        life.run.store.note(KEY, msgspec.json.encode(timetable.last()).decode())
    return len(due)


def looping(name: str) -> Callable[[Life], Work | None]:
    """The task of one job, or with no name of all jobs that have no task of their own."""

    def offer(life: Life) -> Work | None:
        timetable = life.service.timetable
        names = [job for job in timetable.jobs if (job == name if name else job not in ALONE)]
        if not names:
            return None

        async def work(beat: Beat) -> None:
            while True:
                beat()
                pass_through(life, timetable, life.clock.now(), names, DUTIES)
                await life.clock.sleep_until(life.clock.monotonic() + LOOK_EVERY)

        return work

    return offer
