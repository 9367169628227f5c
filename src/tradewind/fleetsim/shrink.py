"""From a schedule of faults that breaks something to the few that are needed for it: delta debugging.

Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE 28(2), 2002: ``ddmin``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from tradewind.fleetsim.faults import ScheduledFault
from tradewind.fleetsim.report import SimulationReport
from tradewind.fleetsim.simulation import run_simulation
from tradewind.fleetsim.world import TWO_MARKETS, Tier

Item = TypeVar("Item")


def minimal(items: Sequence[Item], breaks: Callable[[Sequence[Item]], bool]) -> tuple[Item, ...]:
    """A part of ``items`` that still ``breaks`` and does not once any single item is taken away.

    >>> minimal(range(20), lambda part: {3, 11} <= set(part))
    (3, 11)
    """
    left = tuple(items)
    parts = 2
    while len(left) >= 1:
        size = max(1, -(-len(left) // parts))
        pieces = [left[start : start + size] for start in range(0, len(left), size)]
        rests = [tuple(item for other in pieces if other is not piece for item in other) for piece in pieces]
        smaller = next((rest for rest in rests if len(rest) < len(left) and breaks(rest)), None)
        if smaller is not None:
            left, parts = smaller, max(2, parts - 1)
        elif size == 1:
            break
        else:
            parts = min(len(left), 2 * parts)
    return left


def shrink(
    report: SimulationReport, *, days: float, tier: Tier = TWO_MARKETS
) -> tuple[tuple[ScheduledFault, ...], SimulationReport]:
    """The faults of a broken run that are needed to break the same law, and the run with only these.

    ``days`` and ``tier`` are those of the broken run.
    """
    law = laws_of(report)

    def breaks(schedule: Sequence[ScheduledFault]) -> bool:
        return bool(law & laws_of(run_simulation(report.seed, days=days, schedule=schedule, tier=tier)))

    schedule = minimal(report.schedule, breaks)
    return schedule, run_simulation(report.seed, days=days, schedule=schedule, tier=tier)


def laws_of(report: SimulationReport) -> frozenset[str]:
    """``{"INV-04"}``: the laws a run broke."""
    return frozenset(one.split(" ", 1)[0] for one in report.violations)
