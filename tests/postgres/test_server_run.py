"""A paper run on PostgreSQL, killed and continued, ends with the very journal of an undisturbed one on SQLite."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests import scene
from tests.parity.conftest import ROOT, run_in
from tradewind.adapters.store.head_mark import HeadMark
from tradewind.adapters.store.seat import PostgresSeat
from tradewind.adapters.store.store import Store

RUN = ("run", "--allow-unproven", "--feed", "replay", "--execution", "paper", "--json")
KILLS = 4


@pytest.mark.req("R08", "INV-05")
@pytest.mark.timeout(600)
def test_a_paper_run_on_a_server_killed_and_recovered_gives_the_digest_of_sqlite(
    seat: PostgresSeat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 at entries drawn at random; replay --verify and db check find it whole, and every entry is the same."""
    tape = scene.run([scene.planted().recordings[0]], both=False)
    lite, folder = tmp_path / "lite", tmp_path / "pg"
    for place in (lite, folder):
        place.mkdir()
        scene.store_candles(place, tape.recordings, both=False)
    assert run_in(lite, *RUN, "--quiet").exit_code == 0
    own = PostgresSeat.of(seat.url, folder / "data")
    generator = np.random.default_rng(3)
    deaths = 0
    for target in np.sort(generator.integers(1, len(tape.entries) - 50, KILLS)).tolist():
        life = start(folder, seat)
        while (HeadMark(own).read() or (0, b""))[0] < target and life.poll() is None:
            time.sleep(0.0005)
        life.send_signal(signal.SIGKILL)
        life.wait(60)
        deaths += life.returncode == -signal.SIGKILL
    assert start(folder, seat).wait(120) == 0, (folder / "said.txt").read_text()
    assert deaths >= 2
    result = json.loads((folder / "printed.json").read_text())
    assert result["digest"] == tape.entries[-1].digest.hex()
    with Store.read(lite / "data" / "tradewind.db") as one, Store.read(own) as two:
        assert tuple(one.journal.read()) == tuple(two.journal.read())
    monkeypatch.setenv("DB_URL", seat.url)
    again = run_in(folder, "replay", "--verify", "--json")
    assert (again.exit_code, again.document["run"]["byte_equal"]) == (0, True)
    assert run_in(folder, "db", "check").exit_code == 0
    status = run_in(folder, "status", "--json")
    assert status.exit_code in (0, 3, 4), status.stderr


def start(folder: Path, seat: PostgresSeat) -> subprocess.Popen[bytes]:
    """One life; a close is a commit of its own at a pace that never waits."""
    with (folder / "printed.json").open("wb") as printed, (folder / "said.txt").open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "tradewind", *RUN, "--speed", "1e15"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "DB_URL": seat.url},
            stdout=printed,
            stderr=said,
        )
