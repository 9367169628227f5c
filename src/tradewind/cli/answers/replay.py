"""``tradewind replay``: what a recorded run was, and whether it comes out the same when it is repeated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.store import Store
from tradewind.app.config import load_config
from tradewind.app.models.serving import library_for
from tradewind.app.recorded_page import recorded_page
from tradewind.app.replayed_run import Difference, ReplayedRun, read_run, verify_run
from tradewind.app.run_page import require_page, write_page
from tradewind.app.run_summary import RunSummary
from tradewind.app.signal_text import percent, utc
from tradewind.app.stored_run import Configure, plan_of, stored_run
from tradewind.app.wiring import engine_for
from tradewind.app.workspace import Workspace
from tradewind.cli.contract import DONE, NEGATIVE, Report, progress, table
from tradewind.cli.overrides import configured
from tradewind.errors import Unavailable
from tradewind.model.decision import Signal
from tradewind.model.outcome import Trade
from tradewind.model.stamp import head_of


def answer(config: Path | None, journal: Path | None, verify: bool, page: Path | None, last: int) -> Report:
    """Reads the run of a journal, or repeats it; writes its page."""
    if page is not None:
        require_page(page)
    own = journal is None or str(journal) == "latest"
    place = Workspace(load_config(config)).database if own or journal is None else journal
    if not own and not place.is_file():
        raise Unavailable(
            "there is no journal",
            where=str(place),
            next_step="name the database of a run, or leave it out for the project's own",
        )
    summary = RunSummary()
    if verify or page is not None:
        found = repeat(place, lambda preset, interval: configured(config, preset, interval), summary, page)
    else:
        with Store.read(database_at(place)) as store, progress("Replay", store.journal.head[0]) as advance:
            found = read_run(store, stored_run(store), summary, advance)
    document = {"run": found, "signals": summary.signals, "trades": summary.trades, "report": page}
    human = [*_tables(found, summary, last), *([] if page is None else [f"Report: {page}"])]
    return Report(document, human=human, exit_code=NEGATIVE if found.byte_equal is False else DONE)


def repeat(place: Path, configure: Configure, summary: RunSummary, page: Path | None) -> ReplayedRun:
    """Repeats the run of a store, compares it, and writes its page where one is asked for."""
    with Store.read(database_at(place)) as store:
        run = stored_run(store)
        plan = plan_of(run, configure, place)
        models = library_for(configure(None, None), plan, place)
        with progress("Repeat the run from its journal", store.journal.head[0]) as advance:
            if page is None:
                return verify_run(store, run, engine_for(plan, models=models), summary, advance)
            found, data = recorded_page(store, run, plan, summary, advance, models)
    write_page(page, data)
    return found


def _tables(found: ReplayedRun, summary: RunSummary, last: int) -> list[Any]:
    counts = found.counts
    head = head_of(simulated=found.simulated, unproven=found.unproven)
    rows = [
        ("run", f"{', '.join(found.series)}; {', '.join(found.asked) or 'no flags'}"),
        ("configuration", f"{found.config_hash}, version {found.code_version}"),
        ("closes", f"{utc(counts.first_ts)} to {utc(counts.last_ts)}"),
        ("entries", f"{found.entries} ({counts.bars} bars, {counts.missing} missing, {counts.revised} revised)"),
        ("decisions", f"{counts.decisions}: {counts.signals} signals, {counts.no_trade} no trade, "
                      f"{counts.no_decision} no decision"),
        ("trades", f"{counts.trades} closed, {counts.ambiguous} ambiguous"),
        ("decision digest", found.digest),
    ]  # fmt: skip
    parts: list[Any] = [table(f"{head}Run in {found.store}", ["what", "value"], rows)]
    if found.byte_equal is None:
        parts += [_signals(summary.signals, last), _trades(summary.trades, last)]
        return [*parts, "Next: tradewind replay --verify"]
    return [*parts, *_verdict(found)]


def _verdict(found: ReplayedRun) -> list[str]:
    if found.byte_equal:
        return [f"byte-equal: {found.entries} entries replayed, every decision and the digest are the recorded ones"]
    lines = [f"NOT byte-equal: {found.differing} of {found.entries} entries differ; digest {found.replayed_digest}"]
    if found.difference is not None:
        lines += _lines(found.difference)
    return [*lines, "Next: tradewind db check; a changed machine, library or program gives other numbers"]


def _lines(first: Difference) -> list[str]:
    return [
        f"first difference: entry {first.seq} ({first.kind} at {utc(first.ts)}), {first.field}",
        f"  recorded  {first.recorded}",
        f"  replayed  {first.replayed}",
    ]


def _signals(signals: list[Signal], last: int) -> Any:
    rows = [
        (utc(one.ts), one.symbol, str(one.timeframe), one.direction, one.bracket.entry, one.bracket.stop,
         one.bracket.target, percent(one.consensus.confidence), one.id)
        for one in signals[-last:] if last
    ]  # fmt: skip
    columns = ["time", "pair", "interval", "side", "entry", "stop", "target", "confidence", "id"]
    return table("Signals", columns, rows, note=f"{len(rows)} of {len(signals)}, the newest; --last N shows more")


def _trades(trades: list[Trade], last: int) -> Any:
    rows = [
        (utc(one.ts_exit), one.symbol, "BUY" if one.side > 0 else "SELL", one.entry, one.exit, one.exit_leg, one.net,
         f"{one.r:+.2f}", one.signal_id)
        for one in trades[-last:] if last
    ]  # fmt: skip
    columns = ["closed", "pair", "side", "entry", "exit", "by", "net", "R", "signal"]
    return table("Closed trades", columns, rows, note=f"{len(rows)} of {len(trades)}, the newest")
