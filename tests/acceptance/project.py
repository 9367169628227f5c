"""A project folder as a person has it: bars come in as files, everything else is typed."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests import scene
from tests.cli_runner import Ran, run_cli
from tradewind.model.bar import BarColumns

ROOT = Path(__file__).resolve().parents[2]
SECOND = 1_000_000_000
HOUR = 3600 * SECOND


class Project(NamedTuple):
    """A folder to type in."""

    folder: Path

    def types(self, *words: str) -> Ran:
        """A verb inside this process, with the folder as its working folder."""
        with contextlib.chdir(self.folder):
            return run_cli(*words)

    def types_outside(
        self, *words: str, before: str = "", environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A verb in a process of its own; ``before`` is shell text run first, such as a ``ulimit``."""
        command = [sys.executable, "-m", "tradewind", *words]
        if before:
            command = ["/bin/sh", "-c", f'{before}; exec "$@"', "sh", *command]
        return subprocess.run(
            command, cwd=self.folder, env=self.variables(environment), capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip

    def variables(self, extra: dict[str, str] | None = None) -> dict[str, str]:
        """The environment of a process outside."""
        return {**os.environ, "PYTHONPATH": str(ROOT / "src"), **(extra or {})}

    def configured(self, text: str) -> Project:
        """Writes the configuration file."""
        (self.folder / "tradewind.toml").write_text(text)
        return self

    def imports(self, bars: BarColumns, symbol: str, interval: str = "1h", *, source: str = "SIMULATED") -> Ran:
        """Bars through a CSV file and ``data import``."""
        path = write_csv(self.folder / f"{symbol.replace('/', '')}-{interval}.csv", bars)
        ran = self.types(
            "data", "import", path.name, "--symbol", symbol, "--interval", interval, "--source", source, "--json"
        )
        assert ran.exit_code == 0, ran.stderr
        return ran

    def rows(self, statement: str) -> list[list[Any]]:
        """What ``db sql`` prints."""
        ran = self.types("db", "sql", statement, "--json")
        assert ran.exit_code == 0, ran.stdout
        return ran.document["rows"]

    def decisions(self, where: str = "1") -> list[dict[str, Any]]:
        """Decisions of the store, in order, each with its hour of day (UTC)."""
        found = [json.loads(row[0]) for row in self.rows(f"SELECT summary FROM decisions WHERE {where} ORDER BY ts")]
        return [one | {"hour": one["ts"] // HOUR % 24} for one in found]


def reasons_of(decision: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """``code -> reason`` of a decision; empty for a signal."""
    listed = decision.get("reasons") or ([decision["reason"]] if "reason" in decision else [])
    return {reason["code"]: reason for reason in listed}


def write_csv(path: Path, bars: BarColumns, rows: slice = slice(None)) -> Path:
    """A CSV file of bars, stamped at their open in epoch seconds, spread included where it is known."""
    known = not np.isnan(bars.spread).all()
    names = ["time", "open", "high", "low", "close", "volume", *(["spread"] if known else [])]
    columns = [bars.ts_open // SECOND, bars.open, bars.high, bars.low, bars.close, bars.volume]
    columns += [bars.spread] if known else []
    lines = zip(*(column[rows].tolist() for column in columns), strict=True)
    path.write_text("\n".join([",".join(names), *(",".join(map(repr, line)) for line in lines)]) + "\n")
    return path


def straight(closes: Sequence[float], *, start: int, reach: float = 0.0, step: int = HOUR) -> BarColumns:
    """Bars that open at the previous close; high and low stand ``reach`` beyond the body."""
    close = np.asarray(closes, dtype=np.float64)
    opened = np.concatenate([close[:1], close[:-1]])
    ts_open = start + np.arange(len(close), dtype=np.int64) * step
    high, low = np.maximum(opened, close) + reach, np.minimum(opened, close) - reach
    unknown = np.full(len(close), np.nan)
    return BarColumns(ts_open, ts_open + step, opened, high, low, close, np.ones(len(close)), unknown)


def simulated(symbol: str, bars: int, seed: int = 1) -> BarColumns:
    """A SIMULATED market with a planted edge."""
    return scene.market(symbol, bars, seed)[0]
