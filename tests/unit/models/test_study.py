"""A study of models on disk: it goes on fold by fold, and the sealed bars change nothing in it."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tests.models.markets import bars_of
from tradewind.adapters.executors.serial import SerialExecutor
from tradewind.app.config import load_config
from tradewind.app.models.study import CellResult, StudyPlan, left_out, run_study
from tradewind.app.workspace import Workspace
from tradewind.model.bar import BarColumns
from tradewind.model.timeframe import Timeframe
from tradewind.research.model_study import StudyFold

SYMBOL = "BTC/USDT"
PLAN = StudyPlan(
    series=((SYMBOL, Timeframe.H1), (SYMBOL, Timeframe.D1), ("ETH/USDT", Timeframe.H1)),
    simple=("base_rate", "logistic"),
    deep=("patch_mlp",),
    deep_on=(Timeframe.D1,),
    train=800,
)


def made(n: int = 6000) -> BarColumns:
    generator = np.random.default_rng(5)
    return bars_of(generator.normal(0.0, 0.005, n), generator, 0.005)


def project(folder, columns: BarColumns):
    config = load_config(None, overrides={"paths.data": str(folder)})
    Workspace(config).candles.write(SYMBOL, Timeframe.H1, columns, "test")
    return config


def run(config, folder) -> list[CellResult]:
    return list(run_study(config, PLAN, folder, SerialExecutor(), lambda _: None))


def without_times(fold: StudyFold) -> StudyFold:
    return msgspec.structs.replace(fold, cpu_seconds=0.0)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    config = project(folder / "data", made())
    return config, folder / "folds", run(config, folder / "folds")


def test_cheap_kinds_come_first_and_short_series_are_left_out_with_a_word(first):
    """Two simple kinds on every series, the deep one where it was asked for; each series is named once."""
    _, _, results = first
    assert [one.cell.kind for one in results] == ["base_rate"] * 3 + ["logistic"] * 3 + ["patch_mlp"]
    assert [len(one.folds) for one in results] == [3, 0, 0, 3, 0, 0, 0]
    short, absent = left_out(results)
    assert "samples before the sealed bars, 1000 are needed" in short
    assert absent.startswith("ETH/USDT 1h: no ETH/USDT 1h candles are stored")


def test_it_goes_on_where_it_was_ended(first):
    """Folds on disk are taken as they are; one that is gone or damaged is made again and is the same."""
    config, folder, results = first
    files = sorted(folder.glob("*.json"))
    assert len(files) == 6
    files[0].unlink()
    files[4].write_bytes(files[4].read_bytes()[:-20])
    again = run(config, folder)
    assert [one.kept for one in again] == [2, 0, 0, 2, 0, 0, 0]
    for before, after in zip(results, again, strict=True):
        assert [without_times(one) for one in before.folds] == [without_times(one) for one in after.folds]
    assert [one.kept for one in run(config, folder)] == [3, 0, 0, 3, 0, 0, 0]


def test_the_sealed_fifth_is_not_read(first, tmp_path):
    """Other prices in the last fifth of the time make the same folds."""
    _, _, results = first
    columns = made()
    late = np.arange(columns.close.size) >= 4800
    prices = {
        name: np.where(late, 2.0 * getattr(columns, name), getattr(columns, name))
        for name in ("open", "high", "low", "close")
    }
    config = project(tmp_path / "data", columns._replace(**prices))
    other = run(config, tmp_path / "folds")
    assert [without_times(fold) for one in other for fold in one.folds] == [
        without_times(fold) for one in results for fold in one.folds
    ]
