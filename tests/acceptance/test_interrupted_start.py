"""Black box: a start that is interrupted or refused says so in a line, with an exit code of the contract."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.acceptance.project import Project
from tests.acceptance.test_live_run import CONFIG, SYMBOLS, begun, series, words
from tests.fakes.venue import START, in_background
from tradewind.model.timeframe import HOUR

ORDERS = (
    ("kill", "on"), ("kill", "off", "--reason", "r"), ("pause",), ("resume",), ("liquidate",), ("rollback",),
    ("status",), ("risk", "status"), ("trades", "list"), ("orders", "list"), ("why", "BTC/USDT"),
    ("watchdog", "--console"), ("run", "--feed", "replay", "--allow-unproven"),
)  # fmt: skip


def catches(process: subprocess.Popen[str], number: int) -> bool:
    """Whether a process has a handler for a signal by now."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


@pytest.mark.req("O12", "Q18")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("later_s", [0.0, 0.5])
def test_a_signal_while_it_starts_ends_it_with_130_and_without_a_trace(
    project: Project, number: int, later_s: float
) -> None:
    """While modules are loaded, the plan is made, the venue is asked: the service is there from its first moment."""
    project.configured(CONFIG)
    with in_background([series()], now=START + 300 * HOUR) as venue:
        process = begun(project, *words(venue, "stream", "--json"))
        while not catches(process, signal.SIGTERM):
            assert process.poll() is None
            time.sleep(0.005)
        time.sleep(later_s)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode in (0, 130), err
    assert "Traceback" not in err


def test_a_start_that_is_refused_says_why_once_and_in_words(project: Project) -> None:
    """Nothing is open yet that could be logged to: the console has the one message."""
    project.configured(CONFIG)
    ran = project.types_outside("run", "--feed", "stream", "--provider", "binance", "--gateway", "http://127.0.0.1:9",
                                *SYMBOLS)  # fmt: skip
    assert ran.returncode == 3
    assert ran.stderr.startswith("error: "), ran.stderr
    assert "exc_info" not in ran.stderr


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
def test_a_folder_in_the_place_of_a_store_is_wrong_usage(project: Project, order: tuple[str, ...]) -> None:
    ran = project.types(*order, "--store", ".")
    assert ran.exit_code == 2, ran.stderr
    assert "folder" in ran.stderr
    assert list(project.folder.iterdir()) == []


def test_a_folder_that_the_configuration_names_as_the_store_is_wrong_usage(project: Project) -> None:
    project.configured('[database]\nurl = "sqlite:///."\n')
    ran = project.types("db", "check")
    assert ran.exit_code == 2, ran.stderr
    assert "folder" in ran.stderr


def test_the_command_is_the_one_that_catches_signals() -> None:
    """What is installed as ``tradewind`` starts where ``python -m tradewind`` does."""
    text = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text()
    assert 'tradewind = "tradewind.__main__:main"' in text
    ran = subprocess.run([sys.executable, "-m", "tradewind", "--version"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
