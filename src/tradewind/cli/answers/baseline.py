"""``tradewind baseline``: what proven strategies showed, frozen as a reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.database import database_path
from tradewind.app.own_strategies import families_of
from tradewind.app.signal_text import percent, utc
from tradewind.app.validation.freezing import frozen_of, write_baseline
from tradewind.app.workspace import Workspace
from tradewind.cli.contract import Report, table
from tradewind.errors import Misconfigured, Unavailable
from tradewind.research.baseline import FrozenBaseline, thaw


def freeze_answer(config: Path | None, names: tuple[str, ...]) -> Report:
    """Measures and writes."""
    settings = load_config(config)
    workspace = Workspace(settings)
    with StrategyBook.read(database_path(settings)) as book:
        baseline = frozen_of(workspace, book, families_of(settings), names, WallClock().now())
    return shown(baseline, write_baseline(workspace, baseline))


def show_answer(config: Path | None, path: Path) -> Report:
    """Reads one back, if it is what was signed."""
    workspace = Workspace(load_config(config))
    if path.is_dir():
        raise Misconfigured("this is a folder", where=str(path), allowed="a file that `baseline freeze` wrote")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unavailable(
            f"cannot read: {error.strerror or error}", where=str(path), next_step="tradewind baseline freeze"
        ) from error
    return shown(thaw(data, VerdictFiles(workspace.data).key()), path)


def shown(baseline: FrozenBaseline, path: Path) -> Report:
    """A baseline as a table."""
    document: dict[str, Any] = {"path": str(path)} | msgspec.to_builtins(baseline)
    rows = [
        (
            one.id + (" SIMULATED" if one.simulated else ""),
            one.symbol,
            one.trades.n,
            percent(one.trades.win_rate),
            percent(one.trades.reference_win_rate),
            one.trades.profit_factor,
            one.trades.sharpe_ratio,
            None if one.trades.expectancy is None else f"{one.trades.expectancy:+.3f} R",
            f"{one.trades.trades_per_week:.2f}",
            len(one.features),
            one.data_hash,
        )
        for one in baseline.strategies
    ]
    names = ["strategy", "pair", "n", "win rate", "believed", "profit factor", "Sharpe", "expectancy", "trades a week",
             "features", "data"]  # fmt: skip
    note = (
        f"{path}, frozen {utc(baseline.frozen_at)}, configuration {baseline.config_hash}. Measured in the sealed"
        " windows; `believed` is the lower end of the win rate at 90%, which later results are held against."
    )
    return Report(document, table("Baseline", names, rows, note=note))
