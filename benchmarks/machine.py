"""What a figure was measured on, and how rounds become one number. Holds no figure of its own."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec


class Spent(msgspec.Struct, frozen=True):
    """Seconds of processor and of wall clock that a piece of work took."""

    cpu: float
    wall: float


def machine() -> dict[str, object]:
    """Processor, memory, versions and the load average before anything was measured."""
    from importlib.metadata import version

    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in ("numpy", "numba", "msgspec")},
        "load_at_start": [round(load, 2) for load in os.getloadavg()],
    }


def processor() -> str:
    """The processor's own name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    facts = {name.strip(): value.strip() for name, value in facts.items()}
    name = facts.get("model name") or platform.machine()
    return f"{name}, family {facts.get('cpu family', '?')} model {facts.get('model', '?')}"


def spent(work: Callable[[], object]) -> Spent:
    """Runs the work once."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.process_time() - cpu, time.perf_counter() - wall)


def median(values: Sequence[float], digits: int = 3) -> float:
    """Rounded."""
    return round(statistics.median(values), digits)


def percentile(values: Sequence[float], share: float, digits: int = 4) -> float:
    """The smallest value that ``share`` of the values do not exceed."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], digits)


def arguments(description: str | None, **numbers: int) -> argparse.Namespace:
    """``--json`` and one whole-number option per default in ``numbers``."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object on one line")
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default {default}")
    return parser.parse_args()


def show(figures: dict[str, object], *, as_json: bool) -> None:
    """Prints one JSON object, on one line or indented for people."""
    text = msgspec.json.encode(figures)
    print((text if as_json else msgspec.json.format(text, indent=2)).decode())
