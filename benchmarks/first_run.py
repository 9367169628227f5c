"""What the first minute costs: compiling all kernels into an empty cache, then the demo; and the demo without warming.

``python -m benchmarks.first_run --json``. Processes of their own, wall clock and CPU; *compile* is what installation
does once (``tradewind doctor kernels --warm``), *demo* is ``tradewind demo`` after it, *demo_cold* the demo on a
machine where nobody has compiled anything. Installing packages is not in any of them.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import arguments, machine, show

PARTS = ("compile", "demo", "demo_cold")
GOAL_S = 60.0


def process(*words: str, cache: Path | None) -> dict[str, float]:
    """Seconds of one ``tradewind`` process; ``cache`` holds the compiled kernels, None is the usual place."""
    environment = dict(os.environ) | ({} if cache is None else {"NUMBA_CACHE_DIR": str(cache)})
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-m", "tradewind", *words], env=environment, capture_output=True, check=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - begun
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": round(wall, 2), "cpu_s": round(cpu, 2)}


def measure() -> dict[str, object]:
    """The parts asked for, in order."""
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        warm = folder / "warm" if "compile" in PARTS else None
        if "compile" in PARTS:
            found["compile"] = process("doctor", "kernels", "--warm", cache=warm)
            found["kernels"] = len(list((folder / "warm").glob("**/*.nbi")))
        if "demo" in PARTS:
            found["demo"] = process("demo", "--folder", str(folder / "demo"), cache=warm)
        if "demo_cold" in PARTS:
            found["demo_cold"] = process("demo", "--folder", str(folder / "cold"), cache=folder / "empty")
    return found


def main() -> None:
    """Prints one JSON object."""
    given = arguments(__doc__)
    figures: dict[str, object] = {
        "benchmark": "first_run",
        "unit": "seconds",
        "goal_demo_s": GOAL_S,
        "data": "SIMULATED",
        "machine": machine(),
    }
    show(figures | measure(), as_json=given.json)


if __name__ == "__main__":
    main()
