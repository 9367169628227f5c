"""What a plain verb costs before it does anything: wall clock and CPU of a whole process.

``python -m benchmarks.startup --json``. An empty project, compiled bytecode, the lowest of ``ROUNDS`` processes. The
verbs that ask or change nothing, a usage error of one that needs the engine, and help pages.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import arguments, machine, show

GOAL_S = 0.4
ROUNDS = 7
CALLS: tuple[tuple[str, ...], ...] = (
    ("--version",),
    ("--help",),
    ("config", "explain", "ensemble.quorum"),
    ("config", "show"),
    ("data", "list"),
    ("status",),
    ("db", "check"),
    ("signal",),
    ("run", "--help"),
    ("why", "--help"),
    ("backtest", "--help"),
)


def process(words: tuple[str, ...], folder: Path) -> tuple[float, float]:
    """Wall clock and CPU seconds of one ``tradewind`` process in ``folder``."""
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "tradewind", *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, _, used = os.wait4(child.pid, 0)
    child.returncode = 0  # reaped above
    return time.perf_counter() - began, used.ru_utime + used.ru_stime


def measure() -> dict[str, object]:
    """The lowest of several rounds for each call, and the bare interpreter beside them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, "-m", "tradewind", "init", "."], cwd=folder, capture_output=True, check=True)
        subprocess.run([sys.executable, "-m", "tradewind", "db", "init"], cwd=folder, capture_output=True, check=True)
        runs = []
        for words in CALLS:
            rounds = [process(words, folder) for _ in range(ROUNDS)]
            wall, cpu = min(one[0] for one in rounds), min(one[1] for one in rounds)
            runs.append({"call": " ".join(words), "wall_s": round(wall, 3), "cpu_s": round(cpu, 3)})
    return {"runs": runs}


def main() -> None:
    """Prints one JSON object."""
    given = arguments(__doc__)
    figures: dict[str, object] = {"benchmark": "startup", "goal_s": GOAL_S, "rounds": ROUNDS, "machine": machine()}
    show(figures | measure(), as_json=given.json)


if __name__ == "__main__":
    main()
