"""A paper run is killed where it hurts: its journal ends as if nothing had happened, no signal is told twice unmarked.

The guarantee for what is printed: every signal is told; told as new at most once; and told again, marked as a repeat,
at most once for each death of the process, when it died between the words and the note of them.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests import scene
from tests.parity.conftest import ROOT, run_in
from tests.scene import Tape
from tradewind.adapters.store.store import Store
from tradewind.ports.store import Entry

# A pace that never waits, but makes every close a commit of its own and a thing to be told at once.
RUN = ("run", "--allow-unproven", "--feed", "replay", "--execution", "paper", "--speed", "1e15", "--json")
KILLS = 20


@cache
def clean() -> Tape:
    """The run nobody disturbed: BTC/USDT 1h, SIMULATED with a planted edge."""
    return scene.run([scene.planted().recordings[0]], both=False)


class Life:
    """One process running on a folder; what it says is appended to ``said.txt``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = folder / "data" / "tradewind.db.head"
        with (folder / "said.txt").open("ab") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tradewind", *RUN],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )

    def head(self) -> int:
        """The entry acknowledged last, read from outside."""
        try:
            return int(self.mark.read_bytes()[:20])
        except (OSError, ValueError):
            return 0

    def wait_for(self, seq: int) -> bool:
        """Whether entry ``seq`` was acknowledged before the process ended."""
        while self.head() < seq:
            if self.process.poll() is not None:
                return False
            time.sleep(0.0005)
        return True

    def end(self, number: int) -> tuple[int, str]:
        """Sends a signal; the exit code and what was printed on stdout."""
        self.process.send_signal(number)
        printed, _ = self.process.communicate(timeout=60)
        return self.process.returncode, printed

    def finish(self) -> tuple[int, str]:
        printed, _ = self.process.communicate(timeout=120)
        return self.process.returncode, printed


@pytest.fixture
def project(tmp_path: Path) -> Path:
    scene.enough(clean())
    scene.store_candles(tmp_path, clean().recordings, both=False)
    return tmp_path


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Entry, ...]:
    """The journal of the same run on the same candles in one go; it decides what the run in memory decides."""
    folder = tmp_path_factory.mktemp("undisturbed")
    scene.store_candles(folder, clean().recordings, both=False)
    assert run_in(folder, *RUN, "--quiet").exit_code == 0
    entries = journal_of(folder)
    assert entries[-1].digest == clean().digest
    return entries


def journal_of(folder: Path) -> tuple[Entry, ...]:
    with Store.read(folder / "data" / "tradewind.db") as store:
        return tuple(store.journal.read())


def hold_against(undisturbed: tuple[Entry, ...], folder: Path, deaths: int) -> None:
    """Journal, tables, replay and spoken words of a run that died ``deaths`` times."""
    tape = clean()
    assert journal_of(folder) == undisturbed
    assert run_in(folder, "db", "check").exit_code == 0
    again = run_in(folder, "replay", "--verify", "--json")
    assert again.exit_code == 0
    assert again.document["run"]["counts"]["signals"] == len(tape.signals)
    ids = {one.id for one in tape.signals}
    new, repeated = scene.tellings((folder / "said.txt").read_text("utf-8").splitlines())
    print(f"{deaths} deaths, {sum(new.values())} signals told as new, {sum(repeated.values())} marked as repeats")
    assert set(new) | set(repeated) == ids, "a signal was never told"
    assert max(new.values()) == 1, "a signal was told as new twice"
    assert sum((new + repeated).values()) - len(ids) <= deaths


def kill_until_done(folder: Path, kills: int, seed: int) -> int:
    """Kills at entries drawn at random, a little later than seen from outside; now and then while it still starts."""
    generator = np.random.default_rng(seed)
    deaths = 0
    targets = np.sort(generator.integers(1, len(clean().entries) - 50, kills)).tolist()
    for number, target in enumerate(targets):
        life = Life(folder)
        if number % 5 == 4:
            time.sleep(float(generator.uniform(0.05, 1.5)))
        elif not life.wait_for(target):
            code, printed = life.finish()
            assert code == 0, printed
            break
        else:
            time.sleep(float(generator.exponential(0.002)))
        code, _ = life.end(signal.SIGKILL)
        deaths += code == -signal.SIGKILL
    code, printed = Life(folder).finish()
    assert code == 0, printed
    assert json.loads(printed)["head_seq"] == len(clean().entries)
    return deaths


@pytest.mark.req("H20", "C15")
@pytest.mark.timeout(900)  # 21 starts of the program; on a busy machine a start takes five times as long
def test_a_paper_run_killed_twenty_times_ends_as_if_undisturbed(project: Path, undisturbed: tuple[Entry, ...]) -> None:
    """kill -9 at random entries and during starts: same entries, digest and signals as one uninterrupted run."""
    deaths = kill_until_done(project, KILLS, seed=9)
    assert deaths >= KILLS // 2
    hold_against(undisturbed, project, deaths)


@pytest.mark.soak
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("seed", range(10))
def test_two_hundred_kills(project: Path, undisturbed: tuple[Entry, ...], seed: int) -> None:
    """Ten runs, twenty kills each."""
    deaths = kill_until_done(project, KILLS, seed=100 + seed)
    hold_against(undisturbed, project, deaths)


@pytest.mark.req("H20")
def test_a_run_asked_to_stop_ends_in_order_and_goes_on_later(project: Path, undisturbed: tuple[Entry, ...]) -> None:
    """Ctrl+C, then SIGTERM, each in the middle of a trade: exit 0, all kept, the next start goes on from there."""
    opened = [entry.seq for entry in clean().entries if b'"leg":"entry"' in entry.outputs]
    kept: tuple[Entry, ...] = ()
    for number, after in ((signal.SIGINT, 1200), (signal.SIGTERM, 2000)):
        seq = next(seq for seq in opened if seq > after)
        life = Life(project)
        assert life.wait_for(seq)
        code, printed = life.end(number)
        result = json.loads(printed)
        assert (code, result["loop"]["stopped"]) == (0, "asked")
        assert ((result["recovery"] or {}).get("entries", 0)) == len(kept)
        assert run_in(project, "db", "check").exit_code == 0
        kept = journal_of(project)
        assert seq <= len(kept) == result["head_seq"] < len(undisturbed)
        assert kept == undisturbed[: len(kept)]
    code, printed = Life(project).finish()
    assert code == 0
    hold_against(undisturbed, project, deaths=0)
