"""Longer bars against real longer bars, a second engine, and their own prefixes."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from tests.shared_data import shared
from tradewind.engine.aggregate import Aggregator, aggregate
from tradewind.errors import Corrupt, Misconfigured
from tradewind.model.bar import Bar, BarColumns
from tradewind.model.event import BarMissing
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, HOUR, MINUTE, SECOND, Timeframe

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def load(file: str, timeframe: Timeframe, rows: slice = slice(None)) -> BarColumns:
    """A shared bar file as columns; the spread is that of the closes where the file has asks."""
    frame = pl.read_parquet(shared(f"data/{file}.parquet"))[rows]
    opens = frame["time"].dt.timestamp("ns").to_numpy()
    values = [np.ascontiguousarray(frame[name].to_numpy()) for name in ("open", "high", "low", "close", "volume")]
    spread = (
        (frame["ask_close"] - frame["close"]).to_numpy()
        if "ask_close" in frame.columns
        else np.full(len(opens), np.nan)
    )
    return BarColumns(opens, opens + timeframe.ns, *values, spread)


def bars_of(columns: BarColumns, timeframe: Timeframe, symbol: str = "EUR/USD") -> list[Bar]:
    return [
        Bar(symbol, timeframe, a, b, o, h, low, c, v, None if math.isnan(s) else s)
        for a, b, o, h, low, c, v, s in zip(*(column.tolist() for column in columns), strict=True)
    ]


def hour(ts: int, price: float = 1.0, **more: object) -> Bar:
    fields = {"open": price, "high": price, "low": price, "close": price, "volume": 1.0, **more}
    return Bar("EUR/USD", Timeframe.H1, ts, ts + HOUR, **fields)  # type: ignore[arg-type]


def missing(ts: int, kind: str = "outage") -> BarMissing:
    return BarMissing("EUR/USD", Timeframe.H1, ts, ts + HOUR, kind)


def fx(*targets: Timeframe) -> Aggregator:
    return Aggregator("EUR/USD", calendar_of("fx"), Timeframe.H1, targets)


@pytest.mark.parametrize(
    ("file", "timeframe"),
    [("BTCUSDT-1m", Timeframe.M1), ("BTCUSDT-5m", Timeframe.M5), ("BTCUSDT-15m", Timeframe.M15)],
)
def test_hours_built_from_minutes_equal_the_venues_own_hours(file: str, timeframe: Timeframe) -> None:
    """Binance hours against hours folded from an independent download of shorter bars."""
    built = aggregate(load(f"bars/{file}", timeframe), calendar_of("crypto"), Timeframe.H1)
    hours = load("bars/BTCUSDT-1h", Timeframe.H1)
    _, mine, theirs = np.intersect1d(built.ts_open, hours.ts_open, return_indices=True)
    assert mine.size > 800
    for name in ("open", "high", "low", "close"):
        equal = getattr(built, name)[mine] == getattr(hours, name)[theirs]
        assert equal.mean() >= 0.997, name
    volume = np.isclose(built.volume[mine], hours.volume[theirs], rtol=1e-6)
    assert volume.mean() >= 0.997


def test_days_built_from_fx_hours_match_a_second_engine() -> None:
    """Polars groups by the New York date seven hours ahead: the same days, opens, extremes and sums."""
    columns = load("bars/EURUSD-1h", Timeframe.H1)
    days = aggregate(columns, calendar_of("fx"), Timeframe.D1)
    frame = pl.read_parquet(shared("data/bars/EURUSD-1h.parquet"))
    wall = pl.col("time").dt.convert_time_zone("America/New_York").dt.replace_time_zone(None)
    expected = (
        frame.group_by((wall + pl.duration(hours=7)).dt.date().alias("day"), maintain_order=True)
        .agg(
            pl.col("open").first(),
            pl.col("high").max(),
            pl.col("low").min(),
            pl.col("close").last(),
            pl.col("volume").sum(),
        )
        .slice(1)[:-1]
    )
    assert days.ts_open.size == len(expected)
    for name in ("open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(days, name), expected[name].to_numpy()), name
    for ts in days.ts_open.tolist():
        assert datetime.fromtimestamp(ts // SECOND, UTC).astimezone(NEW_YORK).hour == 17


@pytest.mark.parametrize(
    ("file", "symbol", "name", "timeframe", "rows"),
    [
        ("bars/EURUSD-1h", "EUR/USD", "fx", Timeframe.H1, slice(0, 6000)),
        ("bars_bidask/XAUUSD-1h", "XAU/USD", "metals", Timeframe.H1, slice(40_000, 46_000)),
        ("bars/BTCUSDT-1m", "BTC/USDT", "crypto", Timeframe.M1, slice(0, 20_000)),
    ],
)
def test_stream_and_batch_close_the_same_bars(
    file: str, symbol: str, name: str, timeframe: Timeframe, rows: slice
) -> None:
    """Real data with gaps and both clock changes, bar by bar with a restart in between, against one batch call."""
    columns = load(file, timeframe, rows)
    calendar = calendar_of(name)
    targets = [target for target in Timeframe if target.rank > timeframe.rank]
    stream = Aggregator(symbol, calendar, timeframe, targets)
    closed: dict[Timeframe, list[Bar]] = {target: [] for target in targets}
    for i, bar in enumerate(bars_of(columns, timeframe, symbol)):
        if i == 1234:
            state = stream.snapshot()
            stream = Aggregator(symbol, calendar, timeframe, targets)
            stream.restore(state)
            assert stream.snapshot() == state
        for made in stream.on_bar(bar):
            closed[made.timeframe].append(made)
    for target in targets:
        assert closed[target] == bars_of(aggregate(columns, calendar, target), target, symbol), target


def test_future_bars_change_no_closed_bar() -> None:
    """Every prefix of the data gives a prefix of the longer bars."""
    columns = load("bars/EURUSD-1h", Timeframe.H1, slice(0, 900))
    calendar = calendar_of("fx")
    for target in (Timeframe.H4, Timeframe.D1):
        whole = aggregate(columns, calendar, target)
        for stop in range(1, 900, 37):
            part = aggregate(columns.slice(0, stop), calendar, target)
            assert part.ts_close.size == 0 or part.ts_close[-1] <= columns.ts_close[stop - 1]
            for mine, all_ in zip(part, whole, strict=True):
                assert np.array_equal(mine, all_[: mine.size], equal_nan=True)


def test_where_the_history_starts_changes_no_later_bar() -> None:
    """Dropping early bars leaves the longer bars after the first whole interval as they were."""
    columns = load("bars/EURUSD-1h", Timeframe.H1, slice(0, 600))
    whole = aggregate(columns, calendar_of("fx"), Timeframe.D1)
    for start in range(1, 60, 7):
        part = aggregate(columns.slice(start, 600), calendar_of("fx"), Timeframe.D1)
        for mine, all_ in zip(part, whole, strict=True):
            assert np.array_equal(mine, all_[-mine.size :], equal_nan=True)


def test_a_bar_closes_with_the_event_that_ends_it() -> None:
    """17:00-21:00 New York from four hours; the fourth closes it, nothing before does."""
    four = fx(Timeframe.H4)
    start = at("2026-05-11 21:00")
    assert four.on_bar(hour(start, 1.0, high=1.4, spread=0.1)) == []
    assert four.on_bar(hour(start + HOUR, 1.1, low=0.9, spread=0.2)) == []
    assert four.on_bar(hour(start + 2 * HOUR, 1.2)) == []
    (bar,) = four.on_bar(hour(start + 3 * HOUR, 1.3))
    assert (bar.ts_open, bar.ts_close) == (start, start + 4 * HOUR)
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == (1.0, 1.4, 0.9, 1.3, 4.0)
    assert bar.spread == 0.2  # the last one known
    assert bar.synthetic == ""


def test_a_missing_bar_closes_what_it_ends() -> None:
    """With three of four hours there the bar is made of three; with none there it is missing."""
    four = fx(Timeframe.H4)
    start = at("2026-05-11 21:00")
    for i in range(3):
        four.on_bar(hour(start + i * HOUR))
    (bar,) = four.on_missing(missing(start + 3 * HOUR))
    assert isinstance(bar, Bar)
    assert bar.volume == 3.0
    out = [made for i in range(4, 8) for made in four.on_missing(missing(start + i * HOUR, "feed"))]
    assert out == [BarMissing("EUR/USD", Timeframe.H4, start + 4 * HOUR, start + 8 * HOUR, "feed")]


def test_an_overdue_bar_closes_when_the_next_interval_speaks() -> None:
    """Nobody said the last hour is missing: the first bar of a later interval closes what is pending, oldest first."""
    both = fx(Timeframe.H4, Timeframe.D1)
    start = at("2026-05-11 21:00")
    both.on_bar(hour(start))
    late = both.on_bar(hour(start + DAY))
    assert [(bar.timeframe, bar.ts_close) for bar in late] == [
        (Timeframe.H4, start + 4 * HOUR),
        (Timeframe.D1, start + DAY),
    ]


def test_a_day_that_begins_unseen_is_left_out() -> None:
    """The first interval counts only when no expected bar of it came before the data."""
    start = at("2026-05-11 21:00")
    day = fx(Timeframe.D1)
    closed = [bar for i in range(1, 48) for bar in day.on_bar(hour(start + i * HOUR))]
    assert [bar.ts_open for bar in closed] == [start + DAY]
    gold = Aggregator("EUR/USD", calendar_of("metals"), Timeframe.H1, [Timeframe.D1])
    closed = [bar for i in range(1, 24) for bar in gold.on_bar(hour(start + i * HOUR))]
    assert [bar.ts_open for bar in closed] == [start]  # the first hour is the daily pause


def test_made_bars_are_counted_in_what_they_make() -> None:
    """Two carried hours of four show in the longer bar."""
    four = fx(Timeframe.H4)
    start = at("2026-05-11 21:00")
    four.on_bar(hour(start))
    four.on_bar(hour(start + HOUR, synthetic="carried"))
    four.on_bar(hour(start + 2 * HOUR, synthetic="carried"))
    (bar,) = four.on_bar(hour(start + 3 * HOUR))
    assert bar.synthetic == "carried x2"
    for i in range(4, 7):
        four.on_bar(hour(start + i * HOUR))
    (bar,) = four.on_bar(hour(start + 7 * HOUR))
    assert bar.synthetic == ""


def test_disorder_and_wrong_targets_are_refused() -> None:
    """The sequencer's promise is checked; a target must be longer than the base."""
    four = fx(Timeframe.H4)
    start = at("2026-05-11 21:00")
    four.on_bar(hour(start))
    with pytest.raises(Corrupt, match="sequencer"):
        four.on_bar(hour(start))
    with pytest.raises(Corrupt):
        four.on_bar(Bar("EUR/USD", Timeframe.M1, start + HOUR, start + HOUR + MINUTE, 1, 1, 1, 1, 0))
    with pytest.raises(Misconfigured, match="longer than 1h"):
        fx(Timeframe.H1)
