"""The service as one sees it from outside: its tasks, how long ago they gave a sign of life, its uptime."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tradewind.adapters.beat_file import BeatFile
from tradewind.adapters.store.lease import WriterLock
from tradewind.adapters.store.life_spans import spans
from tradewind.adapters.store.reader import Queryable
from tradewind.app.service_note import BEAT_EVERY, ServiceNote, noted
from tradewind.app.uptime import WINDOW, Uptime, uptime
from tradewind.model.timeframe import SECOND

QUIET_AFTER = 3 * BEAT_EVERY


class TaskState(msgspec.Struct, frozen=True):
    """One task now: ``last_beat_s`` is the age of its last sign of life, None where it never gave one."""

    name: str
    state: str
    last_beat_s: float | None
    restarts: int
    last_error: str


class ResourceFigures(msgspec.Struct, frozen=True):
    """What the process used. ``cpu`` = processor seconds / seconds since it began; bytes and bytes an hour else."""

    cpu: float
    cpu_s: float
    rss: int
    peak_rss: int
    threads: int
    open_files: int
    connections: int
    database: int
    logs: int
    disk_free: int
    sent: int
    received: int
    network_per_hour: float


class ServiceView(msgspec.Struct, frozen=True):
    """``fresh`` says that the newest note is seconds old; an older one is what a dead or frozen service left."""

    state: str
    fresh: bool
    age_s: float
    since: int
    pid: int
    lives: int
    restarts: int
    checks_passed: int
    faults: tuple[str, ...]
    tasks: tuple[TaskState, ...]
    resources: ResourceFigures
    detail: str = ""


def service_view(database: Path, now: int) -> ServiceView | None:
    """The newest note beside the store at ``database``; None where no service ever ran there.

    A note can be seconds old and its process dead, with the next one begun: only while the very process that wrote it
    holds the store, or waits for it, is it taken as fresh.
    """
    note = noted(BeatFile(database))
    return None if note is None else _view(note, now, held=WriterLock(database).holder() == str(note.pid))


def measured_uptime(database: Queryable, now: int) -> Uptime | None:
    """Uptime of the last thirty days; None without a heartbeat."""
    return uptime(spans(database, now - WINDOW), now)


def ready(view: ServiceView | None) -> str:
    """Why the service is not up and well, in words; empty when it is."""
    if view is None:
        return "no service has run here"
    if not view.fresh and view.state == "running":
        return f"process {view.pid}, the last service here, is not heard any more (since {view.age_s:.0f} s)"
    if not view.fresh or view.state != "running":
        return f"the service is {view.state}, last heard of {view.age_s:.0f} s ago"
    down = [task.name for task in view.tasks if task.state != "running"]
    return f"{', '.join(down)} not running" if down else "; ".join(view.faults)


def _view(note: ServiceNote, now: int, *, held: bool) -> ServiceView:
    age = max(0, now - note.ts)
    ended = note.state in ("stopped", "failed")
    lived = max(note.ts - note.since, 1) / SECOND
    used, traffic = note.resources, note.traffic
    return ServiceView(
        state=note.state,
        fresh=age <= QUIET_AFTER and (held or note.state == "waiting") and not ended,
        age_s=age / SECOND,
        since=note.since,
        pid=note.pid,
        lives=note.lives,
        restarts=note.restarts,
        checks_passed=note.checks_passed,
        faults=note.faults,
        tasks=tuple(
            TaskState(
                one.name,
                "ended" if ended else "stale" if one.stale else one.state,
                None if one.beat_age_s is None else one.beat_age_s + age / SECOND,
                one.restarts,
                one.last_error,
            )
            for one in note.tasks
        ),
        resources=ResourceFigures(
            cpu=used.cpu_s / lived,
            cpu_s=used.cpu_s,
            rss=used.rss,
            peak_rss=used.peak_rss,
            threads=used.threads,
            open_files=used.open_files,
            connections=used.connections,
            database=used.database,
            logs=used.logs,
            disk_free=used.disk_free,
            sent=traffic.sent,
            received=traffic.received,
            network_per_hour=(traffic.sent + traffic.received) / lived * 3600.0,
        ),
        detail=note.detail,
    )
