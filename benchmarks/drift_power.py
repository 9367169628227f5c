"""The drift detector measured like any test: how often it is wrong, and how long it takes when it is right.

``python -m benchmarks.drift_power --json [--short] [--seed N]``. Streams of wins and losses, SIMULATED, looked at after
every one by the detector that ships (``validation.drift_detectors.WinDetector``):

- in control, win rate .58 throughout: ``arl``, the mean number of trades to a (false) alarm at level 1500; streams
  without one within ``--horizon`` count as that long;
- changed, .58 until trade 200 and .42 or .50 after it: ``false_alarm_by_200``, and for the streams without an alarm
  until then ``delay_58_42`` and ``delay_58_50``, the mean number of trades after the change;
- ``delay_at_arl_946`` is the delay for .58 to .42 at the level whose measured run length is 946, that of the rule "30
  days of 4 trades, more than 15% worse", which needs 61.1.

``bands`` holds the same for every severity, ``both`` for wins and R multiples together as the engine weighs them, and
``family`` for five members of a family that decline together.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import machine, show
from tradewind.validation.drift import LEVELS
from tradewind.validation.drift_detectors import ResultDetector, WinDetector, pooled

BELIEVED: Final = 0.58
CHANGE_AFTER: Final = 200
ALARM: Final = 1500.0
SOURCE_ARL: Final = 946.0
PAYOFF: Final = 1.0
GOALS: Final = {
    "false_alarm_by_200": 0.10,
    "delay_58_42": 65.0,
    "delay_58_50": 165.0,
    "delay_at_arl_946": 52.0,
}

Stepper = Callable[[], Callable[[bool], float]]


def wins_only() -> Callable[[bool], float]:
    """The detector over wins and losses."""
    detector = WinDetector()
    return lambda won: detector.step(won, BELIEVED)


def wins_and_results() -> Callable[[bool], float]:
    """Wins and R multiples together: the mean of both levels, as ``engine.learning`` takes it."""
    detector = WinDetector()
    mean = BELIEVED * PAYOFF - (1.0 - BELIEVED)
    results = ResultDetector(mean, PAYOFF, -1.0 - 1e-9)
    return lambda won: pooled((detector.step(won, BELIEVED), results.step(PAYOFF if won else -1.0)))


def passages(won: NDArray[np.bool_], stepper: Stepper, levels: Sequence[float]) -> list[int]:
    """First trade (from 1) at which each of the ascending ``levels`` is reached, ``len(won) + 1`` where it is not."""
    step = stepper()
    found: list[int] = []
    for trade, one in enumerate(won.tolist(), start=1):
        level = step(one)
        while len(found) < len(levels) and level >= levels[len(found)]:
            found.append(trade)
        if len(found) == len(levels):
            return found
    return found + [len(won) + 1] * (len(levels) - len(found))


class Records(NamedTuple):
    """The record levels of one stream without a change and the trades at which they were set."""

    trades: NDArray[np.int64]
    levels: NDArray[np.float64]


def records(n: int, horizon: int, generator: np.random.Generator) -> list[Records]:
    """``n`` streams in control, each until its level passes ``ALARM`` or it is ``horizon`` trades long."""
    found = []
    for _ in range(n):
        step, trades, levels, best = wins_only(), [], [], 0.0
        for trade, won in enumerate((generator.random(horizon) < BELIEVED).tolist(), start=1):
            level = step(won)
            if level > best:
                best = level
                trades.append(trade)
                levels.append(level)
                if best >= ALARM:
                    break
        found.append(Records(np.array(trades), np.array(levels)))
    return found


def run_length(streams: Sequence[Records], level: float, horizon: int) -> float:
    """Mean number of trades to ``level``, at most ``ALARM``."""
    places = [int(np.searchsorted(one.levels, level)) for one in streams]
    return float(
        np.mean(
            [
                one.trades[place] if place < one.trades.size else horizon
                for one, place in zip(streams, places, strict=True)
            ]
        )
    )


def level_for(length: float, streams: Sequence[Records], horizon: int) -> float:
    """The level with the mean run length ``length``, by bisection."""
    low, high = 1.0, ALARM
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if run_length(streams, middle, horizon) < length else (low, middle)
    return high


def delays(
    n: int, after: float, stepper: Stepper, levels: Sequence[float], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Trades to each level where the win rate becomes ``after`` behind trade 200, ``(n, len(levels))``."""
    rates = np.where(np.arange(CHANGE_AFTER + 1_500) < CHANGE_AFTER, BELIEVED, after)
    return np.array([passages(generator.random(rates.size) < rates, stepper, levels) for _ in range(n)])


def summary(times: NDArray[np.int64]) -> dict[str, float]:
    """False alarms until the change and the delay of the others."""
    late = times[times > CHANGE_AFTER] - CHANGE_AFTER
    return {
        "false_alarm_by_200": float((times <= CHANGE_AFTER).mean()),
        "mean": float(late.mean()),
        "median": float(np.median(late)),
        "p90": float(np.quantile(late, 0.9)),
    }


def family_delay(n: int, members: int, level: float, generator: np.random.Generator) -> dict[str, float]:
    """Trades of each member until the pooled level of ``members`` reaches ``level`` after a change to .42."""
    found = []
    for _ in range(n):
        detectors = [WinDetector() for _ in range(members)]
        rates = np.where(np.arange(CHANGE_AFTER + 1_500) < CHANGE_AFTER, BELIEVED, 0.42)
        won = generator.random((rates.size, members)) < rates[:, None]
        for trade, row in enumerate(won.tolist(), start=1):
            if pooled([one.step(own, BELIEVED) for one, own in zip(detectors, row, strict=True)]) >= level:
                found.append(trade)
                break
    return summary(np.array(found))


def measure(streams: int, changed: int, horizon: int, seed: int) -> dict[str, Any]:
    """All figures; ``streams`` in control, ``changed`` for each alternative."""
    generator = np.random.default_rng(seed)
    quiet = records(streams, horizon, generator)
    at_946 = level_for(SOURCE_ARL, quiet, horizon)
    watched = sorted({*(least for _, least in LEVELS), at_946})
    low = delays(changed, 0.42, wins_only, watched, generator)
    mid = delays(changed, 0.50, wins_only, watched, generator)
    place = watched.index(ALARM)
    found = summary(low[:, place])
    both = delays(changed // 4, 0.42, wins_and_results, [ALARM], generator)[:, 0]
    document: dict[str, Any] = {
        "simulated": True,
        "false_alarm_by_200": found["false_alarm_by_200"],
        "delay_58_42": found["mean"],
        "delay_58_50": summary(mid[:, place])["mean"],
        "arl": run_length(quiet, ALARM, horizon),
        "delay_at_arl_946": summary(low[:, watched.index(at_946)])["mean"],
        "level_at_arl_946": at_946,
        "bands": {
            str(severity): {
                "level": least,
                "delay_58_42": summary(low[:, watched.index(least)]),
                "delay_58_50": summary(mid[:, watched.index(least)]),
            }
            for severity, least in LEVELS
        },
        "both": summary(both),
        "family": family_delay(max(20, changed // 16), 5, ALARM, generator),
        "streams": {"in_control": streams, "changed": changed, "horizon": horizon, "seed": seed},
        "goals": GOALS,
        "machine": machine(),
    }
    document["met"] = all(document[key] <= goal for key, goal in GOALS.items())
    return document


def human(document: dict[str, Any]) -> str:
    """The figures beside their goals."""
    lines = ["SIMULATED streams of wins and losses, looked at after every trade"]
    lines += [f"{key:22} {document[key]:8.3f}   goal at most {goal:g}" for key, goal in GOALS.items()]
    lines += [f"{'arl':22} {document['arl']:8.0f}   guaranteed at least {ALARM:g}"]
    for name, band in document["bands"].items():
        change = band["delay_58_42"]
        lines.append(
            f"{name:9} level {band['level']:5.0f}: false alarm by 200 {change['false_alarm_by_200']:.3f},"
            f" delay .58 to .42 {change['mean']:.1f} (p90 {change['p90']:.0f})"
        )
    lines.append(f"wins and R together: delay .58 to .42 {document['both']['mean']:.1f}")
    lines.append(f"family of five: delay .58 to .42 {document['family']['mean']:.1f} trades of each member")
    return "\n".join(lines)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drift_power", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--short", action="store_true", help="few streams, some seconds")
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--horizon", type=int, default=12_000, help="longest stream in control")
    given = parser.parse_args()
    streams, changed = (150, 400) if given.short else (1_000, 4_000)
    document = measure(streams, changed, given.horizon, given.seed)
    if given.json:
        show(document, as_json=True)
    else:
        print(human(document))


if __name__ == "__main__":
    main()
