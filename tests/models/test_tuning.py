"""The search of sizes with the product's trainer: durable, counted, alike on one process and on two."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tests.acceptance.project import Project
from tests.dask_cluster import cluster_of_two
from tests.models.markets import momentum, momentum_bars
from tradewind.app.config import load_config
from tradewind.app.executors import executor_for
from tradewind.app.feature_sets import SeriesBars
from tradewind.app.models.material import Material
from tradewind.app.models.training import train
from tradewind.app.models.tuning import tune
from tradewind.app.validation.project_ledger import look_at_ledger
from tradewind.app.workspace import Workspace
from tradewind.errors import Misconfigured
from tradewind.model.timeframe import Timeframe
from tradewind.research.dataset import chronological
from tradewind.research.fit_plan import FitPlan
from tradewind.research.model_gates import InputCheck
from tradewind.research.model_training import Order, Part, fit_net, prepared

ORDER = Order(kind="dlinear", length=20, plan=FitPlan(epochs=4, patience=2, seed=1))


@pytest.fixture(scope="module")
def material() -> Material:
    data, _ = momentum(3000, 5)
    bars = SeriesBars("BTC/USDT", Timeframe.H1, None, "made", "SIMULATED")  # type: ignore[arg-type]  # read by nobody
    return Material((Part(data, chronological(data, data.samples(20)), 0.0006),), (bars,))


def project(folder) -> Workspace:
    folder.mkdir()
    return Workspace(load_config(None), folder)


def searched(workspace: Workspace, material: Material, trials: int, workers: int = 1, budget: float = 0.0):
    told: list[int] = []
    with executor_for(workers) as executor:
        found = tune(
            workspace, ORDER, material, Timeframe.H1, executor, 1, trials=trials, budget=budget,
            told=lambda _, number: told.append(number),
        )  # fmt: skip
    assert told == list(range(1, len(found.tuning.trials) + 1))
    return found


def without_seconds(trials):
    return [msgspec.structs.replace(one, cpu_seconds=0.0) for one in trials]


@pytest.mark.req("I06")
def test_every_try_is_durable_and_counts_once_in_the_ledger(tmp_path, material):
    """Five tries, then eight by the same command: three are fitted, the ledger holds eight; a budget ends it."""
    pytest.importorskip("optuna")
    workspace = project(tmp_path / "one")
    first = searched(workspace, material, 5)
    assert (len(first.tuning.trials), first.kept, first.ledger_trials) == (5, 0, 5)
    more = searched(workspace, material, 8)
    assert (len(more.tuning.trials), more.kept, more.ledger_trials) == (8, 5, 8)
    ledger = look_at_ledger(workspace.config, workspace.data, workspace.folder)
    assert ledger is not None
    assert ledger.trials().families == ("model dlinear",)
    assert np.isnan(ledger.trials().sharpe).all()
    assert searched(project(tmp_path / "brief"), material, 50, budget=1e-6).tuning.stopped == "asked"
    done = train(
        workspace, more.order, material, Timeframe.H1, InputCheck((), 1.0), 1, notes={"tuned": more.card()}
    )  # fmt: skip
    assert done.manifest.card["tuned"]["trials"] == 8
    assert done.manifest.card["tuned"]["ledger_trials"] == 8
    assert done.manifest.card["order"]["plan"]["ceiling"] == ()
    assert more.card()["stop_loss"] <= more.card()["stop_loss_untuned"]


def test_two_processes_try_what_one_tries(tmp_path, material):
    """The same candidates with the same losses, whoever fits them."""
    pytest.importorskip("optuna")
    one = searched(project(tmp_path / "one"), material, 6)
    two = searched(project(tmp_path / "two"), material, 6, workers=2)
    assert without_seconds(one.tuning.trials) == without_seconds(two.tuning.trials)
    assert one.order == two.order


@pytest.mark.req("I06")
@pytest.mark.timeout(600)
def test_a_cluster_of_two_workers_finds_what_one_process_finds(tmp_path):
    """`train --tune --cluster`: the same tries, the same choice, the same bytes of the model; what was tried is not
    tried again, and a cluster that is gone says so."""
    pytest.importorskip("optuna")
    pytest.importorskip("distributed", reason="tradewind[cluster] is not installed")
    words = ("train", "--symbol", "BTC/USDT", "--type", "dlinear", "--length", "20", "--epochs", "3", "--seed", "1",
             "--tune", "5", "--json")  # fmt: skip
    made = {}
    for name in ("alone", "cluster"):
        (tmp_path / name).mkdir()
        made[name] = Project(tmp_path / name)
        made[name].imports(momentum_bars(2600, 5)[0], "BTC/USDT")
    alone = made["alone"].types(*words)
    assert alone.exit_code == 0, alone.stderr
    (tmp_path / "dask").mkdir()
    with cluster_of_two(tmp_path / "dask") as at:
        shared = made["cluster"].types(*words, "--cluster", at)
        assert shared.exit_code == 0, shared.stderr
        again = made["cluster"].types(*words, "--cluster", at)
    for name in ("trials", "pruned", "options", "rate", "stop_loss", "stop_loss_untuned", "ledger_trials"):
        assert shared.document["card"]["tuned"][name] == alone.document["card"]["tuned"][name], name
    assert again.exit_code == 0, (again.stdout, again.stderr)
    assert shared.document["sha256"] == alone.document["sha256"] == again.document["sha256"]
    assert again.document["card"]["tuned"]["ledger_trials"] == 5
    assert "0 known before" in shared.stderr + shared.stdout
    assert "5 known before" in again.stderr + again.stdout
    gone = made["cluster"].types(*words, "--cluster", at)
    assert (gone.exit_code, "no scheduler answers" in gone.stdout) == (3, True)


def test_a_fit_that_misses_its_ceiling_is_ended(material):
    """A loss that nobody reaches ends it at that epoch; one that everybody does not; no sizes of a simple predictor."""
    fit_on, stop_on = prepared(ORDER, material.parts)
    ended = msgspec.structs.replace(ORDER.plan, ceiling=(9.0, 1e-6))
    found = fit_net(msgspec.structs.replace(ORDER, plan=ended), fit_on, stop_on)
    assert (found.stopped, len(found.history)) == ("pruned", 2)
    kept = msgspec.structs.replace(ORDER.plan, ceiling=(9.0,))
    assert fit_net(msgspec.structs.replace(ORDER, plan=kept), fit_on, stop_on).stopped != "pruned"


def test_only_nets_are_tuned(tmp_path, material):
    """A simple predictor has no sizes."""
    with executor_for(1) as executor, pytest.raises(Misconfigured, match="no sizes of logistic"):
        tune(
            project(tmp_path / "p"), msgspec.structs.replace(ORDER, kind="logistic"), material, Timeframe.H1, executor,
            1, trials=3, budget=0.0, told=lambda *_: None,
        )  # fmt: skip
