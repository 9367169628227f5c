"""Every file format users have gives the same bars, and says how its times were read."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.shared_data import shared
from tests.unit.files.samples import OPENS, ROWS, csv, request
from tradewind.adapters.market.files.intake import Intake
from tradewind.adapters.market.files.reader import detected, known_formats, read_bars
from tradewind.errors import Misconfigured
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, HOUR, Timeframe


def read(tmp_path: Path, data: bytes, name: str = "bars.csv", *, skip_bad: bool = False, **changed: object) -> Intake:
    format_name = str(changed.pop("format_name", ""))
    path = tmp_path / name
    path.write_bytes(data)
    return read_bars(path, request(**changed), format_name=format_name, skip_bad=skip_bad)


def check(intake: Intake, *, volume: bool = True) -> None:
    columns = intake.columns
    assert columns.ts_open.tolist() == OPENS.tolist()
    assert (columns.ts_close - columns.ts_open == HOUR).all()
    expected = np.array(ROWS)
    for i, values in enumerate((columns.open, columns.high, columns.low, columns.close)):
        assert values.tolist() == expected[:, i].tolist()
    assert columns.volume.tolist() == (expected[:, 4] if volume else np.zeros(4)).tolist()
    assert intake.bad == ()


EPOCH = OPENS // 10**9
TEXTS = {
    "iso": ["2024-01-10T08:00:00", "2024-01-10T09:00:00", "2024-01-10T10:00:00", "2024-01-10T11:00:00"],
    "zulu with fraction": [f"2024-01-10T{h:02}:00:00.000Z" for h in range(8, 12)],
    "offset": [f"2024-01-10 {h:02}:00:00+01:00" for h in range(9, 13)],
    "short offset": [f"2024-01-10 {h:02}:00 -0500" for h in range(3, 7)],
    "dotted": [f"2024.01.10 {h:02}:00" for h in range(8, 12)],
    "compact": [f"20240110 {h:02}0000" for h in range(8, 12)],
    "digits": [f"20240110{h:02}0000" for h in range(8, 12)],
    "european": [f"10.01.2024 {h:02}:00:00.000" for h in range(8, 12)],
    "european with zone": [f"10.01.2024 {h:02}:00:00.000 GMT+0200" for h in range(10, 14)],
    "seconds": [str(ts) for ts in EPOCH],
    "float seconds": [f"{ts}.0" for ts in EPOCH],
    "milliseconds": [str(ts * 10**3) for ts in EPOCH],
    "microseconds": [str(ts * 10**6) for ts in EPOCH],
    "nanoseconds": [str(ts * 10**9) for ts in EPOCH],
}


@pytest.mark.parametrize("times", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_text_file_is_read_in_any_notation(tmp_path: Path, times: list[str], separator: str) -> None:
    """Times of every spelling and every separator give the same bars."""
    check(read(tmp_path, csv(times, separator=separator)))


@pytest.mark.parametrize(
    "header",
    [
        "Date,Open,High,Low,Close,Volume",
        "open_time,Open Price,high_price,low_price,close_price,base_volume",
        "<DTYYYYMMDD>time,o,h,l,c,v",
        "Gmt time,Open,High,Low,Close,Volume ",
        '"timestamp","open","high","low","close","Volume BTC"',
        "bar time,bid_open,bid_high,bid_low,bid_close,tick_volume",
    ],
)
def test_headers_of_many_spellings_are_understood(tmp_path: Path, header: str) -> None:
    """The names other tools write are known."""
    check(read(tmp_path, csv(header=header.replace("<DTYYYYMMDD>", ""))))


def test_quotes_decimal_commas_and_titles_are_understood(tmp_path: Path) -> None:
    """Spreadsheet habits: quoted cells, 1,0950 with semicolons, a title line, carriage returns, a byte order mark."""
    quoted = "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in csv().decode().splitlines())
    check(read(tmp_path, quoted.encode() + b"\n"))
    check(read(tmp_path, csv(separator=";").replace(b".", b",")))
    titled = read(tmp_path, b"https://www.example.com\n" + csv().replace(b"\n", b"\r\n"))
    check(titled)
    assert any("above the header" in note for note in titled.notes)
    check(read(tmp_path, csv().decode().encode("utf-8-sig")))
    check(read(tmp_path, csv().decode().encode("utf-16")))


def test_a_file_without_a_header_is_read_by_position_and_says_so(tmp_path: Path) -> None:
    """time,open,high,low,close,volume or date,time,...; extra columns (Binance's twelve) are left alone."""
    for data in (
        csv(header=None),
        csv([f"2024.01.10,{h:02}:00" for h in range(8, 12)], header=None),
        csv([str(ts * 1000) for ts in EPOCH], header=None).replace(b"\n", b",1704878999999,0,0,0,0,0\n"),
    ):
        intake = read(tmp_path, data)
        check(intake)
        assert any("no header" in note for note in intake.notes)


def test_a_packed_file_is_unpacked(tmp_path: Path) -> None:
    """gzip and zip of one member; several members are refused."""
    check(read(tmp_path, gzip.compress(csv()), "bars.csv.gz"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("bars.csv", csv())
    check(read(tmp_path, packed.getvalue(), "bars.zip"))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("more.csv", csv())
    with pytest.raises(Misconfigured, match="holds 2 files"):
        read(tmp_path, packed.getvalue(), "bars.zip")


def test_close_stamped_bars_are_moved_to_their_open_and_it_is_said(tmp_path: Path) -> None:
    """The stamp convention is stated for every import: --stamp close, a close_time column, the last millisecond."""
    closes = [str(np.datetime64(int(ts + HOUR), "ns").astype("datetime64[s]")) for ts in OPENS]
    intake = read(tmp_path, csv(closes), stamp="close")
    check(intake)
    assert intake.convention == "bars stamped at their close, UTC"
    named = read(tmp_path, csv([str((ts + HOUR) // 10**6 - 1) for ts in OPENS], header="close_time,o,h,l,c,v"))
    check(named)
    assert "close" in named.convention
    assert read(tmp_path, csv()).convention == "bars stamped at their open, UTC"
    assert all(each.convention for each in known_formats().values())
    with pytest.raises(Misconfigured, match="--stamp 'middle'"):
        read(tmp_path, csv(), stamp="middle")


def test_close_stamped_days_end_with_their_session(tmp_path: Path) -> None:
    """A trading day over a clock change is 23 hours long; its open is the session's start, not 24 hours before."""
    calendar = calendar_of("fx")
    monday = int(np.datetime64("2024-03-11T12:00", "ns").astype(np.int64))  # clocks changed the day before
    days = [calendar.bucket(monday + k * DAY, Timeframe.D1) for k in (-3, 0, 1, 2)]
    rows = csv([str(np.datetime64(end, "ns").astype("datetime64[s]")) for _, end in days])
    columns = read(tmp_path, rows, stamp="close", timeframe=Timeframe.D1).columns
    assert list(zip(columns.ts_open.tolist(), columns.ts_close.tolist(), strict=True)) == days


METATRADER = b"<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n" + b"".join(
    f"2024.01.10\t{10 + i:02}:00:00\t{o:.5f}\t{h:.5f}\t{lo:.5f}\t{c:.5f}\t{v:.0f}\t0\t{7 + i}\n".encode()
    for i, (o, h, lo, c, v) in enumerate(ROWS)
)


def test_metatrader_times_are_server_time_and_the_assumption_is_said(tmp_path: Path) -> None:
    """Eastern European server time is assumed aloud; --tz changes it; spread is points of the instrument's tick."""
    intake = read(tmp_path, METATRADER)
    check(intake)
    assert intake.convention == "bars stamped at their open, Europe/Athens"
    assert any("read as Europe/Athens; --tz" in note for note in intake.notes)
    assert intake.columns.spread == pytest.approx([0.00007, 0.00008, 0.00009, 0.0001])
    moved = read(tmp_path, METATRADER, zone="Europe/Berlin")
    assert (moved.columns.ts_open - OPENS == HOUR).all()
    assert not any("--tz NAME" in note for note in moved.notes)
    with pytest.raises(Misconfigured, match=r"unknown time zone 'Europe/Atlantis'.*Europe/Athens"):
        read(tmp_path, METATRADER, zone="Europe/Atlantis")


def test_metatrader_daily_bars_and_missing_spreads_are_read(tmp_path: Path) -> None:
    """Daily exports carry no TIME; a spread column of zeros is an unknown spread, not a free market."""
    rows = [f"2024.01.{9 + i:02}\t{o}\t{h}\t{lo}\t{c}\t{v}\t0\t0" for i, (o, h, lo, c, v) in enumerate(ROWS)]
    head = "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>"
    intake = read(tmp_path, "\n".join([head, *rows, ""]).encode(), timeframe=Timeframe.D1)
    assert np.isnan(intake.columns.spread).all()
    # Midnight of the server is 17:00 New York: the bars are the sessions.
    starts = [calendar_of("fx").bucket(int(ts), Timeframe.D1) for ts in intake.columns.ts_open]
    assert [start for start, _ in starts] == intake.columns.ts_open.tolist()


def test_metatrader_history_converted_from_server_time_equals_an_independent_utc_feed(tmp_path: Path) -> None:
    """Real gold bars written as an Athens-clock export come back as the UTC bars, over all clock changes."""
    frame = pl.read_parquet(shared("data/bars/XAUUSD-1h.parquet"))
    local = frame.with_columns(pl.col("time").dt.convert_time_zone("Europe/Athens"))
    text = local.select(
        pl.col("time").dt.strftime("%Y.%m.%d").alias("<DATE>"),
        pl.col("time").dt.strftime("%H:%M:%S").alias("<TIME>"),
        *(pl.col(name).alias(f"<{name.upper()}>") for name in ("open", "high", "low", "close")),
        pl.col("volume").cast(pl.Int64).alias("<TICKVOL>"),
        pl.lit(0).alias("<VOL>"),
        pl.lit(30).alias("<SPREAD>"),
    ).write_csv(separator="\t")
    intake = read(tmp_path, text.encode(), tick=0.01, calendar=calendar_of("metals"))
    assert intake.columns.ts_open.tolist() == frame["time"].cast(pl.Datetime("ns", "UTC")).cast(pl.Int64).to_list()
    assert intake.columns.close.tolist() == frame["close"].to_list()
    assert intake.columns.spread == pytest.approx(0.3)


def test_the_repeated_and_the_skipped_hour_of_a_clock_change(tmp_path: Path) -> None:
    """Of the hour that comes twice the first is the earlier one; the hour that does not exist is a bad row."""
    autumn = csv([f"2023-10-29 {h:02}:00" for h in (2, 3, 3, 4)])
    opens = read(tmp_path, autumn, zone="Europe/Athens").columns.ts_open
    assert (np.diff(opens) == HOUR).all()
    spring = csv([f"2024-03-31 {h:02}:00" for h in (1, 2, 3, 4)])
    intake = read(tmp_path, spring, zone="Europe/Athens", skip_bad=True)
    assert [(bad.line, "does not exist in Europe/Athens" in bad.reason) for bad in intake.bad] == [(4, True)]


def _frame() -> pl.DataFrame:
    columns = np.array(ROWS).T
    return pl.DataFrame(
        {"date": pl.Series(OPENS).cast(pl.Datetime("ns", "UTC")).dt.cast_time_unit("ms")}
        | dict(zip(("open", "high", "low", "close", "volume"), columns, strict=True))
    )


def test_freqtrade_feather_json_and_packed_json_are_read(tmp_path: Path) -> None:
    """The data folder of freqtrade, as it is."""
    feather = io.BytesIO()
    _frame().write_ipc(feather, compression="lz4")
    check(read(tmp_path, feather.getvalue(), "EUR_USD-1h.feather"))
    text = json.dumps([[int(ts) // 10**6, *row] for ts, row in zip(OPENS, ROWS, strict=True)]).encode()
    check(read(tmp_path, text, "EUR_USD-1h.json"))
    check(read(tmp_path, gzip.compress(text), "EUR_USD-1h.json.gz"))
    check(read(tmp_path, gzip.compress(text), "EUR_USD-1h.jsongz"))


def test_jesse_arrays_keep_their_own_order_of_columns(tmp_path: Path) -> None:
    """timestamp, open, CLOSE, HIGH, LOW, volume: read in any other order the highs would be closes."""
    array = np.array([[int(ts) / 1e6, o, c, h, lo, v] for ts, (o, h, lo, c, v) in zip(OPENS, ROWS, strict=True)])
    buffer = io.BytesIO()
    np.save(buffer, array)
    check(read(tmp_path, buffer.getvalue(), "candles.npy"))


def test_parquet_with_bid_and_ask_gives_the_spread(tmp_path: Path) -> None:
    """spread = ask close - bid close; times may have any unit, a zone, none, or be numbers."""
    base = _frame().rename({"date": "time"})
    asked = base.with_columns((pl.col("close") + 0.0002).alias("ask_close"))
    variants = [
        asked,
        base.with_columns(pl.col("time").dt.cast_time_unit("ns")),
        base.with_columns(pl.col("time").dt.replace_time_zone(None)),
        base.with_columns(pl.col("time").dt.convert_time_zone("Asia/Tokyo")),
        base.with_columns(pl.col("time").dt.epoch("s")),
        base.with_columns(pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%SZ")),
    ]
    for frame in variants:
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        intake = read(tmp_path, buffer.getvalue(), "bars.parquet")
        check(intake)
        if frame is asked:
            assert intake.columns.spread == pytest.approx(0.0002)


@pytest.mark.parametrize(
    ("name", "rows", "negative"), [("EURUSD-1h", 74439, 0), ("GBPUSD-1m", 21502, 275), ("USDJPY-1m", 21564, 519)]
)
def test_real_bid_and_ask_files_are_read_whole_with_their_known_faults(name: str, rows: int, negative: int) -> None:
    """Row counts and the number of minutes with ask below bid are those the files' own description gives."""
    path = shared(f"data/bars_bidask/{name}.parquet")
    intake = read_bars(path, request(timeframe=Timeframe.parse(name.split("-")[1])))
    assert len(intake.columns.ts_open) == rows
    assert int((intake.columns.spread < 0).sum()) == negative
    assert any(f"{negative} bars have their ask below their bid" in note for note in intake.notes) == bool(negative)


def test_the_content_decides_the_format_before_the_name() -> None:
    """A Parquet file called .csv is Parquet; a name decides only where the content does not; --format wins."""
    assert sorted(known_formats()) == ["csv", "freqtrade-feather", "freqtrade-json", "jesse", "metatrader", "parquet"]
    assert detected(b"PAR1....", "x.csv").name == "parquet"
    assert detected(METATRADER, "x.csv").name == "metatrader"
    assert detected(csv(), "x.csv").name == "csv"
    assert detected(b"ARROW1\0\0", "x").name == "freqtrade-feather"
    assert detected(csv(), "x.csv", "jesse").name == "jesse"
    with pytest.raises(Misconfigured, match=r"unknown format 'excel'.*csv, freqtrade-feather"):
        detected(csv(), "x.csv", "excel")
    with pytest.raises(Misconfigured, match=r"no known kind of bar file.*--format"):
        detected(b"\0\1\2\3", "x.bin")


def test_a_bar_that_has_not_closed_is_left_out(tmp_path: Path) -> None:
    """The forming last bar is dropped with a note, never stored as if it were final."""
    intake = read(tmp_path, csv(), now=int(OPENS[3]) + HOUR - 1)
    assert intake.columns.ts_open.tolist() == OPENS[:3].tolist()
    assert "the last bar had not closed yet and was left out" in intake.notes
    assert len(read(tmp_path, csv(), now=int(OPENS[3]) + HOUR).columns.ts_open) == 4


def test_five_minutes_of_text_are_read_like_one(tmp_path: Path) -> None:
    """Bars longer than an hour align to the hour only; shorter ones to their own length."""
    odd = csv([f"2024-01-10 08:{m:02}" for m in (0, 5, 10, 16)])
    intake = read(tmp_path, odd, timeframe=Timeframe.M5, skip_bad=True)
    assert [bad.line for bad in intake.bad] == [5]
    assert "no 5m boundary" in intake.bad[0].reason
