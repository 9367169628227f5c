"""INV-05: kill -9 at random points of a writing process; what it said is durable is there, and the next one goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.crash.writer_process import LENGTH
from tests.fakes.session_script import START, session
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.inspection import inspect
from tradewind.adapters.store.memory_journal import MemoryJournal
from tradewind.adapters.store.store import Store

ROOT = Path(__file__).parents[2]


def run_and_kill(path: Path, seed: int, after_s: float) -> int:
    """The last acknowledged sequence number that the killed writer printed; 0 when it printed none."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.writer_process", str(path), str(seed)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=environment,
        text=True,
    )
    assert writer.stdout is not None
    lines = [writer.stdout.readline()]  # it works from here on
    reader = threading.Thread(target=lambda: lines.extend(writer.stdout or ()))
    reader.start()
    time.sleep(after_s)
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    reader.join()
    whole = [line for line in lines if line.endswith("\n")]
    return int(whole[-1]) if whole else 0


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.soak)])
def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path, kills: int) -> None:
    """One database lives through all kills; the stale lock never blocks, and the chain is that of an unbroken run."""
    path = tmp_path / "t.db"
    rng = np.random.default_rng(11)
    found = 0
    for seed in range(kills):
        acknowledged = run_and_kill(path, seed, float(rng.uniform(0, 0.15)))
        with Store.open(path, START) as store:
            before, found = found, store.journal.head.seq
            assert acknowledged > 0
            assert found >= acknowledged >= before
    unbroken = MemoryJournal()
    for _, (event, outputs) in zip(range(found), session(LENGTH), strict=False):
        unbroken.append(event, encode_outputs(outputs))
    unbroken.commit()
    with Store.open(path, START) as store:
        assert store.journal.head == unbroken.head
        assert [entry.hash for entry in store.journal.read()] == [entry.hash for entry in unbroken.read()]
        assert store.writer is not None
        assert store.writer.fencing == 2 * kills + 1
        assert [finding for finding in inspect(store.database) if not finding.ok] == []
