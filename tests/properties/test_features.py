"""Laws every indicator keeps, whatever the market does."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.features.market import every_indicator, random_bars, stepped
from tradewind.features.bank import FeatureBank
from tradewind.features.definitions import DEFINITIONS
from tradewind.features.spec import Indicator, sma, stddev
from tradewind.model.bar import BarColumns

EVERY = every_indicator()
SEEDS = st.integers(0, 2**32 - 1)


def bars_of(seed: int, n: int) -> BarColumns:
    """Random bars with still stretches, holes in prices, and missing volume."""
    bars = random_bars(n, seed=seed)
    rng = np.random.default_rng(seed + 1)
    if rng.random() < 0.5:
        start = int(rng.integers(0, n))
        stop = start + int(rng.integers(1, 60))
        for name in ("open", "high", "low", "close"):
            getattr(bars, name)[start:stop] = bars.close[start]
    for name in ("high", "close", "volume"):
        holes = rng.random(n) < 0.003
        getattr(bars, name)[holes] = np.nan
    return bars


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, cuts=st.lists(st.integers(0, 240), max_size=6), seeding=st.sampled_from(["sma", "first"]))
def test_any_mix_of_steps_batches_and_restores_gives_the_bits_of_one_batch(
    seed: int, cuts: list[int], seeding: str
) -> None:
    """Stream equals batch, through every hole and every restart of the process."""
    bars = bars_of(seed, 240)
    whole = FeatureBank(EVERY, seeding).batch(bars)  # type: ignore[arg-type]
    bank = FeatureBank(EVERY, seeding)  # type: ignore[arg-type]
    edges = sorted({0, 240, *cuts})
    for part, (start, stop) in enumerate(pairwise(edges)):
        rows = stepped(bank, bars, start, stop) if part % 2 else bank.batch(bars.slice(start, stop))
        np.testing.assert_array_equal(rows, whole[start:stop])
        blob = bank.snapshot()
        bank = FeatureBank(EVERY, seeding)  # type: ignore[arg-type]
        bank.restore(blob)


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, at=st.integers(0, 199))
def test_rewriting_the_future_changes_nothing_before_it(seed: int, at: int) -> None:
    """No indicator looks ahead."""
    bars = bars_of(seed, 200)
    before = FeatureBank(EVERY).batch(bars)
    other = bars_of(seed + 7, 200)
    mixed = BarColumns(*(np.concatenate((a[:at], b[at:])) for a, b in zip(bars, other, strict=True)))
    np.testing.assert_array_equal(FeatureBank(EVERY).batch(mixed)[:at], before[:at])


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, power=st.integers(-12, 20))
def test_the_unit_of_price_does_not_matter(seed: int, power: int) -> None:
    """All prices times 2**k: price-like outputs times 2**k, all others unchanged, to the last bit."""
    bars = random_bars(150, seed=seed)
    scale = 2.0**power
    prices = {name: getattr(bars, name) * scale for name in ("open", "high", "low", "close")}
    scaled = FeatureBank(EVERY).batch(bars._replace(**prices))
    rows = FeatureBank(EVERY).batch(bars)
    for column, indicator in enumerate(EVERY):
        times = scale if is_price(indicator) else 1.0
        np.testing.assert_array_equal(scaled[:, column], rows[:, column] * times, err_msg=indicator.key)


def is_price(indicator: Indicator) -> bool:
    """Whether the output is in units of price."""
    definition = DEFINITIONS[indicator.kind]
    unit = next(output.unit for output in definition.outputs if output.name == indicator.output)
    return unit.startswith("price") or unit == "as its source"


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_outputs_stay_inside_their_stated_range(seed: int) -> None:
    """0..100 is 0..100, channels are ordered, volatility is not negative; to rounding."""
    bars = bars_of(seed, 250)
    bank = FeatureBank(EVERY)
    rows = bank.batch(bars)
    rows[np.isnan(rows)] = 0.0
    for column, indicator in enumerate(EVERY):
        definition = DEFINITIONS[indicator.kind]
        unit = next(output.unit for output in definition.outputs if output.name == indicator.output)
        if ".." in unit:
            low, high = (float(end) for end in unit.split()[-1].split(".."))
            assert rows[:, column].min() >= low - 1e-9, indicator.key
            assert rows[:, column].max() <= high + 1e-9, indicator.key
    for kind in ("bbands", "donchian", "kc"):
        upper, middle, lower = (
            rows[:, [one.kind == kind and one.output == name for one in EVERY].index(True)]
            for name in ("upper", "middle", "lower")
        )
        assert (upper >= middle).all()
        assert (middle >= lower).all()
    for key in ("stddev(20)", "rvol(20)", "atr(14)", "trange"):
        assert (rows[:, bank.index[key]] >= 0.0).all()


@pytest.mark.parametrize("jump", [1e-6, 1.0, 1e6])
def test_running_sums_do_not_drift(jump: float) -> None:
    """A hundred thousand bars of prices that change their size a hundredfold: still the exact window."""
    n, window = 100_000, 20
    bars = random_bars(n, seed=3, volatility=3e-4, tick=1e-7)
    shift = np.where((np.arange(n) // 5000) % 2 == 1, jump, 0.0)
    close = bars.close + shift
    moved = bars._replace(open=close, high=close, low=close, close=close)
    rows = FeatureBank([sma(window), stddev(window)]).batch(moved)
    for i in [*range(window, n, 997), *range(5000 + window - 1, n, 5000)]:
        seen = close[i - window + 1 : i + 1]
        mean = math.fsum(seen) / window
        deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in seen) / window)
        assert rows[i, 0] == pytest.approx(mean, rel=1e-13)
        assert rows[i, 1] == pytest.approx(deviation, rel=1e-8, abs=1e-15 * mean)
