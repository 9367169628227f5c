"""Gates tested like code: noise must not pass, planted leaks must be named, planted edges must pass.

``python -m benchmarks.gate_power --json [--short] [--workers N] [--markets N] [--runs N]``. Four parts, all SIMULATED:

- noise: generated strategies on markets without an edge, each batch through the whole protocol that ships; how many
  batches promote anything. A quarter of the markets pays the instrument's costs, the others none, which is harder.
- leaks: every planted look-ahead of the tests, examined; which of them are named.
- planted: a strategy with an edge of known size among generated ones; the share that is promoted, against the power of
  the same gate written once more from its text (benchmarks/power/reference.py) over independent draws with the same
  numbers of trades, win rate, payoff and batch. Intervals are 95%.
- family: batches in which every strategy is a variant of the planted one, as a search of one family with an edge is.

``--short`` takes few markets and runs, within a minute; progress goes to stderr. The whole takes some ten minutes on
two cores. ``benchmarks/power/curve.py`` makes the table and the picture of docs/gates.md from the JSON.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from scipy.stats import norm

from benchmarks.machine import machine, show
from benchmarks.power import reference
from benchmarks.power.leaks import Leaks, examined
from benchmarks.power.planted import Plant
from benchmarks.power.product import (
    NOISE,
    NoiseBatch,
    NoiseJob,
    PlantedBatch,
    PlantedJob,
    judged_family,
    judged_noise,
    judged_planted,
)
from tradewind.app.executors import executor_for
from tradewind.model.report import Verdict

MOST_PROMOTING: Final = 4
GOAL_WILSON: Final = 0.05
GOAL_RATIO: Final = 0.9
PLANTS: Final = tuple(
    Plant(win_rate, target_r, hours, last_day)
    for hours, last_day in ((1, 3), (2, 4))
    for target_r in (0.8, 1.2)
    for win_rate in (0.70, 0.74, 0.78, 0.82)
)
SHORT_PLANTS: Final = (Plant(0.82, 0.8, 2, 4), Plant(0.78, 1.2, 2, 4))
FAMILY_PLANTS: Final = (Plant(0.82, 0.8, 2, 4), Plant(0.82, 1.2, 2, 4))
FAMILY_STRATEGIES: Final = 30
BARS: Final = 66_000

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


class Size(NamedTuple):
    """How much is measured: noise markets, strategies on each, planted runs a point, their batch, reference runs."""

    markets: int
    strategies: int
    runs: int
    batch: int
    reference: int
    plants: tuple[Plant, ...]


FULL: Final = Size(200, 500, 24, 100, 300, PLANTS)
SHORT: Final = Size(8, 100, 3, 40, 60, SHORT_PLANTS)


class ReferenceJob(NamedTuple):
    """The reference for one point of the curve."""

    edge: reference.Edge
    counts: Any
    batch: int
    days: reference.Calendar
    runs: int
    seed: int


def reference_power(job: ReferenceJob) -> dict[str, int]:
    """Where the reference's batches end."""
    generator = np.random.default_rng([job.seed, 5])
    return reference.power(job.edge, job.counts, job.batch, job.days, job.runs, generator)


def wilson_95(k: int, n: int, *, one_sided: bool = False) -> tuple[float, float]:
    """Wilson interval; ``one_sided`` gives the bounds that each hold at 95%."""
    z = float(norm.ppf(0.95 if one_sided else 0.975))
    p, square = k / n, z * z / n
    centre, half = p + square / 2.0, z * math.sqrt(p * (1.0 - p) / n + square / (4.0 * n))
    return max(0.0, (centre - half) / (1.0 + square)), min(1.0, (centre + half) / (1.0 + square))


def ratio_95(k: int, n: int, reference_k: int, reference_n: int) -> tuple[float | None, float | None, float | None]:
    """Ratio of two shares with its 95% interval: both Wilson limits moved apart (Zou and Donner's MOVER)."""
    if reference_k == 0:
        return None, None, None
    a, b = k / n, reference_k / reference_n
    (la, ua), (lb, ub) = wilson_95(k, n), wilson_95(reference_k, reference_n)

    def limit(own: float, other: float, sign: float) -> float:
        inside = (a * b) ** 2 - own * other * (2.0 * a - own) * (2.0 * b - other)
        return (a * b + sign * math.sqrt(max(0.0, inside))) / (other * (2.0 * b - other))

    return a / b, max(0.0, limit(la, ub, -1.0)), limit(ua, lb, 1.0)


def noise(size: Size, mapped: Mapped) -> dict[str, object]:
    """Batches on markets without an edge."""
    jobs = [NoiseJob(NOISE[seed % len(NOISE)], seed, size.strategies) for seed in range(size.markets)]
    found = list(mapped("noise", judged_noise, jobs))
    promoting = sum(one.verdicts.get(Verdict.PASS.value, 0) > 0 for one in found)
    low, high = wilson_95(promoting, len(found))
    return {
        "batches": len(found),
        "strategies_each": size.strategies,
        "promoting_batches": promoting,
        "most_allowed": MOST_PROMOTING,
        "share": promoting / len(found),
        "wilson_95": [round(low, 4), round(high, 4)],
        "wilson_upper_95_one_sided": round(wilson_95(promoting, len(found), one_sided=True)[1], 4),
        "goal_wilson": GOAL_WILSON,
        "verdicts": _totals(found),
        "funnel": {
            "generated": size.strategies * len(found),
            "train_met": sum(one.trained for one in found),
            "looked_at": sum(one.looked_at for one in found),
            "promoted": sum(one.verdicts.get(Verdict.PASS.value, 0) for one in found),
        },
        "kinds": [_kind(name, [one for one in found if one.market == name]) for name in _names(found)],
    }


def _kind(name: str, found: Sequence[NoiseBatch]) -> dict[str, object]:
    """One kind of market: what the two gates over whole batches say of noise by themselves."""
    spa = [one.spa_p for one in found if one.spa_p is not None]
    pbo = [one.pbo for one in found if one.pbo is not None]
    return {
        "market": name,
        "batches": len(found),
        "promoting": sum(one.verdicts.get(Verdict.PASS.value, 0) > 0 for one in found),
        "spa_rejects": sum(p <= 0.05 for p in spa),
        "pbo_blocks": sum(p > 0.5 for p in pbo),
        "train_met": sum(one.trained for one in found),
        "looked_at": sum(one.looked_at for one in found),
    }


def planted(size: Size, mapped: Mapped) -> dict[str, object]:
    """Edges of known size: the share promoted against the reference, point by point and over all of them."""
    jobs = [
        PlantedJob(plant, 1000 * place + run, size.batch, BARS)
        for place, plant in enumerate(size.plants)
        for run in range(size.runs)
    ]
    batches = list(mapped("planted edges", judged_planted, jobs))
    groups = [batches[first : first + size.runs] for first in range(0, len(batches), size.runs)]
    drawn = [
        ReferenceJob(
            _edge_of(own),
            np.array([one.counts for one in own]),
            size.batch,
            reference.Calendar(*own[0].days),
            size.reference,
            place,
        )
        for place, own in enumerate(groups)
    ]
    ends = list(mapped("reference", reference_power, drawn))
    points = [_point(plant, own, end, size) for plant, own, end in zip(size.plants, groups, ends, strict=True)]
    passed, expected = (sum(int(point[name]) for point in points) for name in ("promoted", "reference_promoted"))  # type: ignore[call-overload]
    ratio, low, high = ratio_95(passed, len(batches), expected, size.reference * len(points))
    return {
        "batch": size.batch,
        "points": points,
        "power": passed / len(batches),
        "reference_power": expected / (size.reference * len(points)),
        "ratio": _rounded(ratio),
        "ratio_95": [_rounded(low), _rounded(high)],
        "goal_ratio": GOAL_RATIO,
        "power_by_plain_dsr": sum(int(point["promoted_by_plain_dsr"]) for point in points) / len(batches),  # type: ignore[call-overload]
    }


def family(size: Size, mapped: Mapped) -> dict[str, object]:
    """Batches of nothing but variants of a planted edge: whether the gates refuse them for being alike or good."""
    jobs = [
        PlantedJob(plant, 100_000 + 1000 * place + run, FAMILY_STRATEGIES, BARS)
        for place, plant in enumerate(FAMILY_PLANTS)
        for run in range(size.runs)
    ]
    found = list(mapped("planted families", judged_family, jobs))
    promoting = sum(one.promoted > 0 for one in found)
    refused: Counter[str] = Counter()
    for one in found:
        refused.update(one.refused_by)
    return {
        "batches": len(found),
        "strategies_each": FAMILY_STRATEGIES,
        "promoting_batches": promoting,
        "share": _rounded(promoting / len(found)),
        "share_95": [_rounded(bound) for bound in wilson_95(promoting, len(found))],
        "promoted": sum(one.promoted for one in found),
        "refused_by": dict(refused.most_common()),
    }


def _edge_of(batches: Sequence[PlantedBatch]) -> reference.Edge:
    """The edge as it came out over all runs of a point."""
    r = np.concatenate([one.r for one in batches])
    cost = float(np.mean([one.cost for one in batches]))
    return reference.Edge(float((r > 0.0).mean()), r[r > 0.0], r[r < 0.0], cost)


def _point(plant: Plant, batches: Sequence[PlantedBatch], ends: dict[str, int], size: Size) -> dict[str, object]:
    edge = _edge_of(batches)
    passed = sum(one.verdict == Verdict.PASS.value for one in batches)
    expected = ends.get("promoted", 0)
    ratio, low, high = ratio_95(passed, len(batches), expected, size.reference)
    trades = np.mean([one.counts for one in batches], axis=0)
    return {
        "trades": [round(float(n)) for n in trades],
        "win_rate": _rounded(edge.win_rate),
        "payoff": _rounded(float(edge.wins.mean() / -edge.losses.mean())),
        "expectancy_r": _rounded(float(np.concatenate((edge.wins, edge.losses)).mean())),
        "late_expectancy_r": _rounded(float(np.concatenate([one.late for one in batches]).mean())),
        "cost_r": _rounded(edge.cost),
        "target_r": plant.target_r,
        "runs": len(batches),
        "promoted": passed,
        "power": _rounded(passed / len(batches)),
        "power_95": [_rounded(bound) for bound in wilson_95(passed, len(batches))],
        "refused_by": dict(Counter(one.missed for one in batches if one.missed).most_common()),
        "promoted_by_plain_dsr": sum(
            one.verdict == Verdict.PASS.value and (one.dsr_spread or 0.0) >= 0.5 for one in batches
        ),
        "looked_at": _rounded(float(np.mean([one.looked_at for one in batches]))),
        "reference_runs": size.reference,
        "reference_promoted": expected,
        "reference_power": _rounded(expected / size.reference),
        "reference_refused_by": {name: n for name, n in Counter(ends).most_common() if name != "promoted"},
        "ratio": _rounded(ratio),
        "ratio_95": [_rounded(low), _rounded(high)],
    }


class Mapped:
    """Maps a function over jobs by the executor and tells on stderr how far it is."""

    def __init__(self, executor: Any) -> None:
        self._executor = executor

    def __call__(self, what: str, work: Callable[[Chunk], Result], jobs: Sequence[Chunk]) -> Iterator[Result]:
        """Results in the order of the jobs."""
        told = -1
        for done, result in enumerate(self._executor.map_chunks(work, jobs), start=1):
            if (share := 10 * done // len(jobs)) > told:
                told = share
                print(f"{what}: {done}/{len(jobs)}", file=sys.stderr, flush=True)
            yield result


def _totals(found: Sequence[NoiseBatch]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in found:
        total.update(one.verdicts)
    return {verdict.value: total[verdict.value] for verdict in Verdict}


def _names(found: Sequence[NoiseBatch]) -> list[str]:
    return list(dict.fromkeys(one.market for one in found))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def asked_for() -> argparse.Namespace:
    """What was typed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object on one line")
    parser.add_argument("--short", action="store_true", help="few markets and runs, within a minute")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes, default: one a core")
    parser.add_argument("--markets", type=int, help="noise markets")
    parser.add_argument("--runs", type=int, help="runs of each planted edge")
    return parser.parse_args()


def main() -> None:
    """Prints one JSON object."""
    given = asked_for()
    where = machine()
    size = SHORT if given.short else FULL
    size = size._replace(markets=given.markets or size.markets, runs=given.runs or size.runs)
    found: Leaks = examined()
    with executor_for(given.workers) as executor:
        mapped = Mapped(executor)
        show(
            {
                "benchmark": "gate_power",
                "data": "SIMULATED",
                "short": given.short,
                "noise": noise(size, mapped),
                "leaks": found._asdict(),
                "planted": planted(size, mapped),
                "family": family(size, mapped),
                "machine": where,
            },
            as_json=given.json,
        )


if __name__ == "__main__":
    main()
