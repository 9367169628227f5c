"""What ``tradewind simulate`` does: one seeded run, its laws, and what is left of the faults that broke one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from tradewind.app.executors import executor_for
from tradewind.cli.contract import DONE, NEGATIVE, Report, progress, table
from tradewind.errors import Misconfigured, Unavailable

try:
    from tradewind.fleetsim.faults import MENU, FaultMix, chosen
    from tradewind.fleetsim.report import SimulationReport
    from tradewind.fleetsim.seeds import Kept, SeedResult, SeedRun, build_of, run_seeds, seeds_of, tier_of
    from tradewind.fleetsim.shrink import shrink
    from tradewind.fleetsim.simulation import run_simulation
except ModuleNotFoundError as missing:
    if missing.name != "apsw":
        raise
    raise Unavailable(
        "apsw is not installed; the disk whose power can go is made with it",
        where="tradewind simulate",
        next_step="make dev, in the checkout of Tradewind: apsw is in requirements/dev.txt",
    ) from missing

MOST_DAYS = 3660.0
LEAST_DAYS = 0.1


def answer(*, days: float, seed: int, faults: str, shrinks: bool, world: str, keep: Path | None) -> Report:
    """Runs one seed; exit 4 where a law is broken.

    Raises:
        Misconfigured: the days, the world or a name of the menu cannot be used, or results of one seed be kept.
    """
    _check(days)
    if keep is not None:
        raise Misconfigured("--keep without --seeds", where="--keep", allowed="with --seeds, as in --seeds 1..50")
    tier = tier_of(world)
    mix = chosen(faults, FaultMix.over(days))
    with progress(f"SIMULATED {tier.name}, seed {seed}", days) as bar:
        told = 0.0

        def advance(done: float) -> None:
            nonlocal told
            bar(done - told)
            told = done

        report = run_simulation(seed, days=days, mix=mix, tier=tier, progress=advance)
    document = _document(report, days) | {"asked": faults}
    if shrinks and report.violations:
        needed, small = shrink(report, days=days, tier=tier)
        document["minimal_faults"] = [str(one) for one in needed]
        document["minimal_violations"] = list(small.violations)
    return Report(document, _human(report, document), NEGATIVE if report.violations else DONE)


def answer_many(
    *, days: float, seeds: str, faults: str, world: str, workers: int, keep: Path | None, shrinks: bool
) -> Report:
    """Runs many seeds, each to its end whatever became of the others; exit 4 where a law is broken in any.

    Raises:
        Misconfigured: the days, the seeds, the world or a name of the menu cannot be used, or many seeds be shrunken.
    """
    _check(days)
    if shrinks:
        raise Misconfigured("--shrink with --seeds", where="--shrink", allowed="with --seed, the seed that broke a law")
    tier = tier_of(world)
    chosen(faults, FaultMix.over(days))
    runs = [SeedRun(seed, days, world, faults) for seed in seeds_of(seeds)]
    kept = None if keep is None else Kept(keep, build_of(tier))
    done: list[SeedResult] = []
    with executor_for(workers) as executor, progress(f"SIMULATED {tier.name}, {len(runs)} seeds", len(runs)) as bar:
        for one in run_seeds(runs, executor, kept):
            done.append(one)
            bar()
            bar.named(f"SIMULATED {tier.name}, {sum(bool(two.violations) for two in done)} seeds with a breach")
    document = _documents(done, days, world)
    return Report(document, _humans(done, document), NEGATIVE if document["violations"] else DONE)


def _check(days: float) -> None:
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise Misconfigured(f"{days:g} days", where="--days", allowed=f"{LEAST_DAYS:g} to {MOST_DAYS:g}")


def _documents(done: Sequence[SeedResult], days: float, world: str) -> dict[str, Any]:
    """The keys of one run, added up, and the runs themselves."""
    rows: Counter[str] = Counter()
    for one in done:
        rows.update(one.faults_by_row)
    years = sum(one.simulated_days for one in done) / 365.0
    seconds, cpu = sum(one.seconds for one in done), sum(one.cpu_s for one in done)
    return {
        "simulated": True,
        "seeds": [one.run.seed for one in done],
        "days": days,
        "world": world,
        "violations": [f"seed {one.run.seed}: {what}" for one in done for what in one.violations],
        "bot_years": round(years, 3),
        "faults": sum(one.faults for one in done),
        "restarts": sum(one.restarts for one in done),
        "faults_by_row": dict.fromkeys(MENU, 0) | dict(sorted(rows.items())),
        "invariants_checked": sum(one.invariants_checked for one in done),
        "events": sum(one.events for one in done),
        "entries": sum(one.entries for one in done),
        "signals": sum(one.signals for one in done),
        "trades": sum(one.trades for one in done),
        "bot_years_per_hour": round(years * 3600.0 / seconds, 2) if seconds else 0.0,
        "bot_years_per_cpu_hour": round(years * 3600.0 / cpu, 2) if cpu else 0.0,
        "runs": done,
    }


def _humans(done: Sequence[SeedResult], document: dict[str, Any]) -> RenderableType:
    figures = ("bot_years", "events", "entries", "signals", "trades", "faults", "restarts", "invariants_checked")
    rows = [(name.replace("_", " "), f"{document[name]:,}") for name in figures]
    rows += [(row, f"{count:,}") for row, count in document["faults_by_row"].items() if count]
    speed = f"{document['bot_years_per_cpu_hour']} bot-years an hour of one processor"
    head = f"SIMULATED {document['world']}, {len(done)} seeds of {document['days']:g} days, {speed}"
    parts: list[RenderableType] = [Text(head), table("All seeds together (SIMULATED)", ("what", "times"), rows)]
    for one in done:
        if one.violations:
            parts.append(Text("\n".join((f"seed {one.run.seed}:", *one.violations))))
            again = f"tradewind simulate --days {one.run.days:g} --seed {one.run.seed} --faults {one.run.faults}"
            parts.append(Text(f"See it again: {again} --world {one.run.world}"))
    if not document["violations"]:
        parts.append(Text("no law broken"))
    return Group(*parts)


def _document(report: SimulationReport, days: float) -> dict[str, Any]:
    document: dict[str, Any] = {
        "simulated": True,
        "seed": report.seed,
        "days": days,
        "world": report.tier,
        "violations": list(report.violations),
        "faults": sum(report.faults.values()),
        "restarts": report.restarts,
        "faults_by_row": dict.fromkeys(MENU, 0) | report.rows,
        "invariants_checked": report.invariants_checked,
        "events": report.events,
        "entries": report.entries,
        "signals": report.signals,
        "trades": report.trades,
        "bot_years_per_hour": round(report.bot_years_per_hour, 2),
        "state_hash": report.state_hash,
    }
    if report.violations:
        document["last_events"] = list(report.last_events)
    return document


def _human(report: SimulationReport, document: dict[str, Any]) -> RenderableType:
    rows = [(row, str(count)) for row, count in document["faults_by_row"].items() if count]
    head = f"SIMULATED {report.tier}, {report.simulated_days:.1f} days: {report.text()}"
    speed = f"{report.invariants_checked:,} checks of laws, {report.bot_years_per_hour:.1f} bot-years an hour"
    parts: list[RenderableType] = [Text(head), Text(speed), table("Faults by row (SIMULATED)", ("row", "times"), rows)]
    if report.violations:
        again = f"tradewind simulate --days {document['days']:g} --seed {report.seed} --faults {document['asked']}"
        parts.append(Text(f"See it again: {again} --world {report.tier.replace(' ', '-')}"))
    parts += [Text(f"needed: {one}") for one in document.get("minimal_faults", ())]
    return Group(*parts)
