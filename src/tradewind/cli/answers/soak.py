"""``tradewind soak``: hours of service, in simulated time or real, and what they cost."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tradewind.adapters.wall_clock import WallClock
from tradewind.app.ask.service_state import service_view
from tradewind.app.database import FILE_NAME
from tradewind.app.pool import Policy
from tradewind.app.run_options import RunRequest
from tradewind.app.run_replay import RunResult
from tradewind.app.service.soak import Soak, SoakReport, quiet
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.cli.answers.live import live_bases, live_run
from tradewind.cli.answers.run import stop_on_signal
from tradewind.cli.answers.run_options import RunOptions
from tradewind.cli.contract import DONE, NEGATIVE, Report, progress, table
from tradewind.cli.overrides import configured
from tradewind.errors import Misconfigured
from tradewind.model.timeframe import SECOND, Timeframe

MB = 1_000_000


class SoakOptions(NamedTuple):
    """What was typed."""

    hours: float
    clock: str
    symbols: tuple[str, ...]
    interval: Timeframe | None
    seed: int
    folder: Path


def answer(config: Path | None, asked: SoakOptions) -> Report:
    """Runs it; 4 where a task was started again, a job failed or an error was logged."""
    if asked.folder.exists() and any(asked.folder.iterdir()):
        raise Misconfigured("a soak begins in a new folder", where=str(asked.folder), next_step="name another --folder")
    settings = configured(config, None, asked.interval)
    paths = msgspec.structs.replace(settings.paths, data=str(asked.folder), logs=str(asked.folder / "logs"))
    settings = quiet(msgspec.structs.replace(settings, paths=paths))
    asked.folder.mkdir(parents=True, exist_ok=True)
    symbols = Workspace(settings).symbols(asked.symbols)
    bases = live_bases(settings, symbols, asked.interval)
    if asked.clock == "real":
        return _real(settings, asked, symbols)
    host = WallClock()
    with stop_on_signal() as stop, progress("Soak", None) as advance:
        soak = Soak(settings, asked.folder / FILE_NAME, host, lambda _: None, asked.seed)
        found = soak.run(bases, asked.hours, lambda _: advance(), stop.is_set)
    clean = not (found.restarts or found.failed or found.errors)
    return Report(found, _tables(found), DONE if clean else NEGATIVE)


def _tables(found: SoakReport) -> list[Any]:
    rows = [
        ("time", f"{found.hours:.1f} hours of SIMULATED market in {found.wall_s:.1f} s"),
        ("decided", f"{found.decisions} decisions, {found.signals} signals on {found.bars} bars"),
        ("restarts, errors", f"{found.restarts}, {found.errors}"),
        ("memory", f"{found.late.rss / MB:.1f} MB, {found.late.peak_rss / MB:.1f} MB at most;"
                   f" {found.rss_growth_per_day / MB:+.3f} MB a day since a quarter of the way"),
        ("open files", f"{found.early.open_files} at a quarter of the way, {found.late.open_files} at the end"),
        ("store", f"{found.late.database / MB:.2f} MB; {found.database_per_day / MB:+.3f} MB a day"),
        ("logs", f"{found.late.logs / MB:.2f} MB; {found.logs_per_day / MB:+.3f} MB a day"),
        ("processor", f"{found.cpu:.3%} of one core, were the time real"),
        ("journal", f"{found.journal} entries, decision digest {found.digest[:16]}"),
    ]  # fmt: skip
    jobs = [(name, passes, found.failed.get(name, 0)) for name, passes in found.passes.items()]
    days = [f"day {one.days:g}" for one in found.marks]
    grown = [(name, *(one.rows[name] for one in found.marks)) for name, n in found.marks[-1].rows.items() if n]
    return [
        table("SIMULATED soak", ["what", "value"], rows),
        table("Jobs", ["job", "passes", "failed"], jobs),
        table("Rows of each table", ["table", *days], grown),
    ]


def _real(settings: AppConfig, asked: SoakOptions, symbols: tuple[str, ...]) -> Report:
    """The live service itself on a SIMULATED market at the speed of the wall clock."""
    clock = WallClock()
    store = asked.folder / FILE_NAME
    until = clock.monotonic() + round(asked.hours * 3600 * SECOND)
    with stop_on_signal() as stop:
        options = RunOptions(
            symbols=symbols, interval=asked.interval, feed="stream", execution="paper", mode=None, iterations=0,
            speed=1.0, timerange=None, detail="auto", preset=None, store=store, provider="simulated", gateway="",
            page=None, quiet=True, allow_unproven=True, shadow=False,
        )  # fmt: skip
        request = RunRequest("stream", executes=True, policy=Policy.UNPROVEN)
        result: RunResult = live_run(
            settings, options, symbols, request, ("soak",), store, _say, lambda _: None,
            lambda: stop.is_set() or clock.monotonic() >= until, lambda _: None, None,
        )  # fmt: skip
    view = service_view(store, clock.now())
    service = result.service
    clean = service is not None and not (service.restarts or service.errors)
    used = view.resources if view is not None else None
    rows = [
        ("decided", f"{result.counts.decisions} decisions on {result.counts.bars} bars"),
        ("restarts, errors", f"{service.restarts}, {service.errors}" if service else "-"),
        *([("processor", f"{used.cpu:.3%} of one core on average, {used.cpu_s:.1f} s in all"),
           ("memory", f"{used.rss / MB:.1f} MB, {used.peak_rss / MB:.1f} MB at most"),
           ("open files", f"{used.open_files}, {used.connections} of them sockets"),
           ("network", f"{used.network_per_hour / MB:.3f} MB an hour")] if used else []),
    ]  # fmt: skip
    document = {"clock": "real", "hours": asked.hours, "run": result, "resources": used}
    return Report(document, table("SIMULATED soak in real time", ["what", "value"], rows), DONE if clean else NEGATIVE)


def _say(line: str) -> None:
    if line.startswith(("WARNING", "ALARM")):
        sys.stderr.write(line + "\n")
