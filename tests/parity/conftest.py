"""A project folder with the market of the checks stored as candles, and one finished paper run over it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import scene
from tests.cli_runner import Ran, run_cli

ROOT = Path(__file__).resolve().parents[2]
RUN = ("run", "--allow-unproven", "--feed", "replay", "--execution", "paper", "--quiet", "--json")


class Project(NamedTuple):
    """A folder to run in, and the document that the finished run printed."""

    folder: Path
    result: dict

    @property
    def database(self) -> Path:
        return self.folder / "data" / "tradewind.db"


def run_in(folder: Path, *words: str) -> Ran:
    """A verb run inside this process with ``folder`` as its working folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        return run_cli(*words)
    finally:
        os.chdir(before)


def run_outside(folder: Path, *words: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    """A verb in a process of its own."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **(environment or {})}
    command = [sys.executable, "-m", "tradewind", *words]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="session")
def stored_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with candles and configuration, and nothing run yet."""
    folder = tmp_path_factory.mktemp("market")
    scene.store_candles(folder, scene.planted().recordings)
    return folder


@pytest.fixture(scope="session")
def finished(stored_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The paper run over the whole market, done in one go."""
    folder = tmp_path_factory.mktemp("finished")
    shutil.copytree(stored_market, folder, dirs_exist_ok=True)
    ran = run_in(folder, *RUN)
    assert ran.exit_code == 0, ran.stderr
    return Project(folder, ran.document)


@pytest.fixture
def copied(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished project that may be damaged."""
    shutil.copytree(finished.folder, tmp_path, dirs_exist_ok=True)
    return Project(tmp_path, finished.result)
