"""History on disk: what was written is read back, or the error says which file and what next."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.unit.candles.bars import START, rows, same, walk
from tests.unit.candles.dying import dies_after
from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.sealed.durable import one_writer
from tradewind.app.bar_files import ImportOptions, import_file
from tradewind.errors import Corrupt, Misconfigured, Retryable, Unavailable
from tradewind.model.timeframe import DAY, MINUTE, Timeframe

PAIR, M1 = "EUR/USD", Timeframe.M1


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(tmp_path / "candles")


def test_what_is_written_is_read_back_bit_for_bit(store: CandleStore) -> None:
    """Rows, columns and NaN spreads survive the round trip across month borders."""
    bars = walk(6000)
    dataset = store.write(PAIR, M1, bars, "test")
    assert same(store.read(PAIR, M1), bars)
    assert (dataset.rows, dataset.ts_first, dataset.ts_last) == (6000, bars.ts_open[0], bars.ts_close[-1])
    assert [part.month for part in dataset.partitions] == ["2024-01", "2024-02", "2024-03"][: len(dataset.partitions)]
    assert len(dataset.partitions) == 2


def test_a_range_is_half_open_by_bar_open(store: CandleStore) -> None:
    """start <= ts_open < end; an empty range is empty, not an error."""
    store.write(PAIR, M1, walk(100), "test")
    part = store.read(PAIR, M1, START + 10 * MINUTE, START + 20 * MINUTE)
    assert part.ts_open[0] == START + 10 * MINUTE
    assert len(part.ts_open) == 10
    assert len(store.read(PAIR, M1, START + DAY).ts_open) == 0
    assert len(store.read(PAIR, M1, START + DAY, START).ts_open) == 0


def test_reading_needs_no_frame_library(store: CandleStore) -> None:
    """The service reads mapped columns; polars stays out of its process."""
    store.write(PAIR, M1, walk(100), "test")
    code = (
        "import sys; from pathlib import Path; from tradewind.adapters.market.candle_store import CandleStore;"
        "from tradewind.model.timeframe import Timeframe;"
        f"n=len(CandleStore(Path({str(store.folder)!r})).read({PAIR!r}, Timeframe.M1).ts_open);"
        "print(n, 'polars' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_environment())
    assert done.stdout.split() == ["100", "False"]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}


def test_the_hash_depends_on_the_bars_and_not_on_the_way_they_came(tmp_path: Path) -> None:
    """The same bars in one write or in three, from one source or two, have one hash; one changed price has another."""
    bars = walk(3000)
    whole = CandleStore(tmp_path / "a").write(PAIR, M1, bars, "one")
    parts = CandleStore(tmp_path / "b")
    for chunk in (bars.slice(1500, 3000), bars.slice(0, 1600), bars.slice(100, 200)):
        last = parts.write(PAIR, M1, chunk, "two")
    assert last.hash == whole.hash
    changed = rows(bars, slice(None))
    changed.volume[7] += 1
    assert CandleStore(tmp_path / "c").write(PAIR, M1, changed, "one").hash != whole.hash


def test_conflicting_bars_are_refused_by_default_and_named(store: CandleStore) -> None:
    """Two versions of a bar are never chosen between silently; the message lists the first ones and the ways out."""
    bars = walk(50)
    store.write(PAIR, M1, bars, "first")
    other = rows(bars, slice(40, 50))
    other.volume[3] += 5
    before = store.dataset(PAIR, M1)
    with pytest.raises(Misconfigured, match=r"1 bars differ.*2024-01-30 00:43Z \(volume .* stored, .* new\).*replace"):
        store.write(PAIR, M1, other, "second")
    assert store.dataset(PAIR, M1) == before
    assert same(store.read(PAIR, M1), bars)

    kept = store.write(PAIR, M1, other, "second", on_conflict="keep")
    assert kept.hash == before.hash
    replaced = store.write(PAIR, M1, other, "second", on_conflict="replace")
    assert store.read(PAIR, M1).volume[43] == other.volume[3]
    assert [(s.source, s.rows) for s in replaced.segments] == [("first", 43), ("second", 1), ("first", 6)]
    with pytest.raises(Misconfigured, match="unknown conflict policy 'maybe'"):
        store.write(PAIR, M1, other, "second", on_conflict="maybe")


def test_a_bar_with_a_known_spread_agrees_with_the_same_bar_without(store: CandleStore) -> None:
    """An unknown spread is no conflict; the known one is kept whichever came first."""
    store.write(PAIR, M1, walk(10, spread=np.nan), "plain")
    store.write(PAIR, M1, walk(10, spread=0.5), "wide")
    store.write(PAIR, M1, walk(10, spread=np.nan), "plain")
    assert (store.read(PAIR, M1).spread == 0.5).all()


def test_every_bar_knows_its_source(store: CandleStore) -> None:
    """Fail-over by bar leaves run-length segments; a later read tells which provider a bar came from."""
    bars = walk(30)
    names = ["a"] * 10 + ["b"] * 5 + ["a"] * 15
    dataset = store.write(PAIR, M1, bars, names, convention="UTC, stamped at the open")
    assert [(s.source, s.rows) for s in dataset.segments] == [("a", 10), ("b", 5), ("a", 15)]
    assert dataset.source_at(int(bars.ts_open[12])) == "b"
    assert dataset.sources == ("a", "b")
    assert dataset.conventions == {"a": "UTC, stamped at the open", "b": "UTC, stamped at the open"}
    filled = store.write(PAIR, M1, walk(4, start=int(bars.ts_close[-1])), "fill", synthetic="outage")
    assert filled.synthetic_rows == 4


def test_unsound_bars_are_never_stored(store: CandleStore) -> None:
    """Each fault is named with the bar it is in, and nothing is stored."""
    cases = {
        "opens before its predecessor closes": ("ts_open", 5, START + 3 * MINUTE),
        "not positive": ("low", 5, -1.0),
        "outside its range": ("open", 5, 200.0),
        "non-finite volume": ("volume", 5, np.nan),
        "infinite spread": ("spread", 5, np.inf),
    }
    for message, (column, row, value) in cases.items():
        bars = walk(20)
        getattr(bars, column)[row] = value
        with pytest.raises(Corrupt, match=f"bar 6 of 20 at 2024-01-30 00:0.Z .*{message}.*nothing was stored"):
            store.write(PAIR, M1, bars, "test")
    with pytest.raises(Misconfigured, match="no bars to store"):
        store.write(PAIR, M1, walk(0), "test")
    assert store.datasets() == ()


def test_a_name_that_is_no_symbol_never_becomes_a_path(store: CandleStore) -> None:
    """The symbol is checked before it is a folder name."""
    for name in ("../../etc/passwd", "EURUSD", "eur/usd", "EUR/USD/..", ""):
        with pytest.raises(Misconfigured, match="is not a symbol"):
            store.write(name, M1, walk(3), "test")


def test_one_kind_of_price_to_a_series(store: CandleStore) -> None:
    """Bid and mid bars are not mixed."""
    store.write(PAIR, M1, walk(3), "test", price_kind="bid")
    with pytest.raises(Misconfigured, match="stored bars are bid prices, the new ones mid"):
        store.write(PAIR, M1, walk(3), "test", price_kind="mid")


def test_a_missing_or_damaged_mapped_file_is_rebuilt(store: CandleStore) -> None:
    """The Parquet partitions are the truth; the mapped file is a cache that heals itself."""
    bars = walk(5000)
    dataset = store.write(PAIR, M1, bars, "test")
    path = next(store.folder.rglob("columns.*.bin"))
    good = path.read_bytes()
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 0xFF
    for bad in (b"", good[:-8], good[:100], b"X" * len(good), bytes(flipped)):
        path.write_bytes(bad)
        assert same(store.read(PAIR, M1), bars)
        assert path.read_bytes() != bad
        assert store.damage(PAIR, M1) == ()
    path.unlink()
    assert same(store.read(PAIR, M1), bars)
    assert store.dataset(PAIR, M1) == dataset


def test_a_copied_mapped_file_is_compared_once_and_then_trusted(store: CandleStore) -> None:
    """A backup restored with another modification time is used as it is, without a rebuild."""
    bars = walk(100)
    store.write(PAIR, M1, bars, "test")
    path = next(store.folder.rglob("columns.*.bin"))
    recorded, inode = path.stat().st_mtime_ns, path.stat().st_ino
    os.utime(path, ns=(1, 1))
    assert same(store.read(PAIR, M1), bars)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (recorded, inode)


def test_bit_rot_is_found_by_the_full_check_and_names_the_file(store: CandleStore) -> None:
    """A flipped bit that leaves size and time alone is found by the full check; partitions say how to recover."""
    store.write(PAIR, M1, walk(100), "test")
    for pattern, message in (("columns.*.bin", "mapped columns are damaged.*--repair"), ("*.parquet", "was changed")):
        path = next(store.folder.rglob(pattern))
        status, content = path.stat(), bytearray(path.read_bytes())
        content[-20] ^= 0x01
        path.write_bytes(content)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        found = store.damage(PAIR, M1)
        assert len(found) == 1
        assert path.name in str(found[0])
        with pytest.raises(Corrupt, match=message):
            raise found[0]
        content[-20] ^= 0x01
        path.write_bytes(content)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    path = next(store.folder.rglob("*.parquet"))
    path.unlink()
    next(store.folder.rglob("columns.*.bin")).unlink()
    with pytest.raises(Corrupt, match=r"2024-01\..*parquet: the partition is missing.*import it again"):
        store.read(PAIR, M1)


def test_a_damaged_manifest_is_named(store: CandleStore) -> None:
    """Cut JSON and edited hashes are refused before any bar is used."""
    store.write(PAIR, M1, walk(100), "test")
    path = next(store.folder.rglob("manifest.json"))
    good = path.read_text()
    for bad in (good[: len(good) // 2], "", "[]", good.replace('"price_kind": "bid"', '"price_kind": "mid"')):
        path.write_text(bad)
        with pytest.raises(Corrupt, match=r"manifest\.json.*Next"):
            store.read(PAIR, M1)


def test_a_second_writer_is_told_who_writes(store: CandleStore) -> None:
    """One writer at a time; readers are never blocked."""
    store.write(PAIR, M1, walk(10), "test")
    with one_writer(store.folder / ".lock"):
        assert len(store.read(PAIR, M1).ts_open) == 10
        with pytest.raises(Retryable, match=rf"pid {os.getpid()}\) is writing"):
            store.write(PAIR, M1, walk(20), "test")
    store.write(PAIR, M1, walk(20), "test")


def test_a_reader_keeps_its_bars_while_a_writer_replaces_them(store: CandleStore) -> None:
    """Mapped views stay valid after the files of the old state are gone, and never change under the reader."""
    bars = walk(100)
    store.write(PAIR, M1, bars, "test")
    before = store.read(PAIR, M1)
    store.write(PAIR, M1, walk(300), "test", on_conflict="replace")
    assert same(before, bars)
    assert len(list(store.folder.rglob("columns.*.bin"))) == 1


def test_writing_into_the_views_never_reaches_the_file(store: CandleStore) -> None:
    """A kernel that scribbles on its input harms itself only."""
    bars = walk(100)
    store.write(PAIR, M1, bars, "test")
    store.read(PAIR, M1).close[:] = 0.0
    assert same(store.read(PAIR, M1), bars)
    assert store.damage(PAIR, M1) == ()


@pytest.mark.parametrize("boundary", range(12))
def test_a_crash_at_any_file_operation_leaves_the_old_state_or_the_new(store: CandleStore, boundary: int) -> None:
    """Dying before the n-th rename or folder sync never leaves anything between old and new; the next write works."""
    old, new = walk(3000), walk(9000)
    store.write(PAIR, M1, old, "test")
    with dies_after(boundary):
        store.write(PAIR, M1, new, "test", on_conflict="replace")
    assert any(same(store.read(PAIR, M1), state) for state in (old, new))
    assert store.damage(PAIR, M1) == ()
    store.write(PAIR, M1, new, "test", on_conflict="replace")
    assert same(store.read(PAIR, M1), new)
    assert not list(store.folder.rglob("*.writing"))


def test_a_full_disk_is_said_and_changes_nothing(store: CandleStore) -> None:
    """A write that the system refuses half-way (here by a file size limit) keeps the old state and says what to do."""
    bars = walk(1000)
    store.write(PAIR, M1, bars, "test")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    try:
        with pytest.raises(Unavailable, match=r"cannot write.*nothing was changed.*free disk space"):
            store.write(PAIR, M1, walk(60000), "test", on_conflict="replace")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert same(store.read(PAIR, M1), bars)


def test_an_absent_series_is_answered_with_what_there_is(store: CandleStore) -> None:
    """The message names the stored series and the command that adds one."""
    store.write(PAIR, M1, walk(10), "test")
    with pytest.raises(Unavailable, match=r"no 1h bars of GBP/USD.*EUR/USD 1m.*data import FILE --symbol GBP/USD"):
        store.read("GBP/USD", Timeframe.H1)


def test_a_dropped_series_can_be_restored(store: CandleStore) -> None:
    """Dropping moves into the trash; restoring brings back the last one and never overwrites."""
    bars = walk(10)
    store.write(PAIR, M1, bars, "test")
    store.drop(PAIR, M1)
    assert store.datasets() == ()
    store.write(PAIR, M1, walk(20), "test")
    with pytest.raises(Misconfigured, match="are stored already"):
        store.restore(PAIR, M1)
    store.drop(PAIR, M1)
    assert store.restore(PAIR, M1).rows == 20
    store.drop(PAIR, M1)
    store.restore(PAIR, M1)
    assert len(store.read(PAIR, M1).ts_open) == 20
    with pytest.raises(Unavailable, match="no dropped 1h bars"):
        store.restore(PAIR, Timeframe.H1)


def test_other_tools_can_read_the_partitions(store: CandleStore) -> None:
    """Plain Parquet with a UTC time column, one month to a file."""
    import polars as pl

    bars = walk(100)
    store.write(PAIR, M1, bars, "test")
    frame = pl.read_parquet(next(store.folder.rglob("*.parquet")))
    assert frame.columns == ["time", "time_close", "open", "high", "low", "close", "volume", "spread"]
    assert frame.schema["time"] == pl.Datetime("ns", "UTC")
    assert frame["close"].to_list() == bars.close.tolist()


def test_readers_beside_a_writer_see_one_state_or_the_next(store: CandleStore) -> None:
    """Every read during a row of rewrites in another process is one whole state; none fails."""
    states = [walk(3000, seed=seed) for seed in (1, 2)]
    store.write(PAIR, M1, states[0], "test")
    code = (
        "import sys; from pathlib import Path; from tests.unit.candles.bars import walk;"
        "from tradewind.adapters.market.candle_store import CandleStore;"
        "from tradewind.model.timeframe import Timeframe; store = CandleStore(Path(sys.argv[1]));"
        "[store.write('EUR/USD', Timeframe.M1, walk(3000, seed=1 + i % 2), 'test', on_conflict='replace')"
        " for i in range(1, 40)]"
    )
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"}
    writer = subprocess.Popen([sys.executable, "-c", code, str(store.folder)], env=environment)
    seen = set()
    while writer.poll() is None:
        columns = store.read(PAIR, M1)
        seen.add(next(i for i, state in enumerate(states) if same(columns, state)))
    assert writer.returncode == 0
    assert seen == {0, 1}


def test_a_monthly_file_of_simulated_bars_says_so_wherever_it_is_taken(store: CandleStore, tmp_path: Path) -> None:
    """Rule: a partition carries the SIMULATED label itself, and imported elsewhere its bars keep it."""
    store.write(PAIR, M1, walk(6000), "SIMULATED market")
    elsewhere = CandleStore(tmp_path / "other")
    folder = store.folder / "EUR-USD" / "1m"
    for file in sorted(folder.glob("*.parquet")):
        done = import_file(elsewhere, file, ImportOptions(symbol=PAIR, interval=M1), START + 400 * DAY)
        assert any("SIMULATED" in note for note in done.notes)
    copied = elsewhere.dataset(PAIR, M1)
    assert copied.simulated
    assert all("SIMULATED" in segment.synthetic for segment in copied.segments)
    assert copied.rows == 6000


def test_months_without_simulated_bars_carry_no_label(store: CandleStore, tmp_path: Path) -> None:
    """Rule: the label is the month's own: received bars beside simulated ones have none."""
    bars = walk(80000)
    store.write(PAIR, M1, bars.slice(0, 40000), "SIMULATED market")
    store.write(PAIR, M1, bars.slice(40000, 80000), "venue")
    folder = store.folder / "EUR-USD" / "1m"
    said = [
        pl.read_parquet_metadata(folder / each.file).get("tradewind.bars")
        for each in store.dataset(PAIR, M1).partitions
    ]
    assert said[0] == "SIMULATED"
    assert said[-1] is None
    elsewhere = CandleStore(tmp_path / "other")
    last = folder / store.dataset(PAIR, M1).partitions[-1].file
    assert not import_file(
        elsewhere, last, ImportOptions(symbol=PAIR, interval=M1), START + 400 * DAY
    ).dataset.simulated
