"""Markets that stand still, jump, or lose a bar: recorded answers where they are sane, ours where they are not."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.shared_data import shared
from tests.unit.features.market import close_only, every_indicator, random_bars
from tradewind.features.bank import FLAT_LIMIT, FeatureBank
from tradewind.features.spec import Indicator
from tradewind.model.bar import BarColumns

RECORDED = {
    "rsi14": "rsi(14)",
    "cci14": "cci(14)",
    "stoch": "stoch(14,3,3).k",
    "adx": "adx(14)",
    "atr": "atr(14)",
    "ema9": "ema(9)",
}


def recorded(case: str) -> dict[str, np.ndarray]:
    document: dict[str, Any] = json.loads(shared("ground_truth/indicators_edge.json").read_text())[case]
    return {name: np.array(values, dtype=np.float64) for name, values in document.items()}


def rows_of(bars: BarColumns, *keys: str) -> dict[str, np.ndarray]:
    bank = FeatureBank(Indicator.parse(key) for key in keys)
    values = bank.batch(bars)
    return {key: values[:, bank.index[key]] for key in keys}


@pytest.mark.parametrize("case", ["flat", "jump"])
@pytest.mark.parametrize("name", RECORDED)
def test_still_and_jumping_markets_give_the_recorded_answers(case: str, name: str) -> None:
    """A flat market has RSI 0, CCI 0, ADX 0 and ATR 0; one jump makes RSI 100. NaN patterns are equal too."""
    answer = recorded(case)
    ours = rows_of(close_only(answer["close"]), RECORDED[name])[RECORDED[name]]
    np.testing.assert_allclose(ours, answer[name], rtol=0, atol=1e-9)


@pytest.mark.parametrize("case", ["flat", "jump"])
def test_the_band_width_of_a_still_window_is_zero_and_not_a_rounding_error(case: str) -> None:
    """No residue of older prices stays in the running sums."""
    answer = recorded(case)
    ours = rows_of(close_only(answer["close"]), "bbands(20,2).upper", "bbands(20,2).lower")
    width = ours["bbands(20,2).upper"] - ours["bbands(20,2).lower"]
    np.testing.assert_allclose(width, answer["bb_width"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", RECORDED)
def test_until_the_hole_the_recorded_answers_hold(name: str) -> None:
    """A NaN bar changes nothing before it."""
    answer = recorded("nan_inside")
    ours = rows_of(close_only(answer["close"]), RECORDED[name])[RECORDED[name]]
    np.testing.assert_allclose(ours[:20], answer[name][:20], rtol=0, atol=1e-9)


def test_a_window_forgets_the_hole_when_it_has_left_as_recorded() -> None:
    """CCI(14) is NaN for the 14 bars that see the hole and right again after them."""
    answer = recorded("nan_inside")
    ours = rows_of(close_only(answer["close"]), "cci(14)")["cci(14)"]
    np.testing.assert_allclose(ours, answer["cci14"], rtol=0, atol=1e-7)


def test_after_a_hole_the_bank_answers_as_a_bank_that_starts_there() -> None:
    """Where TA-Lib says RSI 0 and NaN for ever, every indicator warms up again; bit for bit a fresh start."""
    bars = random_bars(260)
    bars.low[90] = np.nan
    indicators = every_indicator()
    rows = FeatureBank(indicators).batch(bars)
    assert np.isnan(np.delete(rows[90], [i for i, one in enumerate(indicators) if one.kind == "flat_bars"])).all()
    late = FeatureBank(indicators).batch(bars.slice(91, 260))
    np.testing.assert_array_equal(rows[91:], late)


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", ["open", "high", "low", "close"])
def test_any_price_that_is_not_finite_makes_the_whole_bar_a_hole(column: str, hole: float) -> None:
    """The row is NaN and the bank says so."""
    bars = random_bars(60)
    getattr(bars, column)[-1] = hole
    bank = FeatureBank([Indicator("ema", (9,)), Indicator("hour"), Indicator("obv")])
    assert np.isnan(bank.batch(bars)[-1]).all()
    assert bank.doubt() == "nan"


def test_a_missing_volume_silences_only_what_reads_volume() -> None:
    """Prices of that bar are still good."""
    bars = random_bars(80)
    bars.volume[50] = np.nan
    rows = rows_of(bars, "volume", "obv", "mfi(14)", "ema(9)", "atr(14)")
    clean = rows_of(random_bars(80), "ema(9)", "atr(14)")
    for key in ("volume", "obv", "mfi(14)"):
        assert np.isnan(rows[key][50])
    assert np.isnan(rows["mfi(14)"][50:65]).all()
    assert np.isfinite(rows["mfi(14)"][65:]).all()
    for key, values in clean.items():
        np.testing.assert_array_equal(rows[key], values)


def test_the_bank_doubts_a_market_that_has_stopped_moving() -> None:
    """RSI 0 in a halted market must not be read as oversold: ``doubt`` says flat, and movement ends it."""
    bank = FeatureBank([Indicator("rsi", (3,)), Indicator("flat_bars")])
    for i in range(FLAT_LIMIT + 3):
        bank.step(i, 1.0, 1.0, 1.0, 1.0, 0.0)
    assert bank.values.tolist() == [0.0, float(FLAT_LIMIT + 3)]
    assert bank.flat_run == FLAT_LIMIT + 3
    assert bank.doubt() == "flat"
    bank.step(99, 1.0, 1.1, 1.0, 1.1, 0.0)
    assert bank.doubt() == ""
    assert bank.values[1] == 0.0


def test_the_bank_says_that_it_is_still_warming_up() -> None:
    """``doubt`` is warmup until the slowest indicator has a value."""
    bank = FeatureBank([Indicator("sma", (5,)), Indicator("adx", (3,))])
    bars = random_bars(10)
    said = []
    for i in range(10):
        bank.batch(bars.slice(i, i + 1))
        said.append((bank.doubt(), bool(np.isnan(bank.values).any())))
    assert said == [("warmup", True)] * 5 + [("", False)] * 5
    assert bank.warmup == 6
