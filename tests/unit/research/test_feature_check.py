"""Inputs made at once and bar by bar are the same bits on real markets; what is not is told by how many bars."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared_data import shared
from tests.synthetic_bars import random_bars
from tradewind.adapters.feature_files import file_of, read_features, write_features
from tradewind.engine.aggregate import aggregate
from tradewind.errors import Corrupt
from tradewind.features.feature_set import FeatureOrigin
from tradewind.features.input_schema import default_schema
from tradewind.features.model_inputs import complete
from tradewind.model.bar import BarColumns
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.research.dataset import feature_set
from tradewind.research.feature_check import SHIFTS, column_faults, completeness, replayed
from tradewind.research.lookahead import examine
from tradewind.research.lookahead_subjects import CodeSubject

CRYPTO = calendar_of("crypto")
SCHEMA = default_schema(Timeframe.H1)
KNOWN = feature_set("BTC/USDT", SCHEMA, random_bars(1200), CRYPTO)
MOVING = [name for name in SCHEMA.names if name.partition("_")[0] not in ("hour", "weekday")]


@lru_cache
def real(name: str, first: int, bars: int) -> BarColumns:
    frame = pl.read_parquet(shared(f"data/bars/{name}-1h.parquet")).slice(first, bars)
    ts = frame["time"].cast(pl.Datetime("ns")).cast(pl.Int64).to_numpy()
    prices = [frame[each].to_numpy() for each in ("open", "high", "low", "close", "volume")]
    return BarColumns(ts, ts + HOUR, *prices, np.full(len(ts), np.nan))


def columns_of(features) -> dict[str, np.ndarray]:
    return {name: features.rows[:, k].copy() for k, name in enumerate(features.schema.names)}


@pytest.mark.parametrize(
    ("name", "symbol", "calendar", "first"),
    [("BTCUSDT", "BTC/USDT", "crypto", 0), ("EURUSD", "EUR/USD", "fx", 0), ("XAUUSD", "XAU/USD", "metals", 20_000)],
)
@pytest.mark.parametrize("timeframe", [Timeframe.H1, Timeframe.H4])
def test_real_markets_with_their_holes_replay_to_the_same_bits(name, symbol, calendar, first, timeframe):
    """Rule: outages, week-ends, daily pauses and changes of the clock included."""
    sessions = calendar_of(calendar)
    bars = real(name, first, 4000)
    bars = bars if timeframe is Timeframe.H1 else aggregate(bars, sessions, timeframe)
    schema = default_schema(timeframe)
    made = feature_set(symbol, schema, bars, sessions)
    assert column_faults(columns_of(made), replayed(symbol, schema, bars, sessions)) == ()
    assert complete(made.rows)[600:].mean() > 0.99


def test_no_future_changes_a_row():
    """Rule: the product's own examination finds nothing: cut off anywhere, or gone on with in another way."""

    def inputs(bars: BarColumns) -> dict[str, np.ndarray]:
        return columns_of(feature_set("BTC/USDT", SCHEMA, bars, CRYPTO))

    bars = random_bars(900)
    report = examine(
        CodeSubject("inputs", features=inputs),
        bars,
        np.random.default_rng(1),
        cuts=np.arange(24, 900, 25),
        rewritings=8,
    )
    assert report.clean, str(report)
    assert report.columns == 32


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(MOVING), st.integers(1, SHIFTS), st.booleans())
def test_a_moved_column_is_told_with_the_number_of_bars(column, by, later):
    """Rule: whichever column and however far within two days; the first bar that differs, its two values, no other."""
    stored = columns_of(KNOWN)
    own = stored[column]
    gap = np.full(by, np.nan, dtype=np.float32)
    stored[column] = np.concatenate([own[by:], gap] if later else [gap, own[:-by]])
    (found,) = column_faults(stored, KNOWN)
    assert (found.column, found.kind, found.shift) == (column, "leak" if later else "late", by if later else -by)
    differs = np.flatnonzero((stored[column] != own) & ~(np.isnan(own) & np.isnan(stored[column])))
    assert (found.bar, found.bars, found.ts) == (differs[0], differs.size, KNOWN.ts_close[differs[0]])
    assert ("LEAK" in str(found)) == later


def test_one_bit_is_enough():
    """Rule: the next float32 is another number; NaN with another sign is not."""
    stored = columns_of(KNOWN)
    stored["body"][800] = np.nextafter(stored["body"][800], np.float32(9))
    stored["rsi"][:14] = -stored["rsi"][:14]
    (found,) = column_faults(stored, KNOWN)
    assert (found.column, found.kind, found.bar, found.bars) == ("body", "other", 800, 1)


def test_a_constant_column_is_not_called_a_leak():
    """Rule: what never moves equals itself of any bar; it is unknown where the schema has no such column."""
    (found,) = column_faults(columns_of(KNOWN) | {"one": np.ones(1200, dtype=np.float32)}, KNOWN)
    assert (found.column, found.kind, found.bar) == ("one", "unknown", -1)
    assert column_faults({}, KNOWN)[0].kind == "missing"


def test_completeness_counts_from_the_first_whole_row():
    """Rule: the warm-up is no fault, a hole after it is one; without a whole row the empty columns are named."""
    columns = columns_of(KNOWN)
    found = completeness(columns)
    assert (found.rows, found.holes, found.faults(0.0)) == (1200, 0, ())
    assert complete(KNOWN.rows).argmax() == found.first > 400
    columns["rsi"][-73:] = np.nan
    share = 73 / (1200 - found.first)
    assert completeness(columns).unknown["rsi"] == pytest.approx(share)
    assert completeness(columns).faults(0.01) == (f"rsi is unknown at {share:.2%} of the bars after the warm-up",)
    columns["rsi"][:] = np.nan
    assert completeness(columns).faults(1.0) == ("no row is complete; never known: rsi",)


def test_a_feature_file_comes_back_as_it_was_written(tmp_path):
    """Rule: every bit and what it was made of; other contents under the old hash are refused."""
    origin = FeatureOrigin(
        symbol="BTC/USDT", timeframe=Timeframe.H1, schema_hash=SCHEMA.hash, data_hash=KNOWN.data_hash,
        candles_hash="0" * 64, source="file: a, b", rows=1200, first_ts=1, last_ts=2,
    )  # fmt: skip
    path = file_of(tmp_path / "new", "BTC/USDT", Timeframe.H1)
    assert write_features(path, KNOWN, origin) == path.stat().st_size
    back = read_features(path)
    assert back.origin == origin
    assert back.as_set().data_hash == KNOWN.data_hash
    assert back.schema == SCHEMA
    assert (back.as_set().rows.view(np.int32) == KNOWN.rows.view(np.int32)).all()
    write_features(path, KNOWN._replace(rows=KNOWN.rows * np.float32(1.5)), origin)
    with pytest.raises(Corrupt, match="features build"):
        read_features(path).as_set()
