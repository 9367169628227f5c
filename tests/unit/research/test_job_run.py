"""A job run from its parts: progress adds up in every life, and every stage does what is left and no more."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from tests.planted_market import SYMBOL, market, project_at
from tradewind.adapters.executors.serial import SerialExecutor
from tradewind.adapters.ledger.trial_ledger import TrialLedger
from tradewind.app.config import load_config
from tradewind.app.research.folder import PROVEN, JobFolder
from tradewind.app.research.job import ALL, SEARCH, VALIDATE, Planned, planned, run_job
from tradewind.app.research.result import SymbolResult
from tradewind.app.validation.series import series_of, terms_of
from tradewind.app.workspace import Workspace
from tradewind.errors import Corrupt, Retryable, Unavailable
from tradewind.model.report import Verdict
from tradewind.model.timeframe import Timeframe
from tradewind.strategies import family

NOW = 1_800_000_000_000_000_000


class Counted(SerialExecutor):
    """Says how many chunks were computed; may be interrupted before one."""

    def __init__(self, until: int = 10**9) -> None:
        self.chunks = 0
        self.until = until

    def map_chunks(self, work, chunks):  # type: ignore[no-untyped-def]
        for found in super().map_chunks(work, chunks):
            self.chunks += 1
            if self.chunks > self.until:
                raise KeyboardInterrupt
            yield found


class Desk:
    """A project and its planned job."""

    def __init__(self, folder: Path) -> None:
        settings = load_config(folder / "tradewind.toml", environment={}, folder=folder)
        self.workspace = Workspace(settings, folder)
        series = series_of(self.workspace, SYMBOL, Timeframe.H1)
        families = {name: family(name) for name in ("Donchian_Trend", "EMA_Crossover", "RSI_Reversion")}
        self.plan: Planned = planned([series], families, 30, terms_of(settings, 1))
        self.told: list[str] = []
        self.phases: list[str] = []
        self.advanced = 0.0

    def run(self, stage: str, executor: Counted, now: int = NOW) -> tuple[SymbolResult, ...]:
        self.advanced, self.told, self.phases = 0.0, [], []

        def advance(steps: float) -> None:
            self.advanced += steps

        return run_job(self.plan, self.workspace, executor, stage, advance, self.told.append, now, self.phases.append)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project_at(tmp_path_factory.mktemp("job") / "begun", market(bars=16_000), ())


@pytest.fixture
def desk(begun: Path, tmp_path: Path) -> Desk:
    shutil.copytree(begun, tmp_path / "project")
    return Desk(tmp_path / "project")


def test_progress_comes_to_its_end_in_every_life(desk: Desk) -> None:
    """Rule: a search, a proof after it, and a job that is done already each count all their steps, no more."""
    for stage, computes in ((SEARCH, True), (SEARCH, False), (VALIDATE, True), (ALL, False)):
        executor = Counted()
        desk.run(stage, executor)
        assert desk.advanced == pytest.approx(desk.plan.steps(stage))
        assert (executor.chunks > 0) is computes, stage
        assert desk.told[-1].startswith("SIMULATED BTC/USDT 1h: 30 strategies")
    assert desk.plan.steps(SEARCH) == 30


def test_a_whole_job_counts_to_its_end_too_and_after_an_interruption(desk: Desk) -> None:
    """Rule: interrupted in the proof, the next life starts the bar where the job stands and comes to its end."""
    with pytest.raises(KeyboardInterrupt):
        desk.run(ALL, Counted(until=3))  # three families searched, then the first portion
    assert 30 <= desk.advanced < desk.plan.steps(ALL)
    executor = Counted()
    (found,) = desk.run(ALL, executor, NOW + 1)
    assert desk.advanced == pytest.approx(desk.plan.steps(ALL))
    assert found.proof is not None
    assert executor.chunks == -(-len(found.proof.findings) // 16)
    assert JobFolder.of(desk.workspace.data, desk.plan.request).created == NOW


def test_a_job_says_what_it_is_doing(desk: Desk) -> None:
    """The search of every symbol, then its proof, by name."""
    desk.run(ALL, Counted())
    assert desk.phases == [f"Search {SYMBOL}", f"Prove {SYMBOL}"]


def test_a_search_leaves_proofs_alone_and_shows_them(desk: Desk) -> None:
    """Rule: typed for a job that is proven, the search stage forgets nothing."""
    whole = desk.run(ALL, Counted())
    assert desk.run(SEARCH, Counted()) == whole


def test_validate_before_the_search_is_refused_and_nothing_is_made(desk: Desk) -> None:
    """Rule: what must come first is said, with the command."""
    with pytest.raises(Unavailable, match="was not searched yet") as caught:
        desk.run(VALIDATE, Counted())
    assert "--stage search" in str(caught.value)
    assert not (desk.workspace.data / "research").exists()
    assert not (desk.workspace.data / "trials.ledger").exists()


def test_a_lost_intermediate_file_is_made_again(desk: Desk) -> None:
    """Rule: what is missing is computed again, to the same proof, and the ledger counts nothing twice."""
    (whole,) = desk.run(ALL, Counted())
    folder = JobFolder.of(desk.workspace.data, desk.plan.request)
    before = (desk.workspace.data / "trials.ledger").read_bytes()
    for names in ((PROVEN,), (PROVEN, "batch.json"), ("search.json", PROVEN)):
        for name in names:
            (folder.path / "BTC-USDT" / name).unlink()
        assert desk.run(ALL, Counted()) == (whole,)
    assert (desk.workspace.data / "trials.ledger").read_bytes() == before


def test_nothing_is_approved_without_its_signed_verdict(desk: Desk) -> None:
    """Rule: a proof on disk that calls a strategy approved speaks only while the signed verdict says PASS."""
    (whole,) = desk.run(ALL, Counted())
    folder = JobFolder.of(desk.workspace.data, desk.plan.request)
    assert whole.proof is not None
    refused = whole.proof.findings[0]
    assert refused.verdict_path is not None
    reports = tuple(msgspec.structs.replace(one, verdict=Verdict.PASS) for one in refused.judgement.reports)
    invented = msgspec.structs.replace(refused, judgement=msgspec.structs.replace(refused.judgement, reports=reports))
    assert invented.judgement.approved
    folder.keep(f"BTC-USDT/{PROVEN}", msgspec.structs.replace(whole.proof, findings=(invented,)))
    path = Path(refused.verdict_path)
    genuine = path.read_bytes()

    def refused_with(kind: type[Exception], words: str) -> None:
        for read in (lambda: desk.run(ALL, Counted()), lambda: tuple(folder.results())):
            with pytest.raises(kind, match=words) as caught:
                read()
            assert path.name in str(caught.value)

    refused_with(Unavailable, "its signed verdict says")
    path.write_bytes(genuine.replace(b"honest", b"strict"))
    refused_with(Corrupt, "changed after it was signed")
    path.unlink()
    refused_with(Unavailable, "no verdict")
    path.write_bytes(genuine)
    (folder.path / "BTC-USDT" / PROVEN).unlink()
    assert desk.run(ALL, Counted()) == (whole,)


def test_a_result_read_again_is_told_in_the_same_order(desk: Desk) -> None:
    """Rule: not only equal: what is counted by name comes back in the order of the first time."""
    (first,), (again,) = desk.run(ALL, Counted()), desk.run(ALL, Counted())
    assert list(first.search.missed.items()) == list(again.search.missed.items())
    assert msgspec.json.encode(first) == msgspec.json.encode(again)


def test_a_job_beside_a_writer_of_the_ledger_is_refused(desk: Desk) -> None:
    """Rule: refused before a folder is made."""
    with (
        TrialLedger(desk.workspace.data / "trials.ledger"),
        pytest.raises((Retryable, Unavailable), match="trial ledger") as caught,
    ):
        desk.run(ALL, Counted())
    assert "wait until process" in str(caught.value)
    assert "another trial ledger" not in str(caught.value)
    assert not (desk.workspace.data / "research").exists()
