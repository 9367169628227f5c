"""Statistics over a whole search: effective number of trials, PBO and SPA of 10,000 trials of noise over 4,500 days.

``python -m benchmarks.overfitting --json [--trials N] [--days N] [--rounds N]``. The matrix is SIMULATED noise, float32
as the sweep writes it, not counted: *peak* is what a statistic adds to the memory resident before it, by the
kernel's count (``VmHWM``, started afresh where the system lets a process do so). PBO has 16 blocks, SPA 500
resamples. Seconds are wall clock and processor time, the median of the rounds, the first one uncounted.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.machine import Spent, arguments, machine, median, show, spent
from tradewind.validation.backtest_overfitting import backtest_overfitting
from tradewind.validation.effective_trials import effective_trials
from tradewind.validation.superior_ability import superior_ability

TRIALS = 10_000
DAYS = 4_500
ROUNDS = 3
BLOCKS = 16
RESAMPLES = 500
GOAL_MIB = 400.0
GOAL_EFFECTIVE_S = 2.0


def resident(kind: str) -> float:
    """MiB of this process: ``VmRSS`` now, ``VmHWM`` at its peak."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind)) / 1024


def forget_peak() -> None:
    """Lets the peak begin again at what is resident now."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def measure(work: Callable[[], object], rounds: int) -> dict[str, float]:
    """Seconds, and MiB above what was resident before the first call."""
    forget_peak()
    before = resident("VmRSS")
    work()
    peak = resident("VmHWM") - before
    times: list[Spent] = [spent(work) for _ in range(rounds)]
    return {
        "wall_s": median([time.wall for time in times]),
        "cpu_s": median([time.cpu for time in times]),
        "peak_mib": round(peak, 1),
    }


def main() -> None:
    """Prints one JSON object."""
    given = arguments(__doc__, trials=TRIALS, days=DAYS, rounds=ROUNDS)
    where = machine()
    daily = np.random.default_rng(0).standard_normal((given.trials, given.days), dtype=np.float32)
    show(
        {
            "benchmark": "overfitting",
            "data": "SIMULATED",
            "trials": given.trials,
            "days": given.days,
            "matrix_mib": round(daily.nbytes / 2**20, 1),
            "rounds": given.rounds,
            "goal_mib": GOAL_MIB,
            "goal_effective_trials_s": GOAL_EFFECTIVE_S,
            "effective_trials": measure(lambda: effective_trials(daily), given.rounds),
            "pbo": {"blocks": BLOCKS, **measure(lambda: backtest_overfitting(daily, BLOCKS), given.rounds)},
            "spa": {
                "resamples": RESAMPLES,
                **measure(lambda: superior_ability(daily, np.random.default_rng(1), resamples=RESAMPLES), given.rounds),
            },
            "machine": where,
        },
        as_json=given.json,
    )


if __name__ == "__main__":
    main()
