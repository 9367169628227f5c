"""``tradewind run``: closing bars in, signals out; signals only, or paper."""

from __future__ import annotations

import signal as signals
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import config_hash
from tradewind.app.learning.baselines import newest_baseline
from tradewind.app.learning.mode_rules import rules_of
from tradewind.app.learning.retraining import Retraining
from tradewind.app.models.run_models import run_models
from tradewind.app.models.serving import serving_of
from tradewind.app.pacing import paced
from tradewind.app.recordings import Material, material_for, with_calendar, with_news
from tradewind.app.run_options import policy_asked, requested
from tradewind.app.run_page import require_page
from tradewind.app.run_plan import RunPlan, Wanted, run_plan
from tradewind.app.run_replay import RunResult, run_replay
from tradewind.app.run_summary import RunSummary
from tradewind.app.settings.root import AppConfig
from tradewind.app.signal_text import percent, utc
from tradewind.app.stored_run import asked_words
from tradewind.app.workspace import Workspace
from tradewind.cli import interrupts
from tradewind.cli.answers.replay import repeat
from tradewind.cli.answers.run_options import RunOptions
from tradewind.cli.contract import Report, progress, table, tell, warn
from tradewind.cli.options import TimeRange
from tradewind.cli.overrides import configured
from tradewind.engine.modes import Modes
from tradewind.model.stamp import head_of


def answer(config: Path | None, asked: RunOptions) -> Report:
    """Runs over stored or arriving bars, continues what the store holds, and draws the run where that was asked for."""
    settings = configured(config, asked.preset, asked.interval)
    policy = policy_asked(allow_unproven=asked.allow_unproven, shadow=asked.shadow)
    if asked.page is not None:
        require_page(asked.page)
    request = requested(settings, feed=asked.feed, execution=asked.execution, mode=asked.mode, policy=policy)
    workspace = Workspace(settings)
    symbols = workspace.symbols(asked.symbols)
    place = asked.store or workspace.database
    say, told = (_say_warnings, _nothing) if asked.quiet else (_say, tell)
    if "+" in (asked.preset or ""):
        say(risk_line(settings))
    words = asked_words(
        execution=request.execution,
        preset=asked.preset,
        interval=asked.interval,
        settings=config_hash(settings),
        pool=request.policy,
        learns=asked.learn or request.feed != "replay",
    )
    if request.feed == "replay":
        span = asked.timerange or TimeRange()
        bars = material_for(
            workspace, symbols, interval=asked.interval, detail=asked.detail, start=span.start, end=span.end
        )
        material = with_calendar(workspace, bars)
        warn(material.warnings)
        wanted = Wanted(
            material.bases, request.executes, material.simulated, request.policy, learns=asked.learn,
            execution=request.execution,
        )  # fmt: skip
        chosen = run_plan(settings, wanted, place, WallClock().now())
        warn(chosen.notes)
        if chosen.plan.asks_for("articles"):
            told_already = len(material.warnings)
            material = with_news(workspace, material)
            warn(material.warnings[told_already:])
        result = _replayed(chosen, material, place, workspace, (say, told), asked, words, config)
    else:
        from tradewind.cli.answers.live import (
            live_run,
        )  # sockets and venues: 20 MiB that a replay has no use for

        with stop_on_signal() as stop, progress("Closes", asked.iterations or None) as advance:
            result = live_run(settings, asked, symbols, request, words, place, say, advance, stop.is_set, told, config)
    if asked.page is not None:
        repeat(place, lambda preset, interval: configured(config, preset, interval), RunSummary(), asked.page)
        result = msgspec.structs.replace(result, report=str(asked.page))
    return Report(result, human=run_tables(result))


def _replayed(
    chosen: RunPlan,
    material: Material,
    database: Path,
    workspace: Workspace,
    voices: tuple[Callable[[str], None], Callable[[str], None]],
    typed: RunOptions,
    asked: Sequence[str],
    file: Path | None,
) -> RunResult:
    """Runs over stored bars until they end, the count is reached or somebody asks to stop."""
    clock = WallClock()
    models = run_models(workspace, database, own=True, begins=not chosen.goes_on, say=voices[0])

    def retraining(modes: Modes) -> Retraining:
        # Models and what verifies them: only a run that has seats for them pays for the import.
        from tradewind.app.learning.retraining_setup import retraining_for

        return retraining_for(workspace.config, modes, voices[0], models, file=file, waits=True)

    with stop_on_signal() as stop, progress("Run", None if typed.iterations else material.bars) as advance:
        return run_replay(
            chosen,
            material,
            database,
            voices[0],
            iterations=typed.iterations,
            pace=paced(typed.speed, clock, stop) if typed.speed > 0.0 else None,
            on_step=lambda step: advance(len(step.bars)),
            stop_asked=stop.is_set,
            now=clock.now(),
            asked=asked,
            book=workspace.database,
            baseline=newest_baseline(workspace) if chosen.plan.learning is not None else None,
            tell=voices[1],
            rules=rules_of(workspace.config) if chosen.plan.modes else None,
            retraining=retraining if chosen.plan.modes else None,
            serving=serving_of(workspace.config, chosen.plan, models),
        )


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """An event that Ctrl+C and SIGTERM set: the loop ends in order, nothing is lost, the exit code is 0."""
    stop = threading.Event()
    before = {number: signals.signal(number, lambda *_: stop.set()) for number in (signals.SIGINT, signals.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signals.signal(number, interrupts.afterwards(handler))


def run_tables(result: RunResult) -> list[Any]:
    """Where the run stands, as a person reads it."""
    counts = result.counts
    head = head_of(simulated=result.simulated, unproven=result.unproven)
    resumed = f"recovered {result.recovery.entries} entries" if result.recovery is not None else "new run"
    rows = [
        ("start", resumed),
        ("heard", f"{result.heard} {'UNPROVEN' if result.unproven else 'proven'}, {result.in_shadow} in the shadow"),
        ("stopped", f"{result.loop.stopped}, last close {utc(result.loop.last_ts)}"),
        *_of_this_life(result),
        ("balance, equity", f"{result.balance}, {result.equity:.2f}"),
        *([("network", result.network.text())] if result.network and result.network.requests else []),
        ("journal", f"{result.head_seq} entries, decision digest {result.digest[:16]}"),
        *([] if result.checked is None else [("checked", f"{result.checked} older entries and all pages are whole")]),
    ]  # fmt: skip
    reasons = list(counts.reasons.items())[:12]
    return [
        table(f"{head}Run", ["what", "value"], rows),
        table("Why there was no trade (every reason counts)", ["reason", "times"], reasons),
        *([f"Report: {result.report}"] if result.report else []),
        *([f"Models of this run: {result.models.text()}"] if result.models else []),
        "Next: tradewind replay --verify; tradewind why PAIR; tradewind status",
    ]


def _of_this_life(result: RunResult) -> list[tuple[str, str]]:
    """What was decided since this start; earlier lives of the run are `status`'s business."""
    counts = result.counts
    if not counts.bars:
        return [("decisions", "nothing new to decide: every stored bar was decided before")]
    return [
        ("bars", counts.bars_text()),
        ("decisions", f"{counts.decisions}: {counts.signals} signals, {counts.no_trade} no trade, "
                      f"{counts.no_decision} no decision"),
        ("signals", result.rate.text()),
        ("signals by tier", ", ".join(f"{tier} {n}" for tier, n in counts.tiers.items())),
        ("trades", f"{counts.trades} closed, {result.open_positions} open, {counts.ambiguous} ambiguous"),
    ]  # fmt: skip


def _nothing(line: str) -> None:
    """For ``--quiet``."""


def risk_line(settings: AppConfig) -> str:
    """The limits that hold, in one line."""
    risk = settings.risk
    firm = f"; rules of {risk.firm}, {risk.firm_stage}" if risk.firm else ""
    return (
        f"Risk: position at most {percent(risk.max_position_size)},"
        f" daily loss at most {percent(risk.daily_loss_limit)}, drawdown at most {percent(risk.max_drawdown)};"
        f" sizing {risk.sizing}{firm}"
    )


def _say(line: str) -> None:
    """Feeds, orders and warnings: what happens, which is not the result."""
    sys.stderr.write(line + "\n")


def _say_warnings(line: str) -> None:
    """What asks for somebody; of the market and the trades nothing."""
    if line.startswith(("WARNING", "No bar for")):
        _say(line)
