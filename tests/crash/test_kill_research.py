"""A research job is killed anywhere, by its own durable steps and by the clock, and ends as if nothing had happened.

What must be equal to the last byte: signed verdicts, the proof of every symbol, the trial ledger with its looks, every
row of the strategy book, and what is printed. Lives are given later and later times; the job keeps its first one.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.acceptance.project import Project
from tests.parity.conftest import ROOT
from tests.planted_market import market, project_at
from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.simulated import SOURCE, simulate, spec_for
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import SECOND, Timeframe

WORDS = ("research", "-p", "BTC/USDT,ETH/USDT", "-n", "44", "--json")
NOW = 1_800_000_000 * SECOND
PASSED = 0
KILLED = -9
CHAIN = 14
"""Deaths of one job in a row."""
SINGLE = 5
"""Jobs that die once each."""


class Lives:
    """Forks lives from a process that has everything loaded."""

    def __init__(self) -> None:
        self.told = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.research_process"],
            cwd=ROOT, env=Project(ROOT).variables({"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def live(
        self, folder: Path, *, step: int = 0, delay: float = 0.0, words: tuple[str, ...] = WORDS
    ) -> dict[str, Any]:
        """One life; every one begins an hour after the one before, once a job exists that has a time."""
        if not any(folder.glob("data/research/*/created.json")):
            self.told = 0
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = {"folder": str(folder), "words": words, "now": NOW + 3600 * SECOND * self.told, "step": step}
        self.told += 1
        self.process.stdin.write(json.dumps({**order, "delay": delay}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


class Reference(NamedTuple):
    """The project before the job, and what an undisturbed job leaves and prints."""

    folder: Path
    steps: int
    document: dict[str, Any]
    kept: dict[str, bytes]


@pytest.fixture(scope="module")
def lives() -> Iterator[Lives]:
    made = Lives()
    yield made
    assert made.process.stdin is not None
    made.process.stdin.close()
    made.process.wait(30)


@pytest.fixture(scope="module")
def reference(lives: Lives, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """BTC/USDT with a planted edge and ETH/USDT without one, both SIMULATED."""
    begun = project_at(tmp_path_factory.mktemp("research") / "begun", market(), ())
    noise = simulate(spec_for(resolve("ETH/USDT"), bars=12_000), np.random.default_rng(3))
    CandleStore(begun / "data" / "candles").write("ETH/USDT", Timeframe.H1, noise, SOURCE)
    VerdictFiles(begun / "data").make_key()
    folder = begun.with_name("undisturbed")
    shutil.copytree(begun, folder)
    ran = lives.live(folder)
    assert ran["status"] in (PASSED, 4), ran["err"]
    return Reference(begun, ran["steps"], json.loads(ran["out"]), left_by(folder))


def left_by(folder: Path) -> dict[str, bytes]:
    """Every file of the job, its verdicts and the ledger, and every row of the strategy book."""
    data = folder / "data"
    files = [*(data / "verdicts").iterdir(), *(data / "research").rglob("*.*"), *data.glob("trials.ledger*")]
    found = {str(path.relative_to(data)): path.read_bytes() for path in files if ".lock" not in path.name}
    with sqlite3.connect(data / "tradewind.db") as database:
        for table in ("strategies", "strategy_audit"):
            rows = database.execute(f"SELECT * FROM {table}").fetchall()
            found[table] = repr(rows).encode()
    return found


def hold_against(reference: Reference, folder: Path, last: dict[str, Any]) -> None:
    assert last["status"] == (PASSED if reference.document["approved"] else 4), last["err"]
    assert json.loads(last["out"]) == reference.document
    left = left_by(folder)
    assert set(left) == set(reference.kept)
    assert [name for name, data in left.items() if data != reference.kept[name]] == []


@pytest.fixture
def fresh(reference: Reference, tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    shutil.copytree(reference.folder, folder)
    return folder


def test_the_undisturbed_job_has_something_to_lose(reference: Reference) -> None:
    """Rule: sealed windows were opened, verdicts signed, strategies passed and others were refused."""
    opened = [one["proof"]["opened"] for one in reference.document["symbols"]]
    assert opened[0] > 2
    assert reference.document["approved"]
    assert sum("verdicts" in name for name in reference.kept) > 20
    assert not any(name.endswith(("arrays", ".writing")) or "portion" in name for name in reference.kept)
    assert reference.steps > 100


@pytest.mark.req("X05", "X04")
def test_a_job_that_dies_again_and_again_ends_with_the_same_bytes(
    lives: Lives, reference: Reference, fresh: Path
) -> None:
    """SIGKILL before drawn syncs and renames, and at drawn times between them; then one life to the end."""
    generator = np.random.default_rng(11)
    deaths = 0
    for number in range(CHAIN):
        if number % 4 == 3:
            ended = lives.live(fresh, delay=float(generator.uniform(0.02, 0.6)))
        else:
            ended = lives.live(fresh, step=int(generator.integers(1, 40)))
        deaths += ended["status"] == KILLED
    assert deaths > CHAIN // 2
    hold_against(reference, fresh, lives.live(fresh))


@pytest.mark.req("X05", "X04")
@pytest.mark.parametrize("draw", range(SINGLE))
def test_a_job_that_dies_once_anywhere_ends_with_the_same_bytes(
    lives: Lives, reference: Reference, fresh: Path, draw: int
) -> None:
    """One death before a durable step drawn from all of them, and the same command again."""
    generator = np.random.default_rng(23)
    step = int(generator.integers(1, reference.steps + 1, SINGLE)[draw])
    assert lives.live(fresh, step=step)["status"] == KILLED
    hold_against(reference, fresh, lives.live(fresh))


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_a_job_that_dies_at_any_step_ends_with_the_same_bytes(
    lives: Lives, reference: Reference, tmp_path: Path
) -> None:
    """Every durable step once."""
    for step in range(1, reference.steps + 1):
        folder = tmp_path / str(step)
        shutil.copytree(reference.folder, folder)
        ended = lives.live(folder, step=step)
        if ended["status"] == KILLED:
            ended = lives.live(folder)
        else:  # a checkpoint of the database is a sync that not every life makes
            assert step > ended["steps"] > 0.9 * reference.steps
        hold_against(reference, folder, ended)
        shutil.rmtree(folder)


@pytest.mark.req("X05")
def test_search_and_then_validate_is_the_whole_job(lives: Lives, reference: Reference, fresh: Path) -> None:
    """The stages one by one leave what one command leaves; each says how far it went."""
    searched = lives.live(fresh, words=(*WORDS, "--stage", "search"))
    assert searched["status"] == 0
    document = json.loads(searched["out"])
    assert document["stage"] == "search"
    assert [one["proof"] for one in document["symbols"]] == [None, None]
    assert not (fresh / "data" / "verdicts").exists()
    last = lives.live(fresh, words=(*WORDS, "--stage", "validate"))
    found = json.loads(last["out"])
    assert found.pop("stage") == "validate"
    last["out"] = json.dumps({**found, "stage": "all"})
    hold_against(reference, fresh, last)
