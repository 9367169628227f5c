"""``tradewind walkforward``: a strategy chosen on what was known and measured on what came next, fold by fold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.app.config import load_config
from tradewind.app.database import database_path
from tradewind.app.html_report.figures import day
from tradewind.app.own_strategies import families_of
from tradewind.app.signal_text import percent
from tradewind.app.validation.forward import Forward, Scheme, walked
from tradewind.app.validation.subject import Subject, subject_of
from tradewind.app.workspace import Workspace
from tradewind.cli.contract import DONE, NEGATIVE, Report, table, warn
from tradewind.model.report import Window
from tradewind.validation.trade_metrics import TradeMetrics


def answer(
    config: Path | None, names: Sequence[str], symbol: str, *, folds: int, lead: int, rolling: bool, embargo: int
) -> Report:
    """Every strategy named; exits with 4 where one of them does not keep what it showed."""
    scheme = Scheme(folds, lead, rolling, embargo)
    settings = load_config(config)
    workspace = Workspace(settings)
    where = workspace.symbols((symbol,))[0] if symbol else ""
    with StrategyBook.read(database_path(settings)) as book:
        families = families_of(settings)
        subjects = [subject_of(workspace, book, families, name, symbol=where) for name in names]
    warn(dict.fromkeys(line for subject in subjects for line in subject.warnings))
    found = [(subject, walked(subject, scheme)) for subject in subjects]
    passed = sum(forward.passed for _, forward in found)
    document = {
        "scheme": scheme._asdict(),
        "passed": passed,
        "strategies": [_document(subject, forward) for subject, forward in found],
    }
    human = [part for subject, forward in found for part in _human(subject, forward, scheme)]
    if len(found) > 1:
        human.append(f"walk_forward: validated: {passed}/{len(found)}")
    return Report(document, human, DONE if passed == len(found) else NEGATIVE)


def _document(subject: Subject, forward: Forward) -> dict[str, Any]:
    return {
        "id": subject.stored.id,
        "spec_hash": subject.stored.spec_hash,
        "symbol": subject.series.symbol,
        "interval": subject.series.timeframe,
        "simulated": subject.series.simulated,
        "data_hash": subject.series.data_hash,
        "windows": subject.windows,
        "passed": forward.passed,
        "folds": forward.folds,
        "rows": forward.rows,
        "purged": forward.purged,
    }


def _human(subject: Subject, forward: Forward, scheme: Scheme) -> Iterator[str | RenderableType]:
    """The windows, a row a fold, and the gates."""
    series = subject.series
    simulated = "SIMULATED " if series.simulated else ""
    way = f"rolling over {scheme.lead} segments" if scheme.rolling else "anchored"
    yield f"{simulated}{series.symbol} {series.timeframe}: {subject.windows.text()}"
    rows = [
        (number, _span(fold.train_window), fold.train.n, _rate(fold.train), _factor(fold.train),
         _span(fold.validation_window), fold.validation.n, _rate(fold.validation), _factor(fold.validation),
         None if fold.validation.expectancy is None else f"{fold.validation.expectancy:+.3f} R",
         None if fold.kept is None else f"{fold.kept:.2f}")
        for number, fold in enumerate(forward.folds, start=1)
    ]  # fmt: skip
    names = ["fold", "train", "n", "win rate", "factor", "validation", "n", "win rate", "factor", "expectancy", "kept"]
    note = (
        f"Walk forward, {way}, embargo of {scheme.embargo} bars; {forward.purged} trades across a boundary are in no"
        " validation. `kept` is the validation win rate as a share of the training one. The sealed window is not read."
    )
    yield table(subject.stored.id, names, rows, note=note)
    yield "\n".join(row.text() for row in forward.rows)
    yield f"Criteria Met: {sum(row.passed for row in forward.rows)}/{len(forward.rows)}"


def _span(window: Window) -> str:
    return f"{day(window.start)} to {day(window.end)}"


def _rate(trades: TradeMetrics) -> str | None:
    return percent(trades.win_rate) if trades.n else None


def _factor(trades: TradeMetrics) -> str | None:
    return None if trades.profit_factor is None else f"{trades.profit_factor:.2f}"
