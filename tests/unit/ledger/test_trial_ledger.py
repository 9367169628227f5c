"""Trials are remembered, whatever happens to databases and processes; what was changed is named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.unit.ledger.trials import FAMILIES, START, batch, hashes
from tradewind.adapters.ledger.frames import FILE_HEADER
from tradewind.adapters.ledger.trial_ledger import TrialLedger
from tradewind.errors import Corrupt, Misconfigured, Unavailable
from tradewind.model.trial import spec_text, trial_batch

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "trials.ledger"


def filled(path: Path, *seeds: int, n: int = 20) -> tuple[int, str]:
    with TrialLedger(path) as ledger:
        for seed in seeds:
            ledger.append(batch(n, seed), START + seed)
        return ledger.head


def test_what_was_appended_is_read_back_by_another_process(path: Path) -> None:
    """Every column of every trial, bit for bit, through nothing but the file."""
    with TrialLedger(path) as ledger:
        receipts = [ledger.append(batch(20, seed), START) for seed in (1, 2)]
        assert [(one.entry, one.repeated) for one in receipts] == [(1, False), (2, False)]
        assert ledger.head == (2, receipts[1].hash)
    code = (
        "import sys, pathlib; from tradewind.adapters.ledger.trial_ledger import TrialLedger\n"
        "t = TrialLedger.read(pathlib.Path(sys.argv[1])).trials()\n"
        "print(t.spec.tobytes().hex(), t.sharpe.tobytes().hex(), t.n_trades.sum(), set(t.days.tolist()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    one, two = batch(20, 1), batch(20, 2)
    spec = np.concatenate([one.spec, two.spec]).tobytes().hex()
    sharpe = np.concatenate([one.sharpe, two.sharpe]).tobytes().hex()
    trades = one.n_trades.sum() + two.n_trades.sum()
    assert done.stdout.split() == [spec, sharpe, str(trades), "{642}"]


def test_columns_name_series_families_and_entries(path: Path) -> None:
    with TrialLedger(path) as ledger:
        ledger.append(batch(6, 1), START)
        ledger.append(batch(6, 2, symbol="BTC/USDT"), START)
        found = ledger.trials()
        assert found.serieses == (("BTC/USDT", "1h"), ("EUR/USD", "1h"))
        assert [found.serieses[row][0] for row in found.series] == ["EUR/USD"] * 6 + ["BTC/USDT"] * 6
        assert [found.families[row] for row in found.family] == [FAMILIES[i % 3] for i in range(6)] * 2
        assert found.entry.tolist() == [1] * 6 + [2] * 6
        assert [spec_text(number) for number in found.spec.tolist()] == hashes(6, 1) + hashes(6, 2)
        assert len(ledger.trials(symbol="BTC/USDT")) == 6
        assert len(ledger.trials(family="RSI_Reversion")) == 4
        assert len(ledger.trials(family="Nothing")) == len(ledger.trials(timeframe="4h")) == 0


def test_an_empty_ledger_has_no_trials(path: Path) -> None:
    with TrialLedger(path) as ledger:
        assert len(ledger.trials()) == 0
        population = ledger.population()
        assert (population.distinct, population.sharpe_variance, population.mean_correlation) == (0, None, None)
        assert ledger.verify().entries == 0


def test_a_batch_costs_one_sync(path: Path) -> None:
    """80,000 trials are eight batches, so eight waits for the disk."""
    synced: list[int] = []

    def sync(file: int) -> None:
        synced.append(os.fstat(file).st_size)
        os.fsync(file)

    with TrialLedger(path, sync=sync) as ledger:
        for seed in range(8):
            ledger.append(batch(10_000, seed), START)
        assert len(synced) == 8
        assert synced[-1] == path.stat().st_size
        assert ledger.population().distinct == 80_000


def test_a_resumed_job_does_not_count_its_trials_twice(path: Path) -> None:
    """The same batch again is the same trials; one number different is another batch."""
    with TrialLedger(path) as ledger:
        first = ledger.append(batch(20, 1), START)
        assert ledger.append(batch(20, 1), START + 5) == first._replace(repeated=True)
    with TrialLedger(path) as ledger:
        assert ledger.append(batch(20, 1), START + 9) == first._replace(repeated=True)
        assert ledger.append(batch(20, 1, days=643), START).entry == 2
        assert (len(ledger.trials()), ledger.population().distinct) == (40, 20)


def test_the_population_counts_a_variant_once_a_series_with_what_it_showed_last(path: Path) -> None:
    """Variance by hand over the newest Sharpe ratios; a repeated variant is the same draw once more."""

    def one(symbol: str, ratios: list[float], *names: str, rho: float | None = None):
        return trial_batch(
            [f"{int(name, 16):016x}" for name in names], ["F"] * len(names), symbol=symbol, timeframe="1h",
            data_hash="x", start=0, end=10, n_trades=[5] * len(names), sharpe=ratios, days=10, mean_correlation=rho,
        )  # fmt: skip

    with TrialLedger(path) as ledger:
        ledger.append(one("A/B", [0.1, 0.2, np.nan], "a", "b", "c", rho=0.5), START)
        ledger.append(one("A/B", [0.4], "a", rho=0.1), START)
        ledger.append(one("C/D", [0.9], "a"), START)
        pair = ledger.population(symbol="A/B")
        assert (pair.looks, pair.distinct, pair.known) == (4, 3, 2)
        assert pair.sharpe_variance == pytest.approx(0.02)  # of 0.2 and 0.4
        assert pair.luck_variance == pytest.approx(1 / 9)  # ten days; 0.1 is the mean square of 0.2 and 0.4
        assert pair.mean_correlation == pytest.approx((3 * 0.5 + 0.1) / 4)
        assert ledger.population().distinct == 4


def test_the_ledger_outlives_the_database(path: Path) -> None:
    """Whatever lies beside it may be deleted; only its own bytes count."""
    filled(path, 1, 2)
    for other in path.parent.iterdir():
        if other != path:
            other.unlink()
    with TrialLedger(path) as ledger:
        assert ledger.population().distinct == 40


def test_a_second_writer_is_refused_and_named(path: Path) -> None:
    with TrialLedger(path):
        with pytest.raises(Unavailable, match=rf"pid {os.getpid()}.*trial ledger"):
            TrialLedger(path)
        assert TrialLedger.read(path).head[0] == 0
    TrialLedger(path).close()


def test_a_writer_whose_file_was_written_by_somebody_else_stops(path: Path) -> None:
    """The lock file was deleted, so that two were let in: the second one to write is told."""
    with TrialLedger(path) as one:
        path.with_name("trials.ledger.lock").unlink()
        with TrialLedger(path) as two:
            two.append(batch(5, 1), START)
            with pytest.raises(Unavailable, match="another process has written"):
                one.append(batch(5, 2), START)
    assert filled(path)[0] == 1


def test_a_forked_copy_of_the_writer_cannot_write(path: Path) -> None:
    with TrialLedger(path) as ledger:
        child = os.fork()
        if child == 0:
            try:
                ledger.append(batch(5, 1), START)
            except Unavailable:
                os._exit(7)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert ledger.append(batch(5, 1), START).entry == 1


def test_who_only_looks_cannot_write(path: Path) -> None:
    filled(path, 1)
    with pytest.raises(Unavailable, match="opened to read"):
        TrialLedger.read(path).append(batch(5, 2), START)
    with pytest.raises(Unavailable, match="there is no trial ledger"):
        TrialLedger.read(path.with_name("other"))


@pytest.mark.parametrize("fails", ["write", "sync"])
def test_a_full_disk_leaves_the_ledger_as_it_was(path: Path, fails: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The append raises, the file keeps its acknowledged bytes, and the next opening goes on."""

    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    filled(path, 1)
    before = path.read_bytes()
    with TrialLedger(path, sync=refuse if fails == "sync" else os.fsync) as ledger, monkeypatch.context() as patch:
        if fails == "write":
            patch.setattr(os, "pwrite", lambda file, data, at: refuse() if len(data) > 200 else len(data))
        with pytest.raises(Unavailable, match="No space left"):
            ledger.append(batch(20, 2), START)
        with pytest.raises(Unavailable, match="open the ledger again"):
            ledger.append(batch(20, 2), START)
    assert path.read_bytes() == before
    assert filled(path, 2)[0] == 2


def test_every_changed_byte_is_found_and_the_entry_named(path: Path) -> None:
    """X23: one flipped bit anywhere in three entries; the message names the entry it stands in."""
    ends = []
    with TrialLedger(path) as ledger:
        for seed in (1, 2, 3):
            ledger.append(batch(3, seed), START)
            ends.append(path.stat().st_size)
    whole = path.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        entry = 1 + sum(place >= end for end in ends)
        words = "no trial ledger" if place < len(FILE_HEADER) else f"entry {entry} is damaged"
        for opening in (TrialLedger, TrialLedger.read):
            with pytest.raises(Corrupt, match=words):
                opening(path)
        assert path.read_bytes() == damaged
    path.write_bytes(whole)
    assert filled(path)[0] == 3


def test_entries_that_were_acknowledged_and_are_gone_are_missed(path: Path) -> None:
    """Cut at the end of an entry the file is consistent in itself; the mark beside it knows better."""
    filled(path, 1, 2)
    whole = path.read_bytes()
    end = whole.rfind(b"\nTWL")
    path.write_bytes(whole[:end])
    with pytest.raises(Corrupt, match="entry 2 is missing: 2 were acknowledged, the file ends after 1"):
        TrialLedger(path)
    path.unlink()
    with pytest.raises(Corrupt, match="entry 1 is missing"):
        TrialLedger(path)
    path.write_bytes(whole[:end])
    path.with_name("trials.ledger.head").unlink()  # a person accepts the older copy
    assert filled(path)[0] == 1


def test_a_ledger_whose_whole_file_is_gone_is_lost_and_not_new(path: Path) -> None:
    """Rule: who only reads it is told of the loss as who writes it, as long as the mark beside it is there."""
    with TrialLedger(path) as ledger:
        ledger.append(batch(3), START)
    path.unlink()
    with pytest.raises(Corrupt, match="is lost: 1 entries were acknowledged"):
        TrialLedger.read(path)
    path.with_name(path.name + ".head").unlink()
    with pytest.raises(Unavailable, match="there is no trial ledger"):
        TrialLedger.read(path)


def test_another_ledger_in_its_place_is_noticed(path: Path) -> None:
    filled(path, 1)
    mark = path.with_name("trials.ledger.head").read_bytes()
    path.unlink()
    path.with_name("trials.ledger.head").unlink()
    filled(path, 2)
    path.with_name("trials.ledger.head").write_bytes(mark)
    with pytest.raises(Corrupt, match="this is another ledger"):
        TrialLedger(path)


def test_verifying_reads_the_file_again(path: Path) -> None:
    """A byte that changes under a writer's feet is found by verify, not trusted from memory."""
    with TrialLedger(path) as ledger:
        for seed in (1, 2):
            ledger.append(batch(20, seed), START)
        verified = ledger.verify()
        assert (verified.entries, verified.trials, verified.looks, verified.head) == (2, 40, 0, ledger.head[1])
        data = bytearray(path.read_bytes())
        data[200] ^= 1
        path.write_bytes(data)
        with pytest.raises(Corrupt, match="entry 1 is damaged"):
            ledger.verify()


@pytest.mark.parametrize(
    "wrong",
    [
        {"spec_hashes": []},
        {"spec_hashes": ["0" * 15]},
        {"spec_hashes": ["z" * 16]},
        {"sharpe": [float("inf")]},
        {"end": 0},
        {"n_trades": [1, 2]},
        {"families": ["A", "B"]},
    ],
)
def test_a_batch_that_makes_no_sense_is_refused(wrong: dict) -> None:
    asked: dict = {
        "spec_hashes": ["0" * 16], "families": ["A"], "symbol": "EUR/USD", "timeframe": "1h", "data_hash": "x",
        "start": 0, "end": 10, "n_trades": [1], "sharpe": [0.1], "days": 3,
    }  # fmt: skip
    assert len(trial_batch(**asked)) == 1
    with pytest.raises(Misconfigured):
        trial_batch(**asked | wrong)
