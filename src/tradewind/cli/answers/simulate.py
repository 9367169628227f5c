"""What ``tradewind simulate`` does: one seeded run, its laws, and what is left of the faults that broke one."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from tradewind.cli.contract import DONE, NEGATIVE, Report, progress, table
from tradewind.errors import Misconfigured, Unavailable

try:
    from tradewind.fleetsim.faults import MENU, FaultMix, chosen
    from tradewind.fleetsim.report import SimulationReport
    from tradewind.fleetsim.shrink import shrink
    from tradewind.fleetsim.simulation import run_simulation
    from tradewind.fleetsim.world import TIERS, Tier
except ModuleNotFoundError as missing:
    if missing.name != "apsw":
        raise
    raise Unavailable(
        "apsw is not installed; the disk whose power can go is made with it",
        where="tradewind simulate",
        next_step="pip install 'tradewind[simulation]'",
    ) from missing

MOST_DAYS = 3660.0
LEAST_DAYS = 0.1


def answer(*, days: float, seed: int, faults: str, shrinks: bool, world: str) -> Report:
    """Runs one seed; exit 4 where a law is broken.

    Raises:
        Misconfigured: the days, the world or a name of the menu cannot be used.
    """
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise Misconfigured(f"{days:g} days", where="--days", allowed=f"{LEAST_DAYS:g} to {MOST_DAYS:g}")
    tier = _tier(world)
    mix = chosen(faults, FaultMix.over(days))
    with progress(f"SIMULATED {tier.name}, seed {seed}", days) as bar:
        told = 0.0

        def advance(done: float) -> None:
            nonlocal told
            bar(done - told)
            told = done

        report = run_simulation(seed, days=days, mix=mix, tier=tier, progress=advance)
    document = _document(report, days)
    if shrinks and report.violations:
        needed, small = shrink(report, days=days, tier=tier)
        document["minimal_faults"] = [str(one) for one in needed]
        document["minimal_violations"] = list(small.violations)
    return Report(document, _human(report, document), NEGATIVE if report.violations else DONE)


def _tier(world: str) -> Tier:
    found = {one.name.replace(" ", "-"): one for one in TIERS}
    if world not in found:
        raise Misconfigured(f"no world is called {world!r}", where="--world", allowed=", ".join(found))
    return found[world]


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
        again = f"tradewind simulate --days {document['days']:g} --seed {report.seed}"
        parts.append(Text(f"See it again: {again} --world {report.tier.replace(' ', '-')}"))
    parts += [Text(f"needed: {one}") for one in document.get("minimal_faults", ())]
    return Group(*parts)
