"""Fixtures of the black-box tests: a clean environment, an empty project, and one with a finished paper run."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.acceptance.project import Project, simulated
from tests.cli_runner import Ran
from tests.unit.service.conftest import tracker_sink  # noqa: F401  a fixture

NAMES = ("TRADEWIND", "RUNTIME", "TELEGRAM", "OANDA", "COINBASE", "DB_URL", "CONFIDENCE", "MIN_CONF", "KILL", "AUTO_")


class Finished(NamedTuple):
    """A project after ``run --feed replay --execution paper`` over a SIMULATED market, and what the run printed."""

    project: Project
    ran: Ran


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(NAMES)]:
        monkeypatch.delenv(name)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty folder."""
    return Project(tmp_path)


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Imported candles of BTC/USDT and EUR/USD, nothing run yet. Copy it before anything is changed."""
    made = Project(tmp_path_factory.mktemp("market"))
    made.imports(simulated("BTC/USDT", 2400), "BTC/USDT")
    made.imports(simulated("EUR/USD", 1700, seed=2), "EUR/USD")
    return made


@pytest.fixture
def own_market(market: Project, tmp_path: Path) -> Project:
    """A copy of the market to work in."""
    shutil.copytree(market.folder, tmp_path, dirs_exist_ok=True)
    return Project(tmp_path)


@pytest.fixture(scope="session")
def finished(market: Project, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The paper run over the whole market."""
    folder = tmp_path_factory.mktemp("finished")
    shutil.copytree(market.folder, folder, dirs_exist_ok=True)
    made = Project(folder)
    ran = made.types("run", "--allow-unproven", "--feed", "replay", "--symbol", "BTC/USDT,EUR/USD", "--interval", "1h",
                     "--execution", "paper")  # fmt: skip
    assert ran.exit_code == 0, ran.stderr
    return Finished(made, ran)
