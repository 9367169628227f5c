"""Every kind of model on every series of a project, walking forward: cell by cell on disk, so that it can be resumed.

It reads nothing of the sealed bars: a series ends for it where the last fifth of its time begins.
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from tradewind.adapters.market.sealed.durable import write_bytes_durably
from tradewind.adapters.models.shelf import seat_of
from tradewind.app.feature_sets import SeriesBars, stored_series
from tradewind.app.models.material import FEWEST, before, cost_of, labelled_bars
from tradewind.app.models.sealing import SHARE
from tradewind.app.settings.root import AppConfig
from tradewind.errors import Unavailable
from tradewind.model.timeframe import Timeframe
from tradewind.ports.executor import Executor
from tradewind.research.dataset import DataSet, forward_slices
from tradewind.research.fit_plan import FitPlan
from tradewind.research.model_study import StudyFold, studied_fold
from tradewind.research.model_training import Order

FORMAT: Final = 1
Series = tuple[str, Timeframe]


class StudyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is studied: ``simple`` kinds on every series, ``deep`` ones on those of ``deep_on``."""

    series: tuple[Series, ...]
    simple: tuple[str, ...]
    deep: tuple[str, ...]
    deep_on: tuple[Timeframe, ...]
    folds: int = 3
    train: int = 4821
    fit: FitPlan = FitPlan()

    def cells(self) -> tuple[Cell, ...]:
        """One a series and kind: what is cheap first."""
        cheap = [Cell(*one, kind) for kind in self.simple for one in self.series]
        return (*cheap, *(Cell(*one, kind) for kind in self.deep for one in self.series if one[1] in self.deep_on))


class Cell(NamedTuple):
    """One kind on one series."""

    symbol: str
    timeframe: Timeframe
    kind: str


class CellResult(NamedTuple):
    """The folds of a cell, or why there are none; ``kept`` of them were on disk already."""

    cell: Cell
    folds: tuple[StudyFold, ...]
    kept: int = 0
    left_out: str = ""


def run_study(
    config: AppConfig, plan: StudyPlan, folder: Path, executor: Executor, told: Callable[[CellResult], None]
) -> Iterator[CellResult]:
    """Every cell in order; each fold is durable in ``folder`` before the next one begins."""
    folder.mkdir(parents=True, exist_ok=True)
    work = functools.partial(studied, config, plan, folder)
    for result in executor.map_chunks(work, plan.cells()):
        told(result)
        yield result


def studied(config: AppConfig, plan: StudyPlan, folder: Path, cell: Cell) -> CellResult:
    """Trains and tests the folds of a cell that are not on disk yet; too short a series is left out with a word."""
    order = Order(kind=cell.kind, plan=plan.fit)
    try:
        bars = unsealed(stored_series(config, cell.symbol, cell.timeframe))
    except Unavailable as error:
        return CellResult(cell, (), left_out=error.found)
    data = labelled_bars(config, bars)
    samples = data.samples(order.length)
    if samples.size < FEWEST:
        return CellResult(cell, (), left_out=f"{samples.size} samples before the sealed bars, {FEWEST} are needed")
    cost = cost_of(config, bars)
    found, kept = [], 0
    for fold, slices in enumerate(forward_slices(data, samples, folds=plan.folds, train=plan.train)):
        path = folder / _name(cell, fold, order, plan, data, cost)
        known = _kept(path)
        if known is None:
            begun = time.process_time()
            known = studied_fold(data, slices, cost, order, fold)
            known = msgspec.structs.replace(known, cpu_seconds=time.process_time() - begun)
            write_bytes_durably(path, msgspec.json.encode(known))
        else:
            kept += 1
        found.append(known)
    return CellResult(cell, tuple(found), kept)


def unsealed(bars: SeriesBars) -> SeriesBars:
    """The bars that closed before the sealed ones begin."""
    first, last = int(bars.columns.ts_open[0]), int(bars.columns.ts_close[-1])
    return before(bars, first + round((1.0 - SHARE) * (last - first)))


def left_out(results: Sequence[CellResult]) -> tuple[str, ...]:
    """Series that are not in the table, each once, with the reason."""
    return tuple(
        dict.fromkeys(f"{one.cell.symbol} {one.cell.timeframe}: {one.left_out}" for one in results if one.left_out)
    )


def _name(cell: Cell, fold: int, order: Order, plan: StudyPlan, data: DataSet, cost: float) -> str:
    """A file's name says what is in it, its hash everything that the figures follow from."""
    asked = msgspec.json.encode([FORMAT, order, plan.folds, plan.train, fold, data.data_hash, cost])
    digest = hashlib.sha256(asked).hexdigest()[:16]
    return f"{seat_of(cell.symbol, cell.timeframe)}-{cell.kind}-{fold}-{digest}.json"


def _kept(path: Path) -> StudyFold | None:
    """The fold of a file; None where there is none, or none that can be read: it is made again."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=StudyFold)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
