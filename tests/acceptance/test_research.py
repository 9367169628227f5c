"""Black box: `tradewind research` as one job, from stored candles to verdicts, interrupted, repeated and refused."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.acceptance.project import Project
from tests.cli_runner import Ran
from tests.dask_cluster import cluster_of_two, workers_of
from tests.planted_market import SYMBOL, market, project_at
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.model.bar import BarColumns
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.research.verdict import refusal, speaks_for, verify

RESEARCH = ("research", "-p", SYMBOL, "-n", "44", "--json")
TWO = ("--family", "Donchian_Breakout", "--family", "RSI_Reversion")
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "strategies" / "midweek_breakout.py"


class Done(NamedTuple):
    """A project whose job ran through undisturbed, and what was printed."""

    project: Project
    ran: Ran
    job: Path


@pytest.fixture(scope="module")
def planted() -> BarColumns:
    return market()


@pytest.fixture(scope="module")
def begun(planted: BarColumns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with SIMULATED candles in which an edge is planted; nothing was searched."""
    return project_at(tmp_path_factory.mktemp("research") / "begun", planted, ())


@pytest.fixture(scope="module")
def done(begun: Path) -> Done:
    folder = begun.with_name("done")
    shutil.copytree(begun, folder)
    project = Project(folder)
    ran = project.types(*RESEARCH)
    assert ran.exit_code == 0, ran.stderr
    return Done(project, ran, folder / ran.document["folder"])


@pytest.fixture
def fresh(begun: Path, tmp_path: Path) -> Project:
    shutil.copytree(begun, tmp_path / "project")
    return Project(tmp_path / "project")


@pytest.fixture
def again(done: Done, tmp_path: Path) -> Project:
    """A copy of the finished project to work in."""
    shutil.copytree(done.project.folder, tmp_path / "project")
    return Project(tmp_path / "project")


def measured(document: dict[str, Any]) -> list[dict[str, Any]]:
    """What was found of each symbol, without what follows from when and where it was written."""
    symbols = json.loads(json.dumps(document["symbols"]))
    for one in symbols:
        one["proof"]["stamp"].pop("ledger_head")
    return symbols


def ledger(project: Project) -> dict[str, Any]:
    return project.types("strategy", "ledger", "--json").document


def verdicts(project: Project) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (project.folder / "data" / "verdicts").iterdir()}


def waits_for(found: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not found():
        assert process.poll() is None, process.communicate()
        time.sleep(0.001)


def started(project: Project, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tradewind", *words], cwd=project.folder, env=project.variables(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=lambda: os.nice(10),
    )  # fmt: skip


@pytest.mark.req("HZ18", "D24")
def test_what_a_job_promotes_speaks_for_that_simulated_market_only(done: Done) -> None:
    """A planted edge is found: exit 0, a signed PASS; it speaks here, and on no real bars, hour or other class."""
    signed = {name: verify(data, VerdictFiles(done.project.folder / "data").key()) for name, data in
              verdicts(done.project).items()}  # fmt: skip
    approved = [one for one in signed.values() if one.approved]
    assert {one.strategy.id for one in approved} == set(done.ran.document["approved"])
    assert 0 < len(approved) < len(signed)
    bitcoin, euro = resolve(SYMBOL), resolve("EUR/USD")
    for one in signed.values():
        assert one.stamp.simulated
        assert one.stamp.seeds == {"research": 1}
        assert speaks_for(one, SYMBOL, Timeframe.H1, bitcoin, simulated=True) is one.approved
    for one in approved:
        assert "SIMULATED" in refusal(one, SYMBOL, Timeframe.H1, bitcoin, simulated=False)
        assert not speaks_for(one, SYMBOL, Timeframe.H4, bitcoin, simulated=True)
        assert not speaks_for(one, "EUR/USD", Timeframe.H1, euro, simulated=True)


@pytest.mark.req("C05", "C07", "C08", "C13", "HZ04", "HZ21")
def test_windows_follow_one_another_and_every_strategy_carries_its_costs_and_false_signals(done: Done) -> None:
    """Train, test and sealed of every family in order; cost of the risk and share of losing signals for everybody."""
    (symbol,) = done.ran.document["symbols"]
    for family in symbol["search"]["families"]:
        train, test, sealed = (family["windows"][name] for name in ("train", "test", "sealed"))
        assert train["start"] == symbol["search"]["first_ts"]
        assert train["end"] == test["start"] < test["end"] == sealed["start"]
        assert sealed["end"] == symbol["search"]["last_ts"]
        assert sealed["end"] - sealed["start"] >= 184 * DAY
        before = test["end"] - train["start"]
        assert train["end"] - train["start"] == pytest.approx(0.8 * before, rel=1e-9)
    for one in symbol["proof"]["findings"]:
        trades = one["evidence"]["train"]["trades"]
        assert 0.0 < trades["cost_to_risk"] < 1.0
        assert trades["false_signal_rate"] == pytest.approx(trades["losses"] / trades["n"])
        assert (one["evidence"]["sealed"] is None) or not one["missed"]


@pytest.mark.req("X05", "X04", "HZ24")
def test_the_same_command_again_is_the_same_job_and_nothing_is_done_twice(again: Project, done: Done) -> None:
    """Same id, same answer to the last digit; no trial, no look and no verdict more."""
    before = ledger(again), verdicts(again)
    ran = again.types(*RESEARCH)
    assert ran.exit_code == 0
    assert ran.document == done.ran.document
    assert (ledger(again), verdicts(again)) == before
    assert before[0]["trials"] == 44
    assert len(before[0]["looks"]) == done.ran.document["symbols"][0]["proof"]["opened"]
    jobs = again.types("research", "--list", "--json").document["jobs"]
    assert [(one["id"], one["done"], one["searched"]) for one in jobs] == [(done.ran.document["job"], True, 1)]


@pytest.mark.req("X05")
def test_two_processes_find_what_one_finds(fresh: Project, done: Done) -> None:
    """Workers share the work and change nothing."""
    ran = fresh.types(*RESEARCH, "--workers", "2")
    assert ran.exit_code == 0, ran.stderr
    assert measured(ran.document) == measured(done.ran.document)


@pytest.mark.req("X05")
def test_a_cluster_that_loses_a_worker_finds_what_one_machine_finds(fresh: Project, done: Done, tmp_path: Path) -> None:
    """One of two dask workers is killed in the search, the other one in the proof; both come back, as nannies do."""
    pytest.importorskip("distributed", reason="tradewind[cluster] is not installed")
    place = fresh.folder / done.ran.document["folder"]
    with cluster_of_two(tmp_path) as at:
        process = started(fresh, *RESEARCH, "--cluster", at)
        for pid, reached in zip(workers_of(at), ("created.json", "BTC-USDT/search.arrays"), strict=True):
            waits_for((place / reached).exists, process)
            os.kill(pid, signal.SIGKILL)
        said, told = process.communicate(timeout=240)
    assert process.returncode == 0, told
    assert measured(json.loads(said)) == measured(done.ran.document)


@pytest.mark.req("X02", "X20", "HZ25")
def test_noise_is_no_edge_and_says_so_with_exit_4(tmp_path: Path) -> None:
    """200 strategies on a SIMULATED market without an edge: none passes, and none is called nearly good."""
    project = Project(project_at(tmp_path / "noise", market(None, 5), ()))
    ran = project.types("research", "-n", "200", *TWO)
    assert ran.exit_code == 4
    assert "No edge found: none of 200 strategies passed the gates of profile honest." in ran.stdout
    assert "SIMULATED BTC/USDT" in ran.stdout
    assert "APPROVED" not in ran.stdout
    for name in ("PBO", "SPA p", "effective trials"):
        assert name in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= 260
    assert project.types("strategy", "list", "--json").exit_code == 3


@pytest.mark.req("X04", "HZ24")
def test_another_seed_on_the_same_bars_is_told_to_be_contaminated(again: Project, done: Done) -> None:
    """Families that opened the window before cannot pass on it; what they passed before stands."""
    earlier = verdicts(again)
    ran = again.types("research", "-p", SYMBOL, "-n", "44", "--seed", "2")
    assert "CONTAMINATED: " in ran.stdout
    assert f"opening research {done.ran.document['job']}" in ran.stdout
    assert "cannot pass on it" in ran.stdout
    listed = again.types("strategy", "list", "--all", "--json").document["strategies"]
    assert set(done.ran.document["approved"]) <= {one["id"] for one in listed if one["status"] == "validated"}
    assert earlier.items() <= verdicts(again).items()


@pytest.mark.req("X04", "HZ25")
def test_too_few_bars_take_back_nothing_that_was_proven(again: Project, done: Done) -> None:
    """Searched or validated again on five months: INSUFFICIENT is said, and verdicts and the book stay as they were."""
    proven, before = done.ran.document["approved"][0], verdicts(again)
    months = ("--timerange", "20200101-20200601")
    assert "INSUFFICIENT" in again.types("research", "-p", SYMBOL, "-n", "44", *months).stdout
    ran = again.types("validate", proven, *months)
    assert ran.exit_code == 4
    assert f"The earlier passed verdict stands: {proven}" in ran.stdout
    assert verdicts(again) == before
    assert again.types("strategy", "show", proven, "--json").document["status"] == "validated"


@pytest.mark.req("X04", "X05")
def test_ctrl_c_is_exit_130_and_the_same_command_goes_on(fresh: Project, done: Done) -> None:
    """Interrupted while strategies are being proven: what was done is kept, the answer is that of one run."""
    process = started(fresh, *RESEARCH)
    place = fresh.folder / done.ran.document["folder"]
    waits_for((place / "BTC-USDT" / "search.json").exists, process)
    process.send_signal(signal.SIGSTOP)  # it stands still wherever it is, and cannot end before it is interrupted
    assert not (place / "BTC-USDT" / "proof.json").exists()
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    said, told = process.communicate(timeout=240)
    assert process.returncode == 130, told
    assert "approved" not in said
    ran = fresh.types(*RESEARCH)
    assert ran.exit_code == 0
    assert measured(ran.document) == measured(done.ran.document)
    assert ledger(fresh)["trials"] == 44


def test_a_second_process_is_refused_before_it_changes_anything(fresh: Project, done: Done) -> None:
    """One search at a time writes the ledger: the other one is told who does, and the first is not disturbed."""
    process = started(fresh, *RESEARCH)
    place = fresh.folder / done.ran.document["folder"]
    waits_for((place / "created.json").exists, process)
    process.send_signal(signal.SIGSTOP)
    second = fresh.types("research", "-p", SYMBOL, "-n", "12")
    assert second.exit_code == 3
    assert "trial ledger" in second.stderr
    assert str(process.pid) in second.stderr
    assert [one.name for one in place.parent.iterdir()] == [place.name]
    process.send_signal(signal.SIGCONT)
    said, told = process.communicate(timeout=240)
    assert process.returncode == 0, told
    assert measured(json.loads(said)) == measured(done.ran.document)


def test_a_full_disk_is_exit_3_and_the_job_goes_on_when_there_is_room(fresh: Project, done: Done) -> None:
    """The file that could not be written is named; nothing half is left, and nothing is lost."""
    proof = (done.job / "BTC-USDT" / "proof.json").stat().st_size
    assert (done.project.folder / "data" / "tradewind.db").stat().st_size < proof
    process = subprocess.run(
        [sys.executable, "-m", "tradewind", *RESEARCH], cwd=fresh.folder, env=fresh.variables(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (proof - 1, resource.RLIM_INFINITY)),
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert process.returncode == 3, process.stderr
    assert "proof.json: cannot write" in process.stdout + process.stderr
    assert not list(fresh.folder.rglob("*.writing"))
    ran = fresh.types(*RESEARCH)
    assert ran.exit_code == 0, ran.stderr
    assert measured(ran.document) == measured(done.ran.document)


@pytest.mark.req("X04")
def test_a_job_whose_folder_was_deleted_is_done_again_and_counts_once(again: Project, done: Done) -> None:
    """Deleting the folder removes a job; its trials stay in the ledger, and the same job is the same reading."""
    before = ledger(again)
    shutil.rmtree(again.folder / done.ran.document["folder"])
    assert again.types("research", "--list", "--json").document["jobs"] == []
    ran = again.types(*RESEARCH)
    assert ran.exit_code == 0
    assert measured(ran.document) == measured(done.ran.document)
    assert ledger(again)["head"] == before["head"]


def test_bars_that_changed_since_make_another_job_and_name_the_unfinished_one(
    fresh: Project, planted: BarColumns
) -> None:
    """What was searched on other bars cannot go on: said, with what changed and where the folder is."""
    first = fresh.types(*RESEARCH, "--stage", "search").document
    shutil.rmtree(fresh.folder / "data" / "candles")
    fresh.imports(planted.slice(0, 23_000), SYMBOL)
    second = fresh.types(*RESEARCH, "--stage", "search")
    assert second.exit_code == 0, second.stderr
    assert second.document["job"] != first["job"]
    assert f"Job {first['job']}" in second.stderr
    assert "is unfinished and cannot go on: the bars of BTC/USDT changed since" in second.stderr
    assert first["folder"] in second.stderr
    jobs = fresh.types("research", "--list", "--json").document["jobs"]
    assert {one["id"]: one["done"] for one in jobs} == {first["job"]: False, second.document["job"]: False}


def test_a_family_whose_code_changed_makes_another_job(fresh: Project) -> None:
    """A person's own family is searched like any other; edited between two lives, it is another search and said so."""
    (fresh.folder / "strategies").mkdir()
    own = fresh.folder / "strategies" / "midweek_breakout.py"
    own.write_text(EXAMPLE.read_text())
    words = ("research", "-p", SYMBOL, "-n", "10", "--family", "Midweek_Breakout", "--stage", "search", "--json")
    first = fresh.types(*words)
    assert first.exit_code == 0, first.stderr
    changed = EXAMPLE.read_text().replace("scale(8, 120)", "scale(8, 90)")
    assert changed != EXAMPLE.read_text()
    own.write_text(changed)
    second = fresh.types(*words)
    assert second.document["job"] != first.document["job"]
    assert "what is drawn for BTC/USDT (the code or the ranges of a family) changed since" in second.stderr


@pytest.mark.req("HZ25", "C07")
@pytest.mark.parametrize("bars", [3, 400])
def test_too_few_bars_are_insufficient_and_no_crash(bars: int, planted: BarColumns, tmp_path: Path) -> None:
    """No sealed window of half a year fits: said as INSUFFICIENT with exit 4, never as an edge that is not there."""
    project = Project(project_at(tmp_path / "short", planted.slice(0, bars), ()))
    ran = project.types("research", "-n", "30", *TWO)
    assert ran.exit_code == 4, ran.stderr
    assert "INSUFFICIENT: SIMULATED BTC/USDT: the span of" in ran.stdout
    assert "none of 30 strategies could be judged" in ran.stdout
    assert "No edge found" not in ran.stdout
    assert ledger(project)["looks"] == []
    found = project.types("research", "-n", "30", *TWO, "--json").document
    assert found["insufficient"] == [SYMBOL]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--family", "Donchian_Brakout"), 2, "no strategy family is called 'Donchian_Brakout'"),
        (("-p", "EUR/USD"), 3, "no EUR/USD 1h candles are stored"),
        (("-p", f"{SYMBOL},EUR/USD"), 3, "no EUR/USD 1h candles are stored"),
        (("-p", "NO/PE"), 2, "NO/PE"),
        (("--profile", "nonsense"), 2, "source, honest, strict"),
        (("-n", "0"), 2, "greater than or equal to 1"),
        (("--stage", "half"), 2, "search"),
        (("--workers", "0"), 2, "greater than or equal to 1"),
        (("--stage", "validate"), 3, "was not searched yet"),
        (("--period", "1y", "--timerange", "20200101-20200601"), 2, "both given"),
        (("--timerange", "20300101-20310101"), 3, "lie in the asked range"),
        (("--cluster", "not an address"), 2, "not an address"),
        (("--cluster", ""), 2, "names nothing"),
        (("--family", ""), 2, "names nothing"),
    ],
)
def test_bad_input_is_refused_before_any_work(fresh: Project, words: tuple[str, ...], code: int, said: str) -> None:
    """Exit 2 or 3 with what is wrong; no job, no ledger and no book is left behind; `--json` is one document."""
    ran = fresh.types("research", "-n", "20", *words)
    assert ran.exit_code == code, (ran.stdout, ran.stderr)
    assert said in ran.stderr, ran.stderr
    shown = fresh.types("research", "-n", "20", *words, "--json")
    assert shown.document["error"]["exit_code"] == code
    assert not list((fresh.folder / "data").glob("trials.ledger"))
    assert not (fresh.folder / "data" / "research").exists()


def test_a_damaged_file_of_a_job_is_named_and_made_again_once_it_is_deleted(again: Project, done: Done) -> None:
    """Never guessed at: exit 1 with the file; without it the job goes on to the same end."""
    place = again.folder / done.ran.document["folder"] / "BTC-USDT"
    whole = (place / "proof.json").read_bytes()
    (place / "proof.json").write_bytes(whole[: len(whole) // 2])
    ran = again.types(*RESEARCH)
    assert ran.exit_code == 1
    assert "proof.json" in ran.document["error"]["where"]
    assert "delete this file" in ran.document["error"]["next_step"]
    (place / "proof.json").unlink()
    ran = again.types(*RESEARCH)
    assert ran.exit_code == 0
    assert ran.document == done.ran.document
