"""A ledger that was being written when the power went: cut at every byte, and blocks that never reached the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.ledger.trials import START, batch, look
from tradewind.adapters.ledger.trial_ledger import TrialLedger

ACKNOWLEDGED = 2


class Written:
    """A ledger of two acknowledged batches, and the bytes of a third with the state beside them as it was then."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "trials.ledger"
        mark = self.path.with_name("trials.ledger.head")
        with TrialLedger(self.path) as ledger:
            for seed in range(1, ACKNOWLEDGED + 1):
                ledger.append(batch(20, seed), START)
            self.mark, self.start = mark.read_bytes(), self.path.stat().st_size
            self.truth = ledger.trials().sharpe.tobytes()
            ledger.append(batch(12, 9), START)
        self.whole = self.path.read_bytes()

    def found(self, data: bytes, mark: bytes | None) -> TrialLedger:
        """The ledger opened to write over ``data``, with nothing of earlier openings around."""
        for other in self.path.parent.iterdir():
            other.unlink()
        self.path.write_bytes(data)
        if mark is not None:
            self.path.with_name("trials.ledger.head").write_bytes(mark)
        return TrialLedger(self.path)

    def kept(self) -> list[Path]:
        return list(self.path.parent.glob("trials.ledger.torn-*"))


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path / "data")


def test_a_cut_at_any_byte_of_the_last_batch_loses_no_acknowledged_trial(written: Written) -> None:
    """The torn bytes are kept beside, said in words, and the next batch goes where they stood."""
    assert len(written.whole) - written.start > 400
    for cut in range(written.start, len(written.whole)):
        with written.found(written.whole[:cut], written.mark) as ledger:
            assert ledger.trials().sharpe.tobytes() == written.truth, cut
            assert ledger.head[0] == ACKNOWLEDGED
            torn = written.whole[written.start : cut]
            assert [path.read_bytes() for path in written.kept()] == ([torn] if torn else []), cut
            assert len(ledger.notes) == bool(torn)
            assert all(f"{len(torn)} bytes after entry 2" in note and "moved to" in note for note in ledger.notes)
            assert ledger.append(batch(12, 9), START).entry == 3
        with TrialLedger(written.path) as again:
            assert (again.notes, again.verify().trials) == ((), 52)


@pytest.mark.parametrize("filler", [b"\0", b"\xff", b"\nTWL"])
def test_blocks_that_never_reached_the_disk_are_a_torn_write_too(written: Written, filler: bytes) -> None:
    """The length was on disk and the data was not: garbage of full length behind what was acknowledged."""
    length = len(written.whole) - written.start
    for good in range(0, length, 7):
        tail = written.whole[written.start : written.start + good]
        data = written.whole[: written.start] + (tail + filler * length)[:length]
        if data == written.whole:
            continue
        with written.found(data, written.mark) as ledger:
            assert ledger.trials().sharpe.tobytes() == written.truth
            assert len(ledger.notes) == len(written.kept()) == 1


def test_a_whole_last_batch_that_nobody_heard_of_stays(written: Written) -> None:
    """Written and synced, then the process died before it could say so: the trial was run, so it counts."""
    with written.found(written.whole, written.mark) as ledger:
        assert (ledger.head[0], ledger.notes, ledger.verify().trials) == (3, (), 52)


def test_a_cut_in_the_first_bytes_of_a_new_ledger_starts_it_again(tmp_path: Path) -> None:
    """Nothing was acknowledged yet, so nothing can be lost."""
    path = tmp_path / "trials.ledger"
    with TrialLedger(path) as ledger:
        mark = path.with_name("trials.ledger.head").read_bytes()
        ledger.append(batch(3), START)
    whole = path.read_bytes()
    for cut in range(len(whole)):
        for other in tmp_path.iterdir():
            other.unlink()
        path.write_bytes(whole[:cut])
        if cut % 2:
            path.with_name("trials.ledger.head").write_bytes(mark)
        with TrialLedger(path) as ledger:
            assert ledger.head[0] == 0
            assert ledger.append(batch(3), START).entry == 1


def test_a_reader_beside_a_torn_tail_changes_nothing(written: Written) -> None:
    """It may be a writer in the middle of its write: what is whole is shown, the rest left where it is."""
    written.found(written.whole[: written.start], written.mark).close()
    data = written.whole[: written.start + 40]
    written.path.write_bytes(data)
    ledger = TrialLedger.read(written.path)
    assert (ledger.head[0], len(ledger.notes)) == (2, 1)
    assert "left out" in ledger.notes[0]
    assert written.path.read_bytes() == data
    assert written.kept() == []


def test_a_cut_look_is_not_a_look(tmp_path: Path) -> None:
    """Looks are durable before the window is read; one that was cut off was never answered."""
    path = tmp_path / "trials.ledger"
    with TrialLedger(path) as ledger:
        ledger.append(batch(3), START)
        mark, start = path.with_name("trials.ledger.head").read_bytes(), path.stat().st_size
        ledger.record_look([look(1), look(2)], opening="job", now=START)
    whole = path.read_bytes()
    for cut in range(start, len(whole)):
        path.write_bytes(whole[:cut])
        path.with_name("trials.ledger.head").write_bytes(mark)
        with TrialLedger(path) as ledger:
            assert (ledger.looks_of(), ledger.verify().trials) == ((), 3)
            assert not ledger.record_look([look(1)], opening="other", now=START)[0].contaminated
