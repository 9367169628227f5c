"""Every kind of model on real markets, walking forward, in one table that is corrected as a whole.

``python -m benchmarks.real_models --json [--shared FOLDER] [--folder FOLDER] [--workers N] [--finished]``.
BTC, ETH and SOL against USDT on 1m, 5m, 15m, 1h, 4h and 1d, EUR/USD on 1h, 4h and 1d, as far as the bars beside the
checkout reach; three folds of at most 4,821 training windows each; simple predictors everywhere, nets on 1h and 4h. The
newest fifth of every series is never read. Every fold is a file in FOLDER: the same command goes on where it was ended,
and ``total_seconds`` is the wall clock of all its calls.
Nets need the training environment and are left out, with a word, where PyTorch is not installed; without the shared
data every figure is null. Progress goes to stderr.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec

from benchmarks.machine import machine, show
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.bar_files import ImportOptions, import_file
from tradewind.app.config import load_config
from tradewind.app.executors import executor_for
from tradewind.app.models.study import CellResult, StudyPlan, left_out, run_study
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.model.timeframe import Timeframe
from tradewind.research.model_study import Study, StudyFold, StudyRow, study
from tradewind.research.model_training import SIMPLE

FILES = (
    "BTCUSDT-1m", "BTCUSDT-5m", "BTCUSDT-15m", "BTCUSDT-1h", "ETHUSDT-1m", "ETHUSDT-5m", "ETHUSDT-1h",
    "SOLUSDT-1m", "SOLUSDT-5m", "SOLUSDT-1h", "EURUSD-1h",
)  # fmt: skip
CRYPTO, SIX = ("BTC/USDT", "ETH/USDT", "SOL/USDT"), ("1m", "5m", "15m", "1h", "4h", "1d")
SERIES = (*((name, one) for name in CRYPTO for one in SIX), *(("EUR/USD", one) for one in ("1h", "4h", "1d")))
FOLDS = 3
KEPT = Path("build/real_models")
DEEP = ("patch_mlp", "dlinear", "gru", "tcn", "lstm", "transformer")


def bars_beside() -> Path | None:
    """The bar files beside the checkout, ``../shared/data/bars``; None where they are not."""
    for folder in Path(__file__).resolve().parents:
        bars = folder / "shared" / "data" / "bars"
        if bars.is_dir():
            return bars
    return None


def imported(bars: Path, config: AppConfig) -> None:
    """Puts the bars of the files into the project; what is there already is left."""
    candles = Workspace(config).candles
    for name in FILES:
        import_file(candles, bars / f"{name}.parquet", ImportOptions(on_conflict="keep"), WallClock().now())


def plan_of(only: list[str]) -> StudyPlan:
    """The series asked for, all without ``only``."""
    chosen = [one for one in SERIES if not only or ":".join(one) in only]
    return StudyPlan(
        series=tuple((symbol, Timeframe.parse(name)) for symbol, name in chosen),
        simple=SIMPLE,
        deep=DEEP if importlib.util.find_spec("torch") else (),
        deep_on=(Timeframe.H1, Timeframe.H4),
        folds=FOLDS,
    )


def line_of(row: StudyRow) -> str:
    """A row of the Markdown table."""
    net = "-" if row.net is None else f"{row.net:+.3f}"
    if row.net_low is not None and row.net_high is not None:
        net += f" ({row.net_low:+.3f} to {row.net_high:+.3f})"
    return (
        f"| {row.symbol} {row.timeframe} | {row.kind} | {row.n:,} | {row.n_eff:.0f} | {100 * row.base_rate:.1f}% "
        f"| {100 * row.skill:+.1f} ({100 * row.skill_low:+.1f} to {100 * row.skill_high:+.1f}) | {row.holm_skill:.2g} "
        f"| {row.ece:.3f} ({row.ece_luck:.3f}) | {row.events} | {net} "
        f"| {'-' if row.holm_net is None else f'{row.holm_net:.2g}'} |"
    )


def text_of(found: Study) -> str:
    """The Markdown table."""
    head = (
        "| series | model | tested | `n_eff` | base rate | skill, points (95%) | Holm | ECE (by luck) | events "
        "| net of costs, in barrier widths (95%) | Holm |"
    )
    return "\n".join([head, "|---" * 11 + "|", *(line_of(row) for row in found.rows)])


def show_finished(folder: Path) -> None:
    """The table of the cells of which every fold is on disk; the correction is over these."""
    folds = [msgspec.json.decode(path.read_bytes(), type=StudyFold) for path in sorted(folder.glob("*.json"))]
    count = Counter((one.symbol, one.timeframe, one.kind) for one in folds)
    whole = [one for one in folds if count[one.symbol, one.timeframe, one.kind] == FOLDS]
    kinds = (*SIMPLE, *DEEP)
    whole.sort(key=lambda one: (one.symbol, one.timeframe.rank, kinds.index(one.kind), one.fold))
    found = study(whole)
    print(text_of(found))
    print(
        f"{len(found.rows)} rows, {found.hypotheses} hypotheses, {len(found.found())} rows above 0 after correction, "
        f"{sum(one.cpu_seconds for one in whole):.0f} processor seconds"
    )


def main() -> None:
    """Prints one JSON object, or the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object on one line")
    parser.add_argument("--shared", type=Path, help="folder of the bar files; default: ../shared/data/bars")
    parser.add_argument("--folder", type=Path, default=KEPT)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--finished", action="store_true", help="train nothing, show what is on disk of whole cells")
    parser.add_argument("--only", action="append", default=[], metavar="SYMBOL:TIMEFRAME")
    given = parser.parse_args()
    if given.finished:
        show_finished(given.folder / "folds")
        return
    begun, where = time.perf_counter(), machine()
    bars = given.shared or bars_beside()
    if bars is None:
        note = "no bars beside the checkout: name their folder with --shared"
        show({"benchmark": "real_models", "machine": where, "rows": None, "missing": note}, as_json=given.json)
        return
    config = load_config(None, overrides={"paths.data": str(given.folder.resolve() / "data")})
    imported(bars, config)
    plan = plan_of(given.only)
    if not plan.deep:
        print("nets are left out: torch is not installed here (make training)", file=sys.stderr)
    cells = len(plan.cells())
    results: list[CellResult] = []
    clock = given.folder / "seconds.txt"
    before = float(clock.read_text("utf-8")) if clock.exists() else 0.0

    def told(one: CellResult) -> None:
        results.append(one)
        spent = sum(fold.cpu_seconds for fold in one.folds)
        word = one.left_out or f"{len(one.folds)} folds ({one.kept} kept), {spent:.1f} CPU s"
        name = f"{one.cell.symbol} {one.cell.timeframe} {one.cell.kind}"
        since = time.perf_counter() - begun
        clock.write_text(f"{before + since:.1f}", "utf-8")
        print(f"{len(results)}/{cells} {name}: {word}; {before + since:.0f} s", file=sys.stderr, flush=True)

    with executor_for(given.workers) as executor:
        for _ in run_study(config, plan, given.folder / "folds", executor, told):
            pass
    folds = [fold for one in results for fold in one.folds]
    found = study(folds)
    figures: dict[str, object] = {
        "benchmark": "real_models",
        "machine": where,
        "workers": given.workers,
        "total_seconds": round(before + time.perf_counter() - begun, 1),
        "fold_cpu_seconds": round(sum(one.cpu_seconds for one in folds), 1),
        "folds": len(folds),
        "hypotheses": found.hypotheses,
        "found": len(found.found()),
        "left_out": list(left_out(results)),
    }
    if given.json:
        show(figures | {"rows": [msgspec.to_builtins(row) for row in found.rows]}, as_json=True)
        return
    print(text_of(found))
    show(figures, as_json=False)


if __name__ == "__main__":
    main()
