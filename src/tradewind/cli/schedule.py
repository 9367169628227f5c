"""``tradewind schedule``: which loops the service runs, and when each is due."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tradewind.adapters.store.reader import StoreReader
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.database import database_path
from tradewind.app.service.jobs import jobs_of
from tradewind.app.service.passes import known_passes
from tradewind.app.service.timetable import Timetable
from tradewind.app.signal_text import utc
from tradewind.cli.contract import Report, group, table, verb
from tradewind.cli.overrides import configured

app = group("The loops of the service: what runs, how often, when next.")


class Planned(msgspec.Struct, frozen=True):
    """One job: ``last`` is when the service began it last, null for never; ``next`` when it is due, UTC ns."""

    name: str
    cadence: str
    last: int | None
    next: int
    meaning: str


@app.command("list")
@verb
def list_jobs(config: Path | None) -> Report:
    """Every job with its cadence, its last pass and its next one."""
    settings = configured(config)
    now = WallClock().now()
    path = database_path(settings)
    known: dict[str, int] = {}
    if path.is_file():
        with StoreReader(path) as reader:
            known = known_passes(reader)
    made = Timetable(jobs_of(settings), now, known)
    found = [
        Planned(name, job.text(), made.states[name].last, made.states[name].due, job.meaning)
        for name, job in made.jobs.items()
    ]
    rows = [
        (one.name, one.cadence, None if one.last is None else utc(one.last), utc(one.next), one.meaning)
        for one in found
    ]
    return Report({"jobs": found}, table("Schedule (UTC)", ["job", "when", "last", "next", "what"], rows))
