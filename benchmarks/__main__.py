"""Runs every benchmark in a process of its own and prints one table: ``python -m benchmarks [NAME ...]``.

Only the figures that have a goal, or that docs/performance.md quotes, are in the table; each benchmark's own JSON has
all of them. ``--json`` prints one object with those documents instead.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks.machine import machine
from benchmarks.table import NAMES, SHORT, rows_of


def documents(names: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each benchmark's JSON, as soon as it is there."""
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", "--json", *SHORT.get(name, ())],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        yield name, json.loads(done.stdout)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="one JSON object with every document")
    given = parser.parse_args()
    unknown = sorted(set(given.names) - set(NAMES))
    if unknown:
        parser.error(f"unknown benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    where = machine()
    found = dict(documents(given.names or list(NAMES)))
    if given.json:
        print(json.dumps({"machine": where, "benchmarks": found}))
        return
    loads = ", ".join(str(load) for load in where["load_at_start"])  # type: ignore[attr-defined]
    print(f"{where['processor']}, {where['cores']} cores, Python {where['python']}, load average {loads}\n")
    rows = [("figure", "measured", "goal", ""), *(row for name in found for row in rows_of(name, found[name]))]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
