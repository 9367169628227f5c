"""The service as tables: its tasks, its uptime against four lines, what it uses."""

from __future__ import annotations

from typing import Any

from tradewind.app.ask.freshness import span
from tradewind.app.ask.service_state import ResourceFigures, ServiceView
from tradewind.app.signal_text import utc
from tradewind.app.uptime import Uptime
from tradewind.cli.contract import table

MB = 1_000_000


def service_parts(view: ServiceView, up: Uptime | None, *, resources: bool) -> list[Any]:
    """Everything there is to show of the service."""
    state = view.state if view.fresh or view.state in ("stopped", "failed") else f"{view.state}?"
    heard = (
        f"{state}, heard of {view.age_s:.0f} s ago; since {utc(view.since)}, life {view.lives} of process {view.pid}"
    )
    checks = f"passed ({view.checks_passed} consecutive)" if not view.faults else "; ".join(view.faults)
    rows = [
        (one.name, one.state, None if one.last_beat_s is None else f"{span(one.last_beat_s)} ago", one.restarts,
         one.last_error or None)
        for one in view.tasks
    ]  # fmt: skip
    note = f"{heard}. Restarts of tasks: {view.restarts}. Health check {checks}."
    parts: list[Any] = [table("Service", ["task", "state", "last beat", "restarts", "last error"], rows, note=note)]
    if view.detail:
        parts.append(f"It said at its end: {view.detail}")
    if up is not None:
        parts.append(_uptime(up))
    if resources:
        parts.append(_resources(view.resources))
    return parts


def _uptime(up: Uptime) -> Any:
    rows = [
        (one.name, f"{one.line:.1%}", "met" if one.met else "MISSED", f"{span(one.allowed_s)} of outage allowed")
        for one in up.lines
    ]
    share = "-" if up.error_share is None else f"{up.error_share:.3%}"
    rate = "-" if up.errors_per_hour is None else f"{up.errors_per_hour:.2f}"
    note = (
        f"Up {up.uptime:.3%} of {span(up.measured_s)} by its heartbeats; {up.outages} outages,"
        f" {span(up.down_s)} in all, {span(up.planned_s)} of it after a stop that was asked for; the longest"
        f" {span(up.longest_s)}.\n"
        f"Failed operations {share} ({up.failed} of {up.operations}); logged errors {rate} an hour ({up.errors})."
    )
    return table("Uptime", ["line", "at least", "now", "means"], rows, note=note)


def _resources(used: ResourceFigures) -> Any:
    rows = [
        ("processor", f"{used.cpu:.2%} of one core on average, {used.cpu_s:.1f} s in all, {used.threads} threads"),
        ("memory", f"{used.rss / MB:.1f} MB resident, {used.peak_rss / MB:.1f} MB at most"),
        ("files and connections", f"{used.open_files} open, {used.connections} of them sockets"),
        ("store and logs", f"{used.database / MB:.1f} MB and {used.logs / MB:.1f} MB, {used.disk_free / MB:,.0f} free"),
        ("network", f"{used.received / 1024:.1f} KiB received, {used.sent / 1024:.1f} KiB sent;"
                    f" {used.network_per_hour / MB:.3f} MB an hour"),
    ]  # fmt: skip
    return table("Resources", ["what", "used"], rows)
