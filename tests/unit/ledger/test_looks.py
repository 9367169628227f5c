"""X04: a sealed window counts once; who comes back to it is told so for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.ledger.trials import START, look
from tradewind.adapters.ledger.trial_ledger import TrialLedger
from tradewind.errors import Misconfigured
from tradewind.model.trial import Look


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trials.ledger"


def stamps(path: Path, opening: str, *looks: Look) -> list[bool]:
    with TrialLedger(path) as ledger:
        return [one.contaminated for one in ledger.record_look(looks, opening=opening, now=START)]


def test_all_candidates_of_one_opening_are_one_read(path: Path) -> None:
    """Within one job the number of looks is corrected for; the window is opened once."""
    assert stamps(path, "job-1", look(1), look(2), look(3, family="RSI_Reversion")) == [False] * 3
    with TrialLedger(path) as ledger:
        assert ledger.head[0] == 1
        assert [one.look.spec_hash for one in ledger.looks_of(family="EMA_Crossover")] == [f"{n:016x}" for n in (1, 2)]


def test_a_second_read_of_the_same_window_by_the_same_family_is_contaminated(path: Path) -> None:
    """Another strategy of the family, or the same one again: the family has seen that window."""
    assert stamps(path, "job-1", look(1)) == [False]
    assert stamps(path, "job-2", look(2), look(3, family="RSI_Reversion")) == [True, False]
    with TrialLedger(path) as ledger:
        (found,) = ledger.record_look([look(1)], opening="job-3", now=START)
        assert found.contaminated
        assert "EMA_Crossover read EUR/USD 1h of this window before: entry 1" in found.reason
        assert [one.contaminated for one in ledger.looks_of()] == [False, True, False, True]


@pytest.mark.parametrize(
    ("second", "contaminated"),
    [
        (look(2, first=1119), True),  # one day is shared
        (look(2, first=1120), False),  # begins where the first one ends
        (look(2, first=700, days=200), False),
        (look(2, first=700, days=201), True),
        (look(2, data_hash="e" * 64), True),  # other bytes of the same months are the same months
        (look(2, symbol="GBP/USD"), False),
        (look(2, timeframe="4h"), False),
    ],
)
def test_any_part_of_the_window_counts(path: Path, second: Look, contaminated: bool) -> None:
    assert stamps(path, "job-1", look(1)) == [False]
    assert stamps(path, "job-2", second) == [contaminated]


def test_a_resumed_opening_gets_the_answers_it_got_before(path: Path) -> None:
    """A job killed after its look goes on with the same stamps, and nothing is written twice."""
    assert stamps(path, "job-1", look(1)) == [False]
    assert stamps(path, "job-2", look(2)) == [True]
    assert stamps(path, "job-1", look(1)) == [False]
    assert stamps(path, "job-2", look(2)) == [True]
    assert stamps(path, "job-1", look(1), look(5)) == [False, True]  # job-2 had looked before candidate 5 did
    with TrialLedger(path) as ledger:
        assert ledger.verify().looks == 3


def test_many_looks_are_one_entry_a_window(path: Path) -> None:
    with TrialLedger(path) as ledger:
        looks = [look(n, symbol=symbol) for symbol in ("EUR/USD", "GBP/USD") for n in range(1000)]
        assert len(ledger.record_look(looks, opening="job", now=START)) == 2000
        assert (ledger.head[0], ledger.verify().looks) == (2, 2000)
        assert len(ledger.looks_of(symbol="GBP/USD")) == 1000


def test_a_look_without_a_name_or_window_is_refused(path: Path) -> None:
    with TrialLedger(path) as ledger:
        for looks, opening in (([], "job"), ([look(1)], ""), ([look(1, days=0)], "job")):
            with pytest.raises(Misconfigured):
                ledger.record_look(looks, opening=opening, now=START)
        assert ledger.head[0] == 0
