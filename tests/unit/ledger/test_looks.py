"""X04: a sealed window counts once; who comes back to it is told so for ever."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.unit.ledger.trials import START, look
from tradewind.adapters.ledger.frames import LOOKS
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


CHANNEL = ("close, donchian.lower", "close, donchian.upper")
MARKS = (11, 12, 13, 14)
ENTRIES = tuple(range(1_000, 1_064))


def twin(**changed: object) -> Look:
    """A look of another name on the window of ``look(1)``."""
    return msgspec.structs.replace(look(2, family="Mine"), **changed)


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (twin(rule=CHANNEL), "EMA_Crossover, whose rule compares what Mine compares (close, donchian.lower; close,"),
        (twin(rule=(*CHANNEL, "rsi")), "whose rule compares"),  # with something added
        (twin(rule=CHANNEL[:1]), "whose rule compares"),  # with something left out
        (twin(rule=("close, ema", "close, donchian.upper")), ""),  # one comparison in common makes no twin
        (twin(rule=("roc",), entries=ENTRIES), "which trades as Mine does (64 of 64 entries)"),
        (twin(entries=tuple(range(1_000, 1_021)) + tuple(range(1_021, 1_064, 2))), "which trades as"),  # 43 of 64
        (twin(entries=tuple(range(1_001, 1_064, 2))), ""),  # 32 of 63
        (twin(entries=ENTRIES[:10]), ""),  # too few to tell
        (twin(rule=CHANNEL, symbol="USD/CHF"), ""),  # another market
        (twin(rule=CHANNEL, symbol="USD/CHF", bars=(9, 13)), "read EUR/USD 1h, whose bars are those of USD/CHF,"),
        (twin(entries=ENTRIES, symbol="USD/CHF", bars=(9, 13)), "whose bars are those of USD/CHF,"),
        (twin(rule=CHANNEL, symbol="USD/CHF", bars=(9, 13), timeframe="4h"), ""),
    ],
)
def test_another_name_does_not_make_a_window_new_again(path: Path, second: Look, said: str) -> None:
    """Rule: the same rule, the same rule and more, the same trades, the same bars as another pair were read before."""
    first = msgspec.structs.replace(look(1), rule=CHANNEL, bars=MARKS, entries=ENTRIES)
    assert stamps(path, "job-1", first) == [False]
    with TrialLedger(path) as ledger:
        (found,) = ledger.record_look([second], opening="job-2", now=START)
    assert found.contaminated == bool(said)
    assert said in found.reason
    with TrialLedger(path) as ledger:  # as they were, by what they are known again by, too
        assert [one.look for one in ledger.looks_of()] == [first, second]
        assert [one.contaminated for one in ledger.looks_of()] == [False, bool(said)]


def test_looks_of_an_earlier_version_are_read_and_count(path: Path) -> None:
    """Rule: the ledger is append-only; an entry without marks contaminates by the family's name as it did."""
    one = look(1)
    old = [
        "job-1", one.symbol, one.timeframe, one.data_hash, one.start, one.end, [[int(one.spec_hash, 16), one.family]],
    ]  # fmt: skip
    with TrialLedger(path) as ledger:
        ledger._write(LOOKS, START, msgspec.msgpack.encode(old))
    assert stamps(path, "job-1", msgspec.structs.replace(one, rule=CHANNEL)) == [False]  # resumed: not a second read
    assert stamps(path, "job-2", msgspec.structs.replace(look(3), rule=CHANNEL), twin(rule=CHANNEL)) == [True, False]
    with TrialLedger(path) as ledger:
        assert ledger.looks_of()[0].look == one
        assert ledger.verify().looks == 3
