"""``tradewind status``: what runs, what it saw last, what it holds, what is wrong."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from tradewind.adapters.market.circuit_breaker import BreakerStatus
from tradewind.adapters.market.failover import SourceStatus
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.ask.account_state import AccountState
from tradewind.app.ask.block_stats import BlockStats
from tradewind.app.ask.freshness import span
from tradewind.app.ask.service_state import ready, service_view
from tradewind.app.ask.status import Run, Status, SymbolState, Writer
from tradewind.app.ask.status import status as look
from tradewind.app.database import database_path
from tradewind.app.signal_text import percent, utc
from tradewind.app.source_notes import SourceNote, SourcesNote
from tradewind.cli.contract import DONE, UNAVAILABLE, Report, single, table, verb
from tradewind.cli.overrides import in_emergency, readable
from tradewind.cli.service_tables import service_parts
from tradewind.errors import TimedOut
from tradewind.model.stamp import head_of
from tradewind.model.timeframe import SECOND

app = single()

StoreOption = Annotated[Path | None, typer.Option("--store", help="The run's database instead of the project's own.")]
WaitOption = Annotated[
    float,
    typer.Option("--wait", min=0.0, help="Wait so many seconds until the service is well; exit 5 if it is not."),
]
ResourcesOption = Annotated[bool, typer.Option("--resources", help="Processor, memory, files, disk and network too.")]
LOOK_EVERY_S = 0.25
TOP_REASONS = 5
SHOWN = 5


@app.command()
@verb
def status(
    config: Path | None, store: StoreOption = None, wait: WaitOption = 0.0, resources: ResourcesOption = False
) -> Report:
    """What runs, what it saw last, open positions, account, decisions, errors; 3 while nothing has run."""
    settings = in_emergency(config)
    if wait > 0.0:
        _wait(store or database_path(settings), wait)
    found = look(
        settings,
        store or database_path(settings),
        WallClock().now(),
        lambda preset, interval: readable(config, preset, interval),
    )
    return Report(
        found, human=_parts(found, resources=resources), exit_code=DONE if found.run is not None else UNAVAILABLE
    )


def _wait(store: Path, seconds: float) -> None:
    """Until a service is at work on the store and well.

    Raises:
        TimedOut: it was not within ``seconds``; the message says why not.
    """
    clock, waiter = WallClock(), threading.Event()
    until = clock.monotonic() + round(seconds * SECOND)
    while why := ready(service_view(store, clock.now())):
        left = (until - clock.monotonic()) / SECOND
        if left <= 0.0:
            raise TimedOut(
                f"after {seconds:g} s {why}",
                where=str(store),
                next_step="look into logs/error.log, or start it with tradewind run --feed stream",
            )
        waiter.wait(min(left, LOOK_EVERY_S))


def _parts(found: Status, *, resources: bool) -> list[Any]:
    parts: list[Any] = [f"WARNING: {warning}" for warning in found.warnings]
    symbols = table("Markets", ["symbol", "market", "data", "feed"], [_symbol(one) for one in found.symbols])
    if found.run is None:
        return [*parts, symbols, f"No run in {found.store}. Next: tradewind run --feed replay --execution paper"]
    head = head_of(simulated=found.run.simulated, unproven=found.run.unproven)
    parts.append(table(f"{head}Run in {found.store}", ["what", "value"], _run(found, found.run)))
    parts.append(symbols)
    if found.service is not None:
        parts += service_parts(found.service, found.uptime, resources=resources)
    if found.sources is not None:
        parts.append(_providers(found.sources))
    if found.account is not None:
        parts += _account(found.account, head)
    if found.errors:
        rows = [(one.timestamp, one.error_type, one.message, one.origin) for one in found.errors]
        parts.append(table("Last errors", ["time (UTC)", "kind", "message", "from"], rows))
    return parts


def writer_words(writer: Writer) -> str:
    """Who writes a store, or did last; a store that was restored or moved has had no writer yet."""
    if writer.pid is None:
        return "not running; no process has written this store yet (a copy that was restored or moved)"
    state = f"running, process {writer.pid}" if writer.running else f"not running; last was process {writer.pid}"
    return f"{state} since {writer.since} UTC"


def _run(found: Status, run: Run) -> list[tuple[object, ...]]:
    same = {True: "as now configured", False: "NOT as now configured", None: "not compared"}[run.same_settings]
    return [
        ("writer", writer_words(found.writer)),
        ("series", f"{', '.join(run.series)}; execution {run.trades_by}" + ("; PAUSED" if run.paused else "")),
        ("heard", _heard(run)),
        *([("switched off", ", ".join(run.silenced))] if run.silenced else []),
        ("configuration", f"{run.config_hash} ({same}), version {run.code_version}"),
        ("last entry", f"{run.entries} at {utc(run.last_ts)}, {span((found.now - run.last_ts) / 1e9)} ago; "
                       f"digest {run.digest[:16]}"),
        ("snapshot", "none yet" if run.snapshot is None else f"at entry {run.snapshot}"),
        ("last 24 h of data", _decisions(found.last_day)),
        ("last 30 days" if found.counted and found.counted.days else "whole run", _decisions(found.counted)),
    ]  # fmt: skip


def _heard(run: Run) -> str:
    """Who gives signals in this run."""
    if run.policy != "proven":
        return {"shadow": "nobody, all vote in the shadow"}.get(run.policy, "everybody, UNPROVEN")
    names = run.proven[:SHOWN]
    more = f" and {len(run.proven) - len(names)} more" if len(run.proven) > len(names) else ""
    return f"{len(run.proven)} proven: {', '.join(names)}{more}"


def _decisions(stats: BlockStats | None) -> str:
    if stats is None or not stats.decisions:
        return "no decisions"
    often = sorted(stats.rows, key=lambda row: -row.first)[:TOP_REASONS]
    reasons = ", ".join(f"{row.code} {row.first}" for row in often if row.first)
    return f"{stats.decisions} decisions: {stats.signals} signals, {stats.blocked} without ({reasons})"


def _symbol(one: SymbolState) -> tuple[object, ...]:
    market = "open" if one.next_open is None else f"{one.market}, opens {utc(one.next_open)}"
    data = "no bar yet" if one.data is None else f"{utc(one.data.last_bar)}, {span(one.data.age_s)} old"
    if one.data is not None and one.data.cause == "behind":
        data += f"; market traded {span(one.data.missed_s)} since"
    feed = f"{one.feed} {one.feed_detail}".strip()
    return one.symbol, market, data, feed or None


def _providers(noted: SourcesNote) -> Any:
    """Who the bars come from, as the run noted it at its last look."""
    rows = [
        (one.name, ", ".join(note.symbols), _feed(note, one), one.bars_served, _breaker(one.breaker), _budget(one))
        for note in noted.sources
        for one in note.providers
    ]
    columns = ["provider", "series", "feed", "bars of history", "questions", "requests"]
    return table("Providers", columns, rows, note=f"As of {utc(noted.ts)}.")


def _feed(note: SourceNote, one: SourceStatus) -> str:
    if note.feed != "stream":
        return note.feed
    lost = f", lost {one.stream.failures} times in a row: {one.stream.last_error}" if one.stream.failures else ""
    return ("streaming" if one.streaming else "not streaming") + lost


def _breaker(one: BreakerStatus) -> str:
    if one.state == "closed":
        return "answered" if not one.failures else f"{one.failures} failed: {one.last_error}"
    return f"left alone, asked again in {one.retry_in_s:.0f} s: {one.last_error}"


def _budget(one: SourceStatus) -> str | None:
    budget = one.budget
    if budget is None:
        return None
    banned = f", shut out for {budget.banned_for_s:.0f} s" if budget.banned_for_s else ""
    return f"{budget.used} of {budget.requests} in {budget.window_s:g} s, {budget.granted} in all{banned}"


def _account(account: AccountState, head: str) -> list[Any]:
    rows = [
        (
            one.signal_id,
            f"{one.direction} {one.lots:g} {one.symbol}",
            utc(one.ts_entry),
            f"{one.entry:.10g}",
            f"{one.stop:.10g}",
            f"{one.target:.10g}",
            None if one.mark is None else f"{one.mark:.10g}",
            None if one.floating is None else f"{one.floating:+.2f}",
        )
        for one in account.positions
    ]
    money = (
        f"Balance {account.balance:.2f} {account.currency}, equity {account.equity:.2f}, "
        f"{percent(account.drawdown)} below the highest balance; {account.trades} trades closed"
    )
    columns = ["signal", "position", "opened", "entry", "stop", "target", "last price", "floating"]
    return [table(f"{head}Open positions", columns, rows, note=money)]
