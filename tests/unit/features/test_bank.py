"""The bank: one recurrence driven two ways, its state saved and restored."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.features.market import every_indicator, random_bars, stepped
from tradewind.errors import Corrupt, Misconfigured
from tradewind.features.bank import FeatureBank, warm_caches
from tradewind.features.spec import Indicator, atr, ema, pct_rank, rsi

EVERY = every_indicator()


@pytest.mark.parametrize("seeding", ["sma", "first"])
def test_stepping_and_batch_give_the_same_bits(seeding: str) -> None:
    """All indicators at once, from the first bar through every warm-up."""
    bars = random_bars(400)
    batch = FeatureBank(EVERY, seeding).batch(bars)  # type: ignore[arg-type]
    np.testing.assert_array_equal(stepped(FeatureBank(EVERY, seeding), bars), batch)  # type: ignore[arg-type]
    assert np.isfinite(batch[-1]).all()


@pytest.mark.parametrize("indicator", EVERY, ids=lambda one: one.key)
def test_an_indicator_alone_equals_itself_among_all_others(indicator: Indicator) -> None:
    """Sharing nodes between indicators changes no bit, and the stated warm-up is where values begin."""
    bars = random_bars(150)
    together = FeatureBank(EVERY)
    column = together.batch(bars)[:, together.index[indicator.key]]
    alone = FeatureBank([indicator])
    np.testing.assert_array_equal(stepped(alone, bars)[:, 0], column)
    assert int(np.argmax(np.isfinite(column))) == alone.first_valid[0] == alone.warmup - 1
    assert np.isfinite(column[alone.warmup :]).all()


@pytest.mark.parametrize("at", [0, 1, 7, 13, 14, 26, 33, 120, 257])
def test_a_restored_bank_continues_bit_for_bit(at: int) -> None:
    """Saved anywhere, in the middle of any warm-up, into a bank that has seen something else."""
    bars = random_bars(300)
    bank = FeatureBank(EVERY)
    whole = bank.batch(bars)
    bank.reset()
    bank.batch(bars.slice(0, at))
    other = FeatureBank(EVERY)
    other.batch(random_bars(77, seed=9))
    other.restore(bank.snapshot())
    np.testing.assert_array_equal(other.values, bank.values)
    np.testing.assert_array_equal(other.previous, bank.previous)
    np.testing.assert_array_equal(stepped(other, bars, at), whole[at:])


def test_previous_is_the_row_of_the_bar_before() -> None:
    """Also across the border from batch to step; NaN before there was one."""
    bars = random_bars(60)
    bank = FeatureBank([ema(5), rsi(3)])
    assert np.isnan(bank.values).all()
    assert np.isnan(bank.previous).all()
    rows = bank.batch(bars.slice(0, 40))
    np.testing.assert_array_equal(bank.previous, rows[-2])
    last = bank.values.copy()
    stepped(bank, bars, 40, 41)
    np.testing.assert_array_equal(bank.previous, last)


def test_values_are_views_nobody_else_can_write() -> None:
    """A strategy cannot change the state by mistake."""
    bank = FeatureBank([ema(5)])
    with pytest.raises(ValueError, match="read-only"):
        bank.values[0] = 1.0


def test_columns_keep_the_order_given_and_repeats_count_once() -> None:
    """``index`` is the only map from key to column."""
    bank = FeatureBank([rsi(14), ema(20), rsi(14), ema(20, of=Indicator("close"))])
    assert dict(bank.index) == {"rsi(14)": 0, "ema(20)": 1}
    assert bank.values.shape == (2,)


def test_the_schema_names_keys_order_and_seeding() -> None:
    """What changes the meaning of a row changes its hash, and nothing else does."""
    base = FeatureBank([ema(20), rsi(14)]).schema_hash
    assert FeatureBank([ema(20), rsi(14)]).schema_hash == base
    others = {
        FeatureBank([rsi(14), ema(20)]).schema_hash,
        FeatureBank([ema(21), rsi(14)]).schema_hash,
        FeatureBank([ema(20), rsi(14)], "first").schema_hash,
    }
    assert len(others | {base}) == 4


def test_a_snapshot_of_another_bank_or_broken_bytes_are_refused_unchanged() -> None:
    """Corrupt says which schema was found; the bank goes on where it was."""
    bars = random_bars(50)
    bank = FeatureBank([ema(5)])
    bank.batch(bars)
    before = bank.snapshot()
    for blob in (FeatureBank([ema(6)]).snapshot(), b"", b"\x00", before[:-8], before[: len(before) // 2]):
        with pytest.raises(Corrupt, match="feature bank"):
            bank.restore(blob)
        assert bank.snapshot() == before


def test_an_unknown_seeding_is_refused() -> None:
    """The allowed ones are named."""
    with pytest.raises(Misconfigured, match="sma, first"):
        FeatureBank([ema(5)], "median")  # type: ignore[arg-type]


def test_columns_of_different_length_are_refused() -> None:
    """Compiled code would read past the end of the shorter one."""
    bars = random_bars(10)
    with pytest.raises(Misconfigured, match="one length"):
        FeatureBank([ema(5)]).batch(bars._replace(volume=bars.volume[:9]))


def test_views_and_read_only_columns_are_taken_without_compiling_anew() -> None:
    """Memory-mapped candles come read-only, slices with strides; both run on the kernel that is already there."""
    from tradewind.kernels import bank as kernel

    bars = random_bars(120)
    warm_caches()
    known = list(kernel.batch.signatures)  # type: ignore[attr-defined]
    every_other = bars._replace(**{name: getattr(bars, name)[::2] for name in bars._fields})
    for column in bars:
        column.flags.writeable = False
    bank = FeatureBank([ema(5), pct_rank(atr(5), 20)])
    bank.batch(bars)
    bank.batch(every_other)
    assert kernel.batch.signatures == known  # type: ignore[attr-defined]


def test_an_empty_bank_and_an_empty_batch_are_fine() -> None:
    """Zero indicators, zero bars."""
    bank = FeatureBank([])
    assert bank.batch(random_bars(3)).shape == (3, 0)
    assert bank.warmup == 0
    assert FeatureBank([ema(5)]).batch(random_bars(3).slice(0, 0)).shape == (0, 1)
