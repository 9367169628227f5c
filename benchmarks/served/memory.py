"""Of what the resident memory of a service is made.

It is run twice. Once with every loader of modules counted: resident MiB before and after a module, nested imports
apart, added up by package, also of what is imported late. Once under tracemalloc: live Python allocations at the end by
part of Tradewind, that is by the innermost frame of ours that asked for them. *rest* is what neither explains: kernels
that were loaded, SQLite's page cache, free memory that the allocator has not given back. SIMULATED bars.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.served.rig import measured

_COUNTED: Final = """
import importlib.machinery as machinery, json, os, sys
from collections import defaultdict
page, cost, nested = os.sysconf("SC_PAGE_SIZE") / 2**20, defaultdict(float), []
def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * page
def counted(loader, method):
    plain = getattr(loader, method)
    def around(self, what):
        before = resident()
        nested.append(0.0)
        try:
            return plain(self, what)
        finally:
            whole = resident() - before
            cost[what.__name__ if hasattr(what, "__name__") else what.name] += whole - nested.pop()
            if nested:
                nested[-1] += whole
    setattr(loader, method, around)
counted(machinery.SourceFileLoader, "exec_module")
counted(machinery.ExtensionFileLoader, "create_module")
counted(machinery.ExtensionFileLoader, "exec_module")
begun = resident()
from tradewind.cli.main import main
try:
    main()
finally:
    print("\\nPARTS " + json.dumps({"interpreter": begun, "modules": cost, "end": resident()}), file=sys.stderr)
"""
_TRACED: Final = """
import json, sys, tracemalloc
from collections import defaultdict
tracemalloc.start(12)
from tradewind.cli.main import main
try:
    main()
finally:
    parts = defaultdict(float)
    for one in tracemalloc.take_snapshot().statistics("traceback"):
        files = [frame.filename for frame in one.traceback]
        if any("importlib" in name for name in files):
            parts["modules"] += one.size / 2**20
            continue
        ours = [name.partition("/tradewind/")[2] for name in files if "/tradewind/" in name]
        place = ours[-1].split("/") if ours else ["other"]
        parts["/".join(place[:2]) if len(place) > 2 else place[0]] += one.size / 2**20
    print("\\nPARTS " + json.dumps(parts), file=sys.stderr)
"""


def run(program: str, minutes: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """``(what the program printed of its parts, what was measured from outside)``."""
    with tempfile.TemporaryDirectory() as name:
        found = asyncio.run(measured(Path(name), minutes, ("-c", program)))
    line = next(line for line in found["console"].splitlines() if line.startswith("PARTS "))
    return json.loads(line.removeprefix("PARTS ")), found


def by_package(modules: dict[str, float]) -> dict[str, float]:
    """MiB by top-level package, the largest first; those below half a MiB together."""
    sums: dict[str, float] = {}
    for name, mib in modules.items():
        package = name.partition(".")[0]
        sums[package] = sums.get(package, 0.0) + mib
    large = {name: round(mib, 1) for name, mib in sorted(sums.items(), key=lambda item: -item[1]) if mib >= 0.5}
    return {**large, "others": round(sum(sums.values()) - sum(large.values()), 1)}


def taken_apart(minutes: int) -> dict[str, object]:
    """MiB by package and by part, from two runs of so many minutes."""
    counted, found = run(_COUNTED, minutes)
    live, _ = run(_TRACED, minutes)
    packages = by_package(counted["modules"])
    state = {name: round(mib, 2) for name, mib in sorted(live.items(), key=lambda item: -item[1])
             if name != "modules" and mib >= 0.05}  # fmt: skip
    last = found["rows"][-1]
    return {
        "rss_mib": last["rss_mib"],
        "peak_mib": last["peak_mib"],
        "interpreter": round(counted["interpreter"], 1),
        "packages": packages,
        "live_python_state": state,
        "rest": round(last["rss_mib"] - counted["interpreter"] - sum(packages.values()) - sum(state.values()), 1),
    }
