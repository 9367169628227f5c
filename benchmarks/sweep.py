"""The sweep on the published workload, against vectorbt and the prototype kernel in one run.

``python -m benchmarks.sweep --json [--rounds N] [--peer PYTHON]``. Seconds are wall clock from bars in memory to the
sums of all sets, indicators included, compiling excluded: the median of the rounds, the engines taking turns in each,
and ratios are the median of the rounds' own ratios. vectorbt (1.2.0, its exact ``from_order_func(flexible=True)``) runs
in an environment of its own: PYTHON is that environment's (``make bench-peer`` makes ``.venv-peer``); without it, or
without the workload beside the checkout, its keys are null. ``peak_mib`` is the peak of a whole process that does
nothing but the minute workload, one thread. All bars are SIMULATED.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from benchmarks.machine import machine, median, show
from benchmarks.overfitting import resident
from benchmarks.sweeping.workload import Modules, found, in_order, sweep_of, trade_list

ROUNDS = 5
HOURS, MINUTES, SETS, GRID = "h1", "m1", 1_000, 10_000
PEER = Path(".venv-peer/bin/python")
GOALS = {
    "h1_seconds_1thread": 0.025,
    "ratio_vectorbt_exact_1thread": 300.0,
    "ratio_prototype_m1": 1.1,
    "peak_mib": 300.0,
}


class Peer:
    """vectorbt in a process that stays, so that its rounds can take turns with ours."""

    def __init__(self, python: Path, bench: Path) -> None:
        worker = Path(__file__).with_name("sweeping") / "vectorbt_worker.py"
        self._process = subprocess.Popen(
            [str(python), str(worker), str(bench)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.version = self._answer().split()[1]

    def seconds(self) -> float:
        """Of one round."""
        return float(self._asked("round"))

    def trades(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Its trade list, sorted."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "trades.npy"
            self._asked(f"trades {path}")
            return in_order(np.load(path))

    def end(self) -> None:
        """Closes its input, which ends it."""
        _pipe(self._process.stdin).close()
        self._process.wait()

    def _asked(self, order: str) -> str:
        stdin = _pipe(self._process.stdin)
        stdin.write(order + "\n")
        stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        line = _pipe(self._process.stdout).readline()
        if not line:
            raise SystemExit("the peer's process ended; its own message is above")
        return line


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def timed(work: Callable[[], object]) -> float:
    """Seconds of wall clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def alternated(rounds: int, *works: Callable[[], float]) -> list[list[float]]:
    """Seconds of every work in every round, taking turns."""
    return [[work() for work in works] for _ in range(rounds)]


def ratio(rows: list[list[float]], of: int, to: int) -> float:
    """Median over the rounds of one work's seconds divided by another's."""
    return median([row[of] / row[to] for row in rows])


def hours(modules: Modules, peer: Peer | None, rounds: int) -> dict[str, Any]:
    """The workload on hours: five years of one pair, 1,000 sets."""
    bars, table = modules.workload.dataset(HOURS), modules.workload.params(SETS, "rand")
    sweep = sweep_of(table, bars, modules.workload.WARM)
    order = (bars[0], bars[1], bars[2], bars[3], table)

    def prototype() -> object:
        return modules.prototype.run_simd(*order, nth=1)

    works = [lambda: timed(sweep.run), lambda: timed(prototype)]
    [work() for work in works]
    quick = alternated(5 * rounds, *works)
    two = [timed(lambda: sweep.run(threads=2)) for _ in range(5 * rounds)]
    document: dict[str, Any] = {
        "h1_seconds_1thread": median([row[0] for row in quick], 5),
        "h1_seconds_2threads": median(two, 5),
        "h1_prototype_seconds_1thread": median([row[1] for row in quick], 5),
        "ratio_prototype_h1": ratio(quick, 0, 1),
        "h1_trades": int(sweep.run().trades.sum()),
        "trades_equal": None,
        "vectorbt_version": None,
        "vectorbt_seconds": None,
        "ratio_vectorbt_exact_1thread": None,
    }
    if peer is not None:
        rows = alternated(rounds, works[0], peer.seconds)
        document |= {
            "trades_equal": bool(np.array_equal(trade_list(sweep), peer.trades())),
            "vectorbt_version": peer.version,
            "vectorbt_seconds": median([row[1] for row in rows]),
            "ratio_vectorbt_exact_1thread": ratio(rows, 1, 0),
        }
    return document


def minutes(modules: Modules, rounds: int) -> dict[str, Any]:
    """The workload on minutes: half a million bars, 1,000 sets."""
    bars, table = modules.workload.dataset(MINUTES), modules.workload.params(SETS, "rand")
    sweep = sweep_of(table, bars, modules.workload.WARM)
    rows = alternated(
        rounds,
        lambda: timed(sweep.run),
        lambda: timed(lambda: modules.prototype.run_simd(*bars, table, nth=1)),
    )
    return {
        "m1_seconds_1thread": median([row[0] for row in rows]),
        "m1_seconds_2threads": median([timed(lambda: sweep.run(threads=2)) for _ in range(rounds)]),
        "m1_prototype_seconds_1thread": median([row[1] for row in rows]),
        "ratio_prototype_m1": ratio(rows, 0, 1),
        "m1_trades": int(sweep.run().trades.sum()),
    }


def grid(modules: Modules, rounds: int) -> dict[str, Any]:
    """10,000 sets of the table ``grid`` on hours, two threads."""
    sweep = sweep_of(modules.workload.params(GRID, "grid"), modules.workload.dataset(HOURS), modules.workload.WARM)
    sweep.run(threads=2)
    return {"grid10k_seconds_2threads": median([timed(lambda: sweep.run(threads=2)) for _ in range(rounds)], 4)}


def minute_process(modules: Modules) -> None:
    """A process of the minute workload and nothing else; prints its peak in MiB."""
    sweep_of(modules.workload.params(SETS, "rand"), modules.workload.dataset(MINUTES), modules.workload.WARM).run()
    print(resident("VmHWM"))


def peak_mib() -> float:
    """The peak of such a process."""
    command = [sys.executable, "-m", "benchmarks.sweep", "--peak"]
    return round(float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout), 1)


def measured(modules: Modules, python: Path, rounds: int) -> dict[str, Any]:
    """Every figure."""
    peer = Peer(python, modules.folder) if python.exists() else None
    if peer is None:
        print(f"no peer at {python} (make bench-peer): its figures are null", file=sys.stderr)
    figures = hours(modules, peer, rounds)
    if peer is not None:
        peer.end()
    return figures | minutes(modules, rounds) | grid(modules, rounds) | {"peak_mib": peak_mib()}


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object on one line")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    parser.add_argument("--peer", type=Path, default=PEER, help=f"Python with vectorbt, default {PEER}")
    parser.add_argument("--peak", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    where, modules = machine(), found()
    if modules is None:
        figures: dict[str, Any] = {"reason": "the workload is not beside this checkout: ../shared/bench"}
    elif given.peak:
        minute_process(modules)
        return
    else:
        figures = measured(modules, given.peer, given.rounds)
    head = {"benchmark": "sweep", "data": "SIMULATED", "rounds": given.rounds, "goals": GOALS}
    show({**head, **figures, "machine": where}, as_json=given.json)


if __name__ == "__main__":
    main()
