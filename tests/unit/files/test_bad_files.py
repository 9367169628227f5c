"""Bad input gets a clear error and nothing is lost: each test reads the message a person would read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.shared_data import shared
from tests.unit.files.samples import ROWS, csv, request
from tests.unit.files.test_importers import read
from tradewind.adapters.market.files.reader import read_bars
from tradewind.errors import Corrupt, Misconfigured, Unavailable
from tradewind.model.timeframe import Timeframe


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    """The path and the system's reason."""
    with pytest.raises(Unavailable, match=r"none\.csv: the file cannot be opened: No such file"):
        read_bars(tmp_path / "none.csv", request())


@pytest.mark.parametrize("data", [b"", b"\n\n", b"   "])
def test_an_empty_file_is_called_empty(tmp_path: Path, data: bytes) -> None:
    """Nothing in it, nothing stored."""
    with pytest.raises(Corrupt, match="it is empty"):
        read(tmp_path, data)
    with pytest.raises(Corrupt, match="it is empty"):
        read(tmp_path, data, format_name="csv")


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    """A header without data is said to be so."""
    with pytest.raises(Corrupt, match="it has no rows"):
        read(tmp_path, b"time,open,high,low,close,volume\n")


def test_missing_columns_are_listed_beside_those_found(tmp_path: Path) -> None:
    """Which are missing, which are there, which are possible."""
    with pytest.raises(
        Misconfigured, match=r"no column for high, low among 'time', 'open', 'close'.*rename the columns"
    ):
        read(tmp_path, b"time,open,close,x,y,z\n2024-01-10,1,1,1,1,1\n")


def test_a_truncated_text_file_names_the_cut_line(tmp_path: Path) -> None:
    """The cut line is a bad row; --skip-bad stores the rest and says so."""
    cut = csv()[:-20]
    with pytest.raises(
        Corrupt, match=r"1 bad row \(line 5: the file is cut off in this line \(3 fields, 6 expected\)\)"
    ):
        read(tmp_path, cut)
    intake = read(tmp_path, cut, skip_bad=True)
    assert len(intake.columns.ts_open) == 3
    whole = read(tmp_path, csv()[:-1])
    assert any("line 5 may be cut off" in note for note in whole.notes)


@pytest.mark.parametrize("cut", [0.05, 0.5, 0.99])
def test_a_truncated_or_damaged_parquet_file_is_refused(tmp_path: Path, cut: float) -> None:
    """Cut anywhere, or with its end overwritten, it is named unreadable."""
    data = shared("data/bars/DOGEUSDT-1h.parquet").read_bytes()
    with pytest.raises(Corrupt, match=r"bars\.parquet: this is not a readable Parquet file .*nothing was stored"):
        read(tmp_path, data[: int(len(data) * cut)], "bars.parquet")
    with pytest.raises(Corrupt, match="not a readable Parquet file"):
        read(tmp_path, data[:-300] + bytes(300), "bars.parquet")


def _bad(row: int, column: int, value: float) -> bytes:
    rows = [list(each) for each in ROWS]
    rows[row][column] = value
    return csv(rows=tuple(tuple(each) for each in rows))


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        (1, 0, 0.0, r"open is not above zero \(0\)"),
        (1, 2, -1.0, r"low is not above zero \(-1\)"),
        (1, 3, np.nan, "close is no finite number"),
        (1, 1, 1e300, r"high is no price: it is above 1e\+07 \(1e\+300\)"),
        (1, 2, 1e-310, r"low is below the instrument's smallest step 1e-05 \(1e-310\)"),
        (1, 1, np.inf, "high is no finite number"),
        (1, 1, 1.0, "low is above high"),
        (1, 0, 1.2, "open is outside low to high"),
        (1, 3, 1.2, "close is outside low to high"),
        (1, 4, -5.0, r"volume is negative \(-5\)"),
        (1, 4, np.nan, "volume is no finite number"),
    ],
)
def test_each_bad_value_is_named_with_its_line(
    tmp_path: Path, row: int, column: int, value: float, reason: str
) -> None:
    """The file is refused by default; --skip-bad keeps the three sound rows."""
    data = _bad(row, column, value)
    with pytest.raises(
        Corrupt, match=rf"1 bad row \(line 3: {reason}\); nothing was stored.*the 3 sound rows with --skip"
    ):
        read(tmp_path, data)
    intake = read(tmp_path, data, skip_bad=True)
    assert len(intake.columns.ts_open) == 3
    assert [bad.line for bad in intake.bad] == [3]


def test_unreadable_cells_are_named(tmp_path: Path) -> None:
    """Words where numbers or times should be."""
    data = csv().replace(b"1.0965,1.0966", b"n/a,1.0966").replace(b"2024-01-10T09", b"2024-02-31T09")
    with pytest.raises(Corrupt, match=r"line 3: the time cannot be read; line 4: open is no finite number"):
        read(tmp_path, data)


def test_many_bad_rows_are_counted_and_the_first_shown(tmp_path: Path) -> None:
    """Five examples and the number of the rest."""
    lines = csv().decode().splitlines()
    bad = "\n".join([lines[0], *["2024-01-10T08:00:00,x,1,1,1,1"] * 8, *lines[1:], ""])
    with pytest.raises(Corrupt, match=r"8 bad rows .* and 3 more"):
        read(tmp_path, bad.encode())


def test_repeated_rows_count_once_and_clashing_ones_are_refused(tmp_path: Path) -> None:
    """Equal repeats are harmless; of two versions of a bar neither is chosen."""
    lines = csv().decode().splitlines()
    equal = read(tmp_path, "\n".join([*lines, lines[2], ""]).encode())
    assert len(equal.columns.ts_open) == 4
    assert "1 repeated rows counted once" in equal.notes
    clash = lines[2].replace("130", "131")
    with pytest.raises(Corrupt, match=r"line 3: the same time stands in the file with other values; line 6: the same"):
        read(tmp_path, "\n".join([*lines, clash, ""]).encode())


def test_an_unsorted_file_is_sorted_and_it_is_said(tmp_path: Path) -> None:
    """Newest first (a common download) and any other order."""
    lines = csv().decode().splitlines()
    newest = read(tmp_path, "\n".join([lines[0], *lines[:0:-1], ""]).encode())
    assert (np.diff(newest.columns.ts_open) > 0).all()
    assert "newest first: sorted by time" in newest.notes
    mixed = read(tmp_path, "\n".join([lines[0], lines[2], lines[1], *lines[3:], ""]).encode())
    assert "out of order: sorted by time" in mixed.notes
    assert mixed.columns.close.tolist() == newest.columns.close.tolist()


def test_a_wrong_interval_is_noticed(tmp_path: Path) -> None:
    """Bars that are closer or wider than the interval they are said to have."""
    with pytest.raises(Misconfigured, match=r"most bars are 1h apart, not 4h.*--interval 1h"):
        read(tmp_path, csv(), timeframe=Timeframe.H4)
    with pytest.raises(Misconfigured, match=r"most bars are 1h apart, not 1m.*--interval 1h"):
        read(tmp_path, csv(), timeframe=Timeframe.M1)


def test_bars_of_the_future_are_refused_with_the_likely_cause(tmp_path: Path) -> None:
    """A wrong zone or a wrong clock shows itself."""
    with pytest.raises(
        Corrupt, match=r"line 2: the bar opens in the future: is the clock or the zone \(--tz\) wrong\?"
    ):
        read(tmp_path, csv(), now=1_000_000_000 * 10**9)


def test_a_spread_in_points_is_not_taken_for_a_price(tmp_path: Path) -> None:
    """The factor of 100,000 is noticed, not guessed away."""
    data = csv().replace(b"volume\n", b"volume,spread\n").replace(b"0\n", b"0,12\n")
    with pytest.raises(
        Misconfigured, match=r"the spread column \(median 12\) is no price distance.*--format metatrader"
    ):
        read(tmp_path, data)


def test_days_and_months_are_never_guessed(tmp_path: Path) -> None:
    """03/04/2024 is refused; a day above 12 anywhere settles the order."""
    with pytest.raises(Misconfigured, match=r"day and month of dates such as 03/04/2024 cannot be told apart"):
        read(tmp_path, csv([f"01/02/2024 {h:02}:00" for h in range(8, 12)]))
    american = read(tmp_path, csv([f"01/17/2024 {h:02}:00" for h in range(8, 12)]))
    european = read(tmp_path, csv([f"17/01/2024 {h:02}:00" for h in range(8, 12)]))
    assert american.columns.ts_open.tolist() == european.columns.ts_open.tolist()


def test_broken_archives_arrays_and_lists_are_refused(tmp_path: Path) -> None:
    """Each binary kind says what it is not."""
    for name, data, what in (
        ("x.gz", b"\x1f\x8b\x08\0garbage", "compressed"),
        ("x.zip", b"PK\x03\x04garbage", "compressed"),
        ("x.npy", b"\x93NUMPY\x01\0garbage", "Jesse"),
        ("x.json", b"[[1, 2", "freqtrade JSON"),
        ("x.json", b"[]", "candle"),
        ("x.feather", b"ARROW1\0\0garbage", "Feather"),
    ):
        with pytest.raises(Corrupt, match=f"not a readable {what} file"):
            read(tmp_path, data, name, format_name="freqtrade-json" if name == "x.json" else "")


def test_null_and_text_values_in_json_rows_are_bad_rows(tmp_path: Path) -> None:
    """A venue's null price does not crash the import and is not stored."""
    good = "[1704873600000,1,2,0.5,1.5,10],[1704877200000,1,2,0.5,1.5,10]"
    data = f"[{good},[1704880800000,null,2,0.5,1.5,10],[1704884400000,1,2]]".encode()
    with pytest.raises(Corrupt, match=r"line 3: open is no finite number; line 4: 3 values, 6 expected"):
        read(tmp_path, data, "x.json")
    assert len(read(tmp_path, data, "x.json", skip_bad=True).columns.ts_open) == 2


def test_a_file_of_bad_rows_only_is_refused_even_with_skip_bad(tmp_path: Path) -> None:
    """Nothing sound means nothing to store."""
    with pytest.raises(Corrupt, match=r"4 bad rows .*no row is sound"):
        read(tmp_path, csv(["never"] * 4), skip_bad=True)
