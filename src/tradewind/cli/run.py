"""``tradewind run``: closing bars in, signals out; signals only, or paper."""

from __future__ import annotations

import asyncio
import signal as signals
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import config_hash
from tradewind.app.live_sources import LiveRequest
from tradewind.app.pacing import paced
from tradewind.app.recordings import Material, material_for
from tradewind.app.run_live import run_live
from tradewind.app.run_options import requested
from tradewind.app.run_replay import RunResult, run_replay
from tradewind.app.run_summary import RunSummary
from tradewind.app.settings.root import AppConfig
from tradewind.app.signal_text import utc
from tradewind.app.stored_run import asked_words
from tradewind.app.wiring import plan_for
from tradewind.app.workspace import Workspace
from tradewind.cli.backtest import DetailOption
from tradewind.cli.contract import Report, progress, single, table, verb
from tradewind.cli.data_live import GatewayOption, ProviderOption
from tradewind.cli.options import (
    OptionalIntervalOption,
    PresetOption,
    SymbolsOption,
    TimeRange,
    TimeRangeOption,
    split_symbols,
)
from tradewind.cli.overrides import configured
from tradewind.cli.replay import repeat
from tradewind.engine.plan import EnginePlan
from tradewind.model.timeframe import Timeframe

app = single()

FeedOption = Annotated[str | None, typer.Option("--feed", help="Where bars come from: replay, poll or stream.")]
ExecutionOption = Annotated[str | None, typer.Option("--execution", help="none (signals only) or paper.")]
ModeOption = Annotated[str | None, typer.Option("--mode", help="Older word: dryrun, paper; live is refused.")]
IterationsOption = Annotated[int, typer.Option("--iterations", min=0, help="Stop after so many closes; 0: at the end.")]
SpeedOption = Annotated[float, typer.Option("--speed", min=0.0, help="Times real time; 0: as fast as it goes.")]
RunPageOption = Annotated[
    Path | None, typer.Option("--report", help="Afterwards repeat the run from its journal and write an HTML report.")
]
StoreOption = Annotated[Path | None, typer.Option("--store", help="The run's database instead of the project's own.")]


@app.command()
@verb
def run(
    config: Path | None,
    symbol: SymbolsOption = None,
    interval: OptionalIntervalOption = None,
    feed: FeedOption = None,
    execution: ExecutionOption = None,
    mode: ModeOption = None,
    iterations: IterationsOption = 0,
    speed: SpeedOption = 0.0,
    timerange: TimeRangeOption = None,
    detail: DetailOption = "auto",
    preset: PresetOption = None,
    store: StoreOption = None,
    provider: ProviderOption = "",
    gateway: GatewayOption = "",
    page: RunPageOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not print signals and trades as they happen.")] = False,
) -> Report:
    """Turns closing bars into signals, journaled; continues where an earlier run on the same store stopped."""
    settings = configured(config, preset, interval)
    request = requested(settings, feed=feed, execution=execution, mode=mode)
    workspace = Workspace(settings)
    symbols = workspace.symbols(split_symbols(symbol))
    words = asked_words(executes=request.executes, preset=preset, interval=interval, settings=config_hash(settings))
    place, say = store or workspace.database, _silent if quiet else _say
    if request.feed == "replay":
        span = timerange or TimeRange()
        material = material_for(workspace, symbols, interval=interval, detail=detail, start=span.start, end=span.end)
        plan = plan_for(settings, material.bases, executes=request.executes, simulated=material.simulated)
        result = _replayed(plan, material, place, say, iterations, speed, words)
    else:
        bases = live_bases(settings, symbols, interval)
        polls = request.feed == "poll"
        live = LiveRequest(bases, request.executes, polls, provider, gateway, iterations, words, speed)
        result = _live(settings, live, place, say)
    if page is not None:
        repeat(place, lambda preset, interval: configured(config, preset, interval), RunSummary(), page)
        result = msgspec.structs.replace(result, report=str(page))
    return Report(result, human=run_tables(result))


def _replayed(
    plan: EnginePlan,
    material: Material,
    database: Path,
    say: Callable[[str], None],
    iterations: int,
    speed: float,
    asked: Sequence[str],
) -> RunResult:
    """Runs over stored bars until they end, the count is reached or somebody asks to stop."""
    clock = WallClock()
    with stop_on_signal() as stop, progress("Run", None if iterations else material.bars) as advance:
        return run_replay(
            plan,
            material,
            database,
            say,
            iterations=iterations,
            pace=paced(speed, clock, stop) if speed > 0.0 else None,
            on_step=lambda step: advance(len(step.bars)),
            stop_asked=stop.is_set,
            now=clock.now(),
            asked=asked,
        )


def _live(settings: AppConfig, request: LiveRequest, database: Path, say: Callable[[str], None]) -> RunResult:
    """Streams or polls until the count is reached or somebody asks to stop."""
    with stop_on_signal() as stop, progress("Closes", request.iterations or None) as advance:
        return asyncio.run(
            run_live(settings, request, database, WallClock(), say, on_close=advance, stop_asked=stop.is_set)
        )


def live_bases(settings: AppConfig, symbols: Sequence[str], interval: Timeframe | None) -> dict[str, Timeframe]:
    """The bar length taken from the venue for every symbol: asked for, configured, or the shortest that votes."""
    shortest = min((one.interval for one in settings.timeframes.intervals), key=lambda one: one.rank)
    return dict.fromkeys(symbols, interval or settings.timeframes.base or shortest)


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """An event that Ctrl+C and SIGTERM set: the loop ends in order, nothing is lost, the exit code is 0."""
    stop = threading.Event()
    before = {number: signals.signal(number, lambda *_: stop.set()) for number in (signals.SIGINT, signals.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signals.signal(number, handler)


def run_tables(result: RunResult) -> list[Any]:
    """Where the run stands, as a person reads it."""
    counts = result.counts
    head = "SIMULATED " if result.simulated else ""
    resumed = f"recovered {result.recovery.entries} entries" if result.recovery is not None else "new run"
    rows = [
        ("start", resumed),
        ("stopped", f"{result.loop.stopped}, last close {utc(result.loop.last_ts)}"),
        ("bars", counts.bars_text()),
        ("decisions", f"{counts.decisions}: {counts.signals} signals, {counts.no_trade} no trade, "
                      f"{counts.no_decision} no decision"),
        ("signals", result.rate.text()),
        ("signals by tier", ", ".join(f"{tier} {n}" for tier, n in counts.tiers.items())),
        ("trades", f"{counts.trades} closed, {result.open_positions} open, {counts.ambiguous} ambiguous"),
        ("balance, equity", f"{result.balance}, {result.equity:.2f}"),
        *([("network", result.network.text())] if result.network and result.network.requests else []),
        ("journal", f"{result.head_seq} entries, decision digest {result.digest[:16]}"),
    ]  # fmt: skip
    reasons = list(counts.reasons.items())[:12]
    return [
        table(f"{head}Run", ["what", "value"], rows),
        table("Why there was no trade (every reason counts)", ["reason", "times"], reasons),
        *([f"Report: {result.report}"] if result.report else []),
        "Next: tradewind replay --verify; tradewind why PAIR; tradewind status",
    ]


def _say(line: str) -> None:
    """Signals and trades go to stderr, so that stdout stays the result's."""
    sys.stderr.write(line + "\n")


def _silent(line: str) -> None:
    """Says nothing."""
