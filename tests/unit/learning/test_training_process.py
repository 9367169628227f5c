"""Training in a process of its own: real processes, a program that plays the part of ``tradewind``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from tradewind.adapters.training_process import TrainingProcess, end_of
from tradewind.adapters.wall_clock import WallClock
from tradewind.model.mode import RetrainAsked
from tradewind.model.timeframe import Timeframe
from tradewind.model.training import TrainingEnd

ASKED = RetrainAsked(0, "BTC/USDT", Timeframe.H1, "drift", 0.8, 0.7)
DOCUMENT: dict[str, Any] = {
    "version": "v7",
    "passed": True,
    "missed": [],
    "card": {"evaluations": [{"ece": 0.03, "selective": {"n": 140, "net": 0.002, "net_low": 0.0005}}]},
}


def trainer(folder: Path, words: list[list[str]], program: str, **limits: Any) -> TrainingProcess:
    """A trainer whose ``tradewind`` is ``program``."""
    package = folder / "tradewind"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(program)
    environment = {"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"}
    return TrainingProcess(folder, environment, lambda asked: words, WallClock(), **limits)


def end(made: TrainingProcess) -> TrainingEnd:
    made.start(ASKED)
    while True:
        assert made.busy
        made.wait()
        found = made.ended()
        if found is not None:
            assert not made.busy
            return found


SAYS = f"import sys, json, os\nprint(json.dumps({json.dumps(DOCUMENT)}) if sys.argv[-1] == '--json' else 'x')"
SAYS = SAYS.replace("true", "True")


def test_the_answer_of_train_becomes_the_end(tmp_path: Path):
    """Rule: version, gate, calibration error, and Student's confidence out of mean and lower bound."""
    found = end(trainer(tmp_path, [["train"]], SAYS))
    assert (found.version, found.passed, found.calibration_error, found.events) == ("v7", True, 0.03, 140)
    error = (0.002 - 0.0005) / 1.645
    assert found.confidence == pytest.approx(stats.t.cdf(0.002 / error, 139))
    assert found.fault is None
    assert end_of({**DOCUMENT, "card": {"evaluations": [{"ece": None, "selective": {
        "n": 0, "net": None, "net_low": None}}]}}).confidence is None  # fmt: skip


def test_what_comes_before_the_training_may_fail(tmp_path: Path):
    """Rule: candles that cannot be fetched stop no training; the last command is the one that counts."""
    program = "import sys\nif sys.argv[1] == 'data':\n    sys.exit(3)\n" + SAYS
    assert end(trainer(tmp_path, [["data", "fetch"], ["train"]], program)).version == "v7"


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("import sys\nprint('boom', file=sys.stderr)\nsys.exit(2)", "exit 2: boom"),
        ("import json, sys\nprint(json.dumps({'error': {'message': 'PyTorch is not there'}}))\nsys.exit(3)", "PyTorch"),
        ("print('{')", "cannot be read"),
        ("import os\nos.kill(os.getpid(), 9)", "signal 9"),
        ("raise MemoryError", "MemoryError"),
    ],
)
def test_whatever_ends_a_training_is_a_fault_with_a_reason(tmp_path: Path, program: str, says: str):
    """Rule: crashes, kills, want of memory and nonsense are ends, not errors of the run."""
    found = end(trainer(tmp_path, [["train"]], program))
    assert found.version is None
    assert says in found.fault


def test_a_training_that_hangs_is_ended_with_all_it_started(tmp_path: Path):
    """Rule: past the limit the whole group is killed."""
    program = "import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    found = end(trainer(tmp_path, [["train"]], program + "time.sleep(600)", limit_s=0.5))
    assert "longer than 0.5 s" in found.fault


def test_an_interpreter_that_is_not_there_is_a_fault(tmp_path: Path):
    """Rule: named, at the next look."""
    assert "cannot be started" in end(trainer(tmp_path, [["train"]], "", interpreter=str(tmp_path / "none"))).fault


def test_it_runs_with_the_least_urgency_and_one_thread(tmp_path: Path):
    """Rule: decisions come first; the interpreter that runs is the default one."""
    program = (
        "import os, sys\nassert os.nice(0) >= 15\nassert os.environ['OMP_NUM_THREADS'] == '1'\n"
        f"assert sys.executable == {sys.executable!r}\n"
    )
    assert end(trainer(tmp_path, [["train"]], program + SAYS)).version == "v7"
