"""TA-Lib itself as the second engine, on real bars and with unusual parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.unit.features.market import real_bars
from tradewind.features.bank import FeatureBank
from tradewind.features.spec import Indicator
from tradewind.model.bar import BarColumns

talib = pytest.importorskip("talib", reason="TA-Lib is the oracle; it comes with the dev extra")

BARS = 4000
Answer = Callable[[BarColumns], "np.ndarray | tuple[np.ndarray, ...]"]
"""Our keys, in the order of TA-Lib's outputs, and the call."""
CASES: list[tuple[tuple[str, ...], Answer]] = [
    (("ema(13)",), lambda b: talib.EMA(b.close, 13)),
    (("sma(7)",), lambda b: talib.SMA(b.close, 7)),
    (("wma(33)",), lambda b: talib.WMA(b.close, 33)),
    (("hma(31)",), lambda b: talib.HMA(b.close, 31)),
    (("kama(10)",), lambda b: talib.KAMA(b.close, 10)),
    (("rma(9)",), lambda b: talib.RMA(b.close, 9)),
    (("dema(11)",), lambda b: talib.DEMA(b.close, 11)),
    (("tema(9)",), lambda b: talib.TEMA(b.close, 9)),
    (("rsi(2)",), lambda b: talib.RSI(b.close, 2)),
    (("rsi(21)",), lambda b: talib.RSI(b.close, 21)),
    (("trange",), lambda b: talib.TRANGE(b.high, b.low, b.close)),
    (("atr(20)",), lambda b: talib.ATR(b.high, b.low, b.close, 20)),
    (("natr(7)",), lambda b: talib.NATR(b.high, b.low, b.close, 7)),
    (("adx(7)",), lambda b: talib.ADX(b.high, b.low, b.close, 7)),
    (("plus_di(21)",), lambda b: talib.PLUS_DI(b.high, b.low, b.close, 21)),
    (("minus_di(21)",), lambda b: talib.MINUS_DI(b.high, b.low, b.close, 21)),
    (
        ("macd(5,35,5).line", "macd(5,35,5).signal", "macd(5,35,5).histogram"),
        lambda b: talib.MACD(b.close, 5, 35, 5),
    ),
    (
        ("bbands(14,2.5).upper", "bbands(14,2.5).middle", "bbands(14,2.5).lower"),
        lambda b: talib.BBANDS(b.close, 14, 2.5, 2.5, 0),
    ),
    (("stoch(5,3,4).k", "stoch(5,3,4).d"), lambda b: talib.STOCH(b.high, b.low, b.close, 5, 3, 0, 4, 0)),
    (("stochf(9,4).k", "stochf(9,4).d"), lambda b: talib.STOCHF(b.high, b.low, b.close, 9, 4, 0)),
    (("stochrsi(14,9,3).k", "stochrsi(14,9,3).d"), lambda b: talib.STOCHRSI(b.close, 14, 9, 3, 0)),
    (("cci(30)",), lambda b: talib.CCI(b.high, b.low, b.close, 30)),
    (
        ("donchian(55).upper", "donchian(55).middle", "donchian(55).lower"),
        lambda b: talib.DONCHIAN(b.high, b.low, 55),
    ),
    (
        ("supertrend(7,2).value",),
        lambda b: talib.SUPERTREND(b.high, b.low, b.close, timeperiod=7, multiplier=2.0)[0],
    ),
    (
        ("kc(10,20,1.5).upper", "kc(10,20,1.5).middle", "kc(10,20,1.5).lower"),
        lambda b: talib.KC(b.high, b.low, b.close, timeperiod=10, atrperiod=20, nbdev=1.5),
    ),
    (("willr(21)",), lambda b: talib.WILLR(b.high, b.low, b.close, 21)),
    (("mom(3)",), lambda b: talib.MOM(b.close, 3)),
    (("roc(24)",), lambda b: talib.ROC(b.close, 24)),
    (("obv",), lambda b: talib.OBV(b.close, b.volume)),
    (("mfi(10)",), lambda b: talib.MFI(b.high, b.low, b.close, b.volume, 10)),
    (("sar(0.03,0.3)",), lambda b: talib.SAR(b.high, b.low, 0.03, 0.3)),
    (("stddev(9)",), lambda b: talib.STDDEV(b.close, 9, 1.0)),
    (("linreg_slope(50)",), lambda b: talib.LINEARREG_SLOPE(b.close, 50)),
    (("aroon(25).down", "aroon(25).up"), lambda b: talib.AROON(b.high, b.low, 25)),
    (("ultosc(5,10,20)",), lambda b: talib.ULTOSC(b.high, b.low, b.close, 5, 10, 20)),
    (("vortex(21).plus", "vortex(21).minus"), lambda b: talib.VORTEX(b.high, b.low, b.close, 21)),
    (("highest(17)",), lambda b: talib.MAX(b.close, 17)),
    (("lowest(17)",), lambda b: talib.MIN(b.close, 17)),
    (("median",), lambda b: talib.MEDPRICE(b.high, b.low)),
    (("typical",), lambda b: talib.TYPPRICE(b.high, b.low, b.close)),
    (("sma(volume,20)",), lambda b: talib.SMA(b.volume, 20)),
    (("ema(rsi(14),9)",), lambda b: _shifted(talib.EMA(talib.RSI(b.close, 14)[14:], 9), 14)),
]


def _shifted(values: np.ndarray, by: int) -> np.ndarray:
    return np.concatenate((np.full(by, np.nan), values))


@pytest.fixture(scope="module", params=["EURUSD-1h", "XAUUSD-1h", "BTCUSDT-1m"])
def market(request: pytest.FixtureRequest) -> tuple[BarColumns, dict[str, np.ndarray]]:
    bars = real_bars(request.param, BARS, skip=5000)
    bank = FeatureBank(Indicator.parse(key) for keys, _ in CASES for key in keys)
    rows = bank.batch(bars)
    return bars, {key: rows[:, column] for key, column in bank.index.items()}


@pytest.mark.parametrize(("keys", "call"), CASES, ids=[keys[0] for keys, _ in CASES])
def test_an_indicator_equals_ta_lib_on_real_bars(
    keys: tuple[str, ...], call: Answer, market: tuple[BarColumns, dict[str, np.ndarray]]
) -> None:
    """1e-9 of the price for prices, 1e-7 of a point for oscillators; the same NaN."""
    bars, ours = market
    theirs = call(bars)
    answers = theirs if isinstance(theirs, tuple) else (theirs,)
    for key, answer in zip(keys, answers, strict=True):
        scale = np.nanmax(np.abs(answer)) if "(" not in key or not key.startswith(("cci", "stoch")) else 100.0
        np.testing.assert_array_equal(np.isnan(ours[key]), np.isnan(answer), err_msg=key)
        np.testing.assert_allclose(ours[key], answer, rtol=0, atol=1e-9 * max(scale, 1.0), err_msg=key)
