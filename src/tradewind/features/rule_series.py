"""Indicators as operands, under the names strategies use: ``ema(12) > ema(26)`` is a condition."""

from __future__ import annotations

import functools
from typing import Literal

from tradewind.features.indicator import Indicator
from tradewind.features.rule_expression import Series, value

Edge = Literal["upper", "middle", "lower"]


@functools.lru_cache(maxsize=8192)
def _series(kind: str, params: tuple[float, ...] = (), output: str = "") -> Series:
    """One object for equal operands: thousands of generated rules share a few of them."""
    return value(Indicator(kind, params, output))


def close() -> Series:
    """Closing price."""
    return _series("close")


def hour() -> Series:
    """UTC hour of the close, 0 to 23."""
    return _series("hour")


def ema(n: int) -> Series:
    """Exponential moving average of the close."""
    return _series("ema", (n,))


def sma(n: int) -> Series:
    """Simple moving average of the close."""
    return _series("sma", (n,))


def rsi(n: int) -> Series:
    """Wilder's relative strength index, 0 to 100."""
    return _series("rsi", (n,))


def adx(n: int) -> Series:
    """Wilder's average directional index, 0 to 100."""
    return _series("adx", (n,))


def plus_di(n: int) -> Series:
    """Wilder's upward directional indicator."""
    return _series("plus_di", (n,))


def minus_di(n: int) -> Series:
    """Wilder's downward directional indicator."""
    return _series("minus_di", (n,))


def roc(n: int) -> Series:
    """Rate of change over ``n`` bars in percent."""
    return _series("roc", (n,))


def zscore(n: int) -> Series:
    """Distance of the close from its mean of ``n`` in standard deviations."""
    return _series("zscore", (n,))


def macd(fast: int, slow: int, signal: int, output: Literal["line", "signal"]) -> Series:
    """MACD line, or its signal line."""
    return _series("macd", (fast, slow, signal), output)


def stoch(n: int, slow_k: int, slow_d: int, output: Literal["k", "d"]) -> Series:
    """Slow stochastic %K or %D, 0 to 100."""
    return _series("stoch", (n, slow_k, slow_d), output)


def bbands(n: int, width: float, edge: Edge) -> Series:
    """Bollinger band ``width`` standard deviations from the mean of ``n``."""
    return _series("bbands", (n, width), edge)


def keltner(n: int, atr_n: int, width: float, edge: Edge) -> Series:
    """Keltner channel ``width`` average true ranges from the EMA of ``n``."""
    return _series("kc", (n, atr_n, width), edge)


def donchian(n: int, edge: Edge) -> Series:
    """Highest high, lowest low or their middle over ``n`` bars, this one included."""
    return _series("donchian", (n,), edge)


def supertrend(n: int, width: float) -> Series:
    """Direction of the SuperTrend: +1 while rising, -1 while falling."""
    return _series("supertrend", (n, width), "direction")


def atr(n: int) -> Series:
    """Wilder's average true range, in price."""
    return _series("atr", (n,))


def highest(n: int) -> Series:
    """Highest close of ``n`` bars, this one included."""
    return _series("highest", (n,))


def lowest(n: int) -> Series:
    """Lowest close of ``n`` bars, this one included."""
    return _series("lowest", (n,))


def kama(n: int) -> Series:
    """Kaufman's adaptive average of the close."""
    return _series("kama", (n,))


def efficiency(n: int) -> Series:
    """Kaufman's efficiency ratio, 0 (no net move in ``n`` bars) to 1 (nothing but net move)."""
    return _series("er", (n,))


def cci(n: int) -> Series:
    """Lambert's commodity channel index."""
    return _series("cci", (n,))


def aroon(n: int, output: Literal["up", "down"]) -> Series:
    """Recency of the highest high or the lowest low of ``n`` + 1 bars, 100 when it is this bar, 0 when ``n`` ago."""
    return _series("aroon", (n,), output)


def vortex(n: int, output: Literal["plus", "minus"]) -> Series:
    """Upward or downward vortex movement over the true range of ``n`` bars."""
    return _series("vortex", (n,), output)


def sar(step: float, limit: float) -> Series:
    """Wilder's parabolic stop in force, in price."""
    return _series("sar", (step, limit))
