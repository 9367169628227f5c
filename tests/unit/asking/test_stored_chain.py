"""A decision out of a long journal is rebuilt from the newest snapshot before it, not from the beginning."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tests.fakes.planted_market import planted_project
from tradewind.adapters.replay_feed import ReplayFeed
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.codec import encode_text
from tradewind.adapters.store.store import Store
from tradewind.app.ask.recorded import DecisionTable
from tradewind.app.ask.store_run import chain_from_store
from tradewind.app.config import load_config
from tradewind.app.recordings import material_for
from tradewind.app.replay_loop import drive_replay
from tradewind.app.run_replay import JournaledRun
from tradewind.app.stored_run import stored_run
from tradewind.app.wiring import plan_for
from tradewind.app.workspace import Workspace
from tradewind.errors import Corrupt
from tradewind.model.timeframe import Timeframe

LEVELS = "".join(
    f'[[timeframes.intervals]]\ninterval = "{name}"\nweight = {weight}\n' for name, weight in (("1h", 0.6), ("4h", 0.4))
)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory):
    """A paper run over 2,000 bars and two timeframes that left a snapshot every 500 entries."""
    folder = tmp_path_factory.mktemp("long")
    workspace = Workspace(load_config(planted_project(folder, 2000, settings=LEVELS)))
    material = material_for(workspace, ("BTC/USDT",))
    plan = plan_for(workspace.config, material.bases, executes=True, simulated=True)
    clock = ManualClock()
    with Store.open(folder / "long.db", 1) as store:
        run = JournaledRun(plan, store, clock, lambda line: None, origin="test", commit_every=100, snapshot_every=500)
        run.start(1)
        drive_replay(run.session, ReplayFeed(material.recordings), clock)
    return folder / "long.db", plan


@pytest.mark.parametrize("timeframe", [Timeframe.H1, Timeframe.H4])
@pytest.mark.parametrize("back", [0, 37 * 3_600_000_000_000])
def test_it_equals_the_recorded_decision_and_reads_a_part_of_the_journal_only(ended, timeframe, back):
    """The fold of a longer bar needs the entries since the decision before, so no snapshot inside it is taken."""
    path, plan = ended
    with Store.read(path) as store:
        table = DecisionTable(store.database)
        newest = table.at_or_before("BTC/USDT", timeframe)
        recorded = table.at_or_before("BTC/USDT", timeframe, newest.ts - back)
        read = []
        caught = chain_from_store(store, stored_run(store), plan, recorded, read.append)
    assert encode_text(caught.chain.decision) == encode_text(recorded.decision)
    assert len(read) <= 600
    assert caught.chain.bar.ts_close - caught.chain.bar.ts_open == timeframe.ns
    assert caught.chain.bar.ts_close == recorded.ts


def test_another_decision_than_the_recorded_one_is_never_told(ended, tmp_path: Path):
    """A record that does not follow from its inputs stops the answer and names its entry."""
    path, plan = ended
    with Store.read(path) as store:
        recorded = DecisionTable(store.database).at_or_before("BTC/USDT", Timeframe.H1)
        other = DecisionTable(store.database).at_or_before("BTC/USDT", Timeframe.H1, recorded.ts - 1)
        forged = recorded._replace(decision=other.decision)
        with pytest.raises(Corrupt, match=f"entry {recorded.seq} comes out another one"):
            chain_from_store(store, stored_run(store), plan, forged, lambda count: None)


def test_status_loads_neither_compiler_nor_store_engine():
    """What keeps a look at a running service short."""
    code = "import sys, tradewind.cli.status; print(sorted({'numba', 'sqlalchemy', 'scipy'} & set(sys.modules)))"
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "[]"
