"""A series that lost its manifest or a month: it is named, never written over, never deleted, and can be put back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.candles.bars import same, walk
from tests.unit.candles.dying import dies_after
from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.sealed.recovery import UNKNOWN_ORIGIN
from tradewind.adapters.market.sealed.seals import changed_since
from tradewind.errors import Corrupt
from tradewind.model.timeframe import HOUR, Timeframe

PAIR, H1 = "EUR/USD", Timeframe.H1


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(tmp_path / "candles")


def _series(store: CandleStore) -> Path:
    return store.folder / "EUR-USD" / "1h"


def _cut(path: Path) -> None:
    """Truncates a file and gives it its old time back, as a copy of a failing disk does."""
    status = path.stat()
    path.write_bytes(path.read_bytes()[:100])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_sealed_files_without_a_manifest_are_damage_and_nothing_is_written_over_them(store: CandleStore) -> None:
    """A lost manifest is no empty store: reading, writing and listing say so, and every sealed file stays."""
    store.write(PAIR, H1, walk(2000, step=HOUR), "test")
    (_series(store) / "manifest.json").unlink()
    before = sorted(path.name for path in _series(store).iterdir())
    assert store.datasets() == ()
    assert [fault.where for fault in store.unreadable()] == [str(_series(store) / "manifest.json")]
    with pytest.raises(Corrupt, match=r"manifest is missing, 5 sealed files .*data verify --repair"):
        store.read(PAIR, H1)
    with pytest.raises(Corrupt, match="manifest is missing"):
        store.write(PAIR, H1, walk(24, step=HOUR, start=0), "test")
    assert sorted(path.name for path in _series(store).iterdir()) == before


def test_a_lost_manifest_comes_back_as_it_was(store: CandleStore) -> None:
    """From the copy beside it: sources, conventions and hash are those from before."""
    bars = walk(2000, step=HOUR)
    dataset = store.write(PAIR, H1, bars, "venue", convention="stamped at the open")
    for spoil in (Path.unlink, lambda path: path.write_text("{")):
        spoil(_series(store) / "manifest.json")
        assert "copy" in store.recover(PAIR, H1, "bid")
        assert store.dataset(PAIR, H1) == dataset
        assert same(store.read(PAIR, H1), bars)


def test_without_the_copy_the_bars_come_back_and_their_origin_is_not_made_up(store: CandleStore) -> None:
    """The monthly files give every bar back; whether a market was SIMULATED they do not say, so it counts as that."""
    bars = walk(2000, step=HOUR)
    dataset = store.write(PAIR, H1, bars, "venue")
    for name in ("manifest.json", "manifest.copy.json"):
        (_series(store) / name).unlink()
    assert "origin of the bars is not known" in store.recover(PAIR, H1, "bid")
    found = store.dataset(PAIR, H1)
    assert (found.hash, found.sources, found.simulated) == (dataset.hash, (UNKNOWN_ORIGIN,), True)
    assert same(store.read(PAIR, H1), bars)
    assert store.damage(PAIR, H1) == ()


def test_a_manifest_that_is_damaged_is_not_rebuilt_over_a_month_that_is_too(store: CandleStore) -> None:
    """A monthly file nobody can read stops the rebuilding, names the file and changes nothing."""
    store.write(PAIR, H1, walk(2000, step=HOUR), "venue")
    (_series(store) / "manifest.json").unlink()
    month = min(_series(store).glob("*.parquet"))
    _cut(month)
    with pytest.raises(Corrupt, match=month.name):
        store.recover(PAIR, H1, "bid")
    assert not (_series(store) / "manifest.json").exists()


def test_sealed_files_that_no_manifest_names_go_into_the_trash(store: CandleStore) -> None:
    """An older manifest put back by hand names fewer months; the next write keeps the others where people find them."""
    store.write(PAIR, H1, walk(500, step=HOUR), "test")
    older = (_series(store) / "manifest.json").read_bytes()
    kept = {path.name: path.read_bytes() for path in _series(store).iterdir()}
    store.write(PAIR, H1, walk(2000, step=HOUR), "test")
    months = {path.name: path.read_bytes() for path in _series(store).glob("*.parquet")}
    for name, content in kept.items():
        (_series(store) / name).write_bytes(content)
    (_series(store) / "manifest.json").write_bytes(older)
    store.write(PAIR, H1, walk(501, step=HOUR), "test")
    there = {path.name: path.read_bytes() for path in store.folder.rglob("*.parquet")}
    assert months.items() <= there.items()
    assert any(".trash" in path.parts for path in store.folder.rglob("*.parquet"))


@pytest.mark.parametrize("boundary", range(12))
def test_an_interrupted_first_import_is_no_damage(store: CandleStore, boundary: int) -> None:
    """Dying before the n-th rename or sync of a first write leaves nothing stored or all; the next write works."""
    bars = walk(2000, step=HOUR)
    with dies_after(boundary):
        store.write(PAIR, H1, bars, "test")
    assert store.unreadable() == ()
    store.write(PAIR, H1, bars, "test")
    assert same(store.read(PAIR, H1), bars)
    assert not list(store.folder.rglob("*.writing"))


def test_a_cut_or_missing_month_is_seen_without_reading_the_bars(store: CandleStore) -> None:
    """The size in the manifest tells a cut file even where its time was kept."""
    dataset = store.write(PAIR, H1, walk(2000, step=HOUR), "test")
    assert changed_since(_series(store), dataset) == []
    first, second = sorted(_series(store).glob("*.parquet"))[:2]
    _cut(first)
    second.unlink()
    assert [Path(fault.where).name for fault in changed_since(_series(store), dataset)] == [first.name, second.name]


def test_a_damaged_month_is_written_again_from_the_mapped_columns(store: CandleStore) -> None:
    """Each of the two copies repairs the other; when both are bad nothing is claimed."""
    bars = walk(2000, step=HOUR)
    dataset = store.write(PAIR, H1, bars, "venue", convention="stamped at the open")
    first, second = sorted(_series(store).glob("*.parquet"))[:2]
    _cut(first)
    second.unlink()
    store.repair(PAIR, H1)
    assert (store.damage(PAIR, H1), store.dataset(PAIR, H1)) == ((), dataset)
    mapped = next(_series(store).glob("*.bin"))
    content = bytearray(mapped.read_bytes())
    content[5000] ^= 1
    mapped.write_bytes(content)
    _cut(first)
    with pytest.raises(Corrupt, match=first.name):
        store.repair(PAIR, H1)
