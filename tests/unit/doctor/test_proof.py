"""The doctor looks at what a proof rests on: the key, the verdicts, the trial ledger."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.proofs import prove
from tests.unit.ledger.trials import START, batch
from tradewind.adapters.ledger.trial_ledger import TrialLedger
from tradewind.app.config import load_config
from tradewind.app.doctor.finding import State
from tradewind.app.doctor.proof import look_at_proof
from tradewind.app.strategy_pool import ledger_path
from tradewind.model.timeframe import Timeframe
from tradewind.strategies import default_members

MEMBERS = default_members([Timeframe.H1])[:2]
CONFIG = load_config(environment={})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two verdicts, signed with the key that is there, and a ledger of two entries."""
    prove(tmp_path, MEMBERS, "EUR/USD")
    with TrialLedger(ledger_path(CONFIG, tmp_path)) as ledger:
        for seed in (1, 2):
            ledger.append(batch(seed=seed), START)
    return tmp_path


def failed(folder: Path) -> dict[str, str]:
    findings = look_at_proof(CONFIG, folder / "data", folder)
    return {one.name: one.detail for one in findings if one.state is State.FAIL}


def test_a_whole_project_and_an_empty_one_are_sound(project: Path, tmp_path: Path) -> None:
    """Rule: what was never begun is no fault."""
    assert failed(project) == {}
    details = [one.detail for one in look_at_proof(CONFIG, project / "data", project)]
    assert details == ["there and private", "2 signed with this key", "2 entries, all hashes hold"]
    assert failed(tmp_path / "elsewhere") == {}
    assert not (tmp_path / "elsewhere").exists()


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("harm", "name", "said"),
    [
        (lambda data: (data / "verdict.key").chmod(0o666), "verdict key", "permissions 0666"),
        (lambda data: (data / "verdict.key").unlink(), "verdict key", "is missing"),
        (lambda data: (data / "verdict.key").write_text("00" * 32 + "\n"), "verdicts", "signed with the key"),
        (lambda data: flip(next((data / "verdicts").iterdir()), 40), "verdicts", ""),
        (lambda data: flip(data / "trials.ledger", -9), "trial ledger", ""),
        (lambda data: (data / "trials.ledger").unlink(), "trial ledger", "the trial ledger is lost"),
    ],
)
def test_each_harm_is_named(project: Path, harm: Callable[[Path], object], name: str, said: str) -> None:
    """Rule: a key that others read, verdicts nobody can check and a ledger that forgot are found before a run."""
    harm(project / "data")
    found = failed(project)
    assert name in found
    assert said in found[name]
