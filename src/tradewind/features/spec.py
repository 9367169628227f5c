"""Constructors of indicators, one per kind: ``ema(20)``, ``macd(12, 26, 9, "signal")``, ``pct_rank(atr(14), 500)``.

Formulas, units and warm-ups are in ``definitions.DEFINITIONS``. ``of`` is the indicator to read instead of the close.
Every constructor raises Misconfigured for parameters out of range.
"""

from __future__ import annotations

from tradewind.errors import Misconfigured
from tradewind.features.indicator import Indicator

PRICES = ("open", "high", "low", "close", "volume", "median", "typical")


def price(name: str = "close") -> Indicator:
    """A column of the bar: open, high, low, close, volume, median or typical."""
    if name not in PRICES:
        raise Misconfigured(f"price {name!r}", allowed=", ".join(PRICES))
    return Indicator(name)


def hour() -> Indicator:
    """UTC hour 0..23 of the bar's close time."""
    return Indicator("hour")


def weekday() -> Indicator:
    """UTC weekday of the bar's close time, Monday 0."""
    return Indicator("weekday")


def flat_bars() -> Indicator:
    """Bars in a row without any movement."""
    return Indicator("flat_bars")


def lag(of: Indicator, n: int = 1) -> Indicator:
    """``of``, ``n`` bars ago."""
    return Indicator("lag", (n,), source=of)


def highest(n: int, of: Indicator | None = None) -> Indicator:
    """Highest of the last n, this bar included."""
    return Indicator("highest", (n,), source=of)


def lowest(n: int, of: Indicator | None = None) -> Indicator:
    """Lowest of the last n, this bar included."""
    return Indicator("lowest", (n,), source=of)


def sma(n: int, of: Indicator | None = None) -> Indicator:
    """Simple moving average."""
    return Indicator("sma", (n,), source=of)


def ema(n: int, of: Indicator | None = None) -> Indicator:
    """Exponential moving average, alpha = 2 / (n + 1)."""
    return Indicator("ema", (n,), source=of)


def rma(n: int, of: Indicator | None = None) -> Indicator:
    """Wilder's moving average, alpha = 1 / n."""
    return Indicator("rma", (n,), source=of)


def wma(n: int, of: Indicator | None = None) -> Indicator:
    """Linearly weighted moving average."""
    return Indicator("wma", (n,), source=of)


def hma(n: int, of: Indicator | None = None) -> Indicator:
    """Hull's moving average."""
    return Indicator("hma", (n,), source=of)


def dema(n: int, of: Indicator | None = None) -> Indicator:
    """Double exponential moving average."""
    return Indicator("dema", (n,), source=of)


def tema(n: int, of: Indicator | None = None) -> Indicator:
    """Triple exponential moving average."""
    return Indicator("tema", (n,), source=of)


def kama(n: int = 10, of: Indicator | None = None) -> Indicator:
    """Kaufman's adaptive moving average."""
    return Indicator("kama", (n,), source=of)


def er(n: int = 10, of: Indicator | None = None) -> Indicator:
    """Kaufman's efficiency ratio, 0..1."""
    return Indicator("er", (n,), source=of)


def linreg_slope(n: int = 14, of: Indicator | None = None) -> Indicator:
    """Least-squares slope, price per bar."""
    return Indicator("linreg_slope", (n,), source=of)


def mom(n: int = 10, of: Indicator | None = None) -> Indicator:
    """Difference to n bars ago."""
    return Indicator("mom", (n,), source=of)


def roc(n: int = 10, of: Indicator | None = None) -> Indicator:
    """Percent change over n bars."""
    return Indicator("roc", (n,), source=of)


def change(n: int = 1, of: Indicator | None = None) -> Indicator:
    """Simple return over n bars, as a fraction."""
    return Indicator("change", (n,), source=of)


def log_return(n: int = 1, of: Indicator | None = None) -> Indicator:
    """Log return over n bars."""
    return Indicator("log_return", (n,), source=of)


def rsi(n: int = 14, of: Indicator | None = None) -> Indicator:
    """Relative strength index, 0..100."""
    return Indicator("rsi", (n,), source=of)


def macd(
    fast: int = 12, slow: int = 26, signal: int = 9, output: str = "line", of: Indicator | None = None
) -> Indicator:
    """Convergence of two EMAs: ``line``, ``signal`` or ``histogram``."""
    return Indicator("macd", (fast, slow, signal), output, of)


def stoch(n: int = 14, slow_k: int = 3, slow_d: int = 3, output: str = "k") -> Indicator:
    """Slow stochastic: ``k`` or ``d``."""
    return Indicator("stoch", (n, slow_k, slow_d), output)


def stochf(n: int = 14, fast_d: int = 3, output: str = "k") -> Indicator:
    """Fast stochastic: ``k`` or ``d``."""
    return Indicator("stochf", (n, fast_d), output)


def stochrsi(
    n: int = 14, window: int = 14, fast_d: int = 3, output: str = "k", of: Indicator | None = None
) -> Indicator:
    """Fast stochastic of the RSI: ``k`` or ``d``."""
    return Indicator("stochrsi", (n, window, fast_d), output, of)


def willr(n: int = 14) -> Indicator:
    """Williams %R, -100..0."""
    return Indicator("willr", (n,))


def cci(n: int = 20) -> Indicator:
    """Commodity channel index."""
    return Indicator("cci", (n,))


def mfi(n: int = 14) -> Indicator:
    """Money flow index, 0..100."""
    return Indicator("mfi", (n,))


def ultosc(short: int = 7, medium: int = 14, long: int = 28) -> Indicator:
    """Ultimate oscillator, 0..100."""
    return Indicator("ultosc", (short, medium, long))


def obv() -> Indicator:
    """On-balance volume."""
    return Indicator("obv")


def trange() -> Indicator:
    """True range."""
    return Indicator("trange")


def atr(n: int = 14) -> Indicator:
    """Average true range, in price."""
    return Indicator("atr", (n,))


def natr(n: int = 14) -> Indicator:
    """Average true range, in percent of the close."""
    return Indicator("natr", (n,))


def stddev(n: int = 20, of: Indicator | None = None) -> Indicator:
    """Population standard deviation."""
    return Indicator("stddev", (n,), source=of)


def zscore(n: int = 20, of: Indicator | None = None) -> Indicator:
    """Distance to the mean in standard deviations."""
    return Indicator("zscore", (n,), source=of)


def rvol(n: int = 20, of: Indicator | None = None) -> Indicator:
    """Realised volatility: sample standard deviation of one-bar log returns."""
    return Indicator("rvol", (n,), source=of)


def bbands(n: int = 20, width: float = 2.0, output: str = "middle", of: Indicator | None = None) -> Indicator:
    """Bollinger bands: ``upper``, ``middle``, ``lower``, ``bandwidth`` or ``percent_b``."""
    return Indicator("bbands", (n, width), output, of)


def donchian(n: int = 20, output: str = "upper") -> Indicator:
    """Donchian channel, this bar included: ``upper``, ``middle`` or ``lower``."""
    return Indicator("donchian", (n,), output)


def kc(n: int = 20, atr_n: int = 10, width: float = 2.0, output: str = "middle") -> Indicator:
    """Keltner channel: ``upper``, ``middle`` or ``lower``."""
    return Indicator("kc", (n, atr_n, width), output)


def pct_rank(of: Indicator, n: int = 500) -> Indicator:
    """Percentile rank of ``of`` among its own last n values, 0..100."""
    return Indicator("pct_rank", (n,), source=of)


def quantile(of: Indicator, n: int = 500, q: float = 0.95) -> Indicator:
    """The q quantile of the last n values of ``of``."""
    return Indicator("quantile", (n, q), source=of)


def plus_di(n: int = 14) -> Indicator:
    """Upward directional index, 0..100."""
    return Indicator("plus_di", (n,))


def minus_di(n: int = 14) -> Indicator:
    """Downward directional index, 0..100."""
    return Indicator("minus_di", (n,))


def adx(n: int = 14) -> Indicator:
    """Strength of the trend, 0..100."""
    return Indicator("adx", (n,))


def aroon(n: int = 14, output: str = "up") -> Indicator:
    """Recency of the extreme: ``up`` or ``down``, 0..100."""
    return Indicator("aroon", (n,), output)


def vortex(n: int = 14, output: str = "plus") -> Indicator:
    """Vortex movement: ``plus`` or ``minus``."""
    return Indicator("vortex", (n,), output)


def sar(step: float = 0.02, limit: float = 0.2) -> Indicator:
    """Parabolic stop and reverse, in price."""
    return Indicator("sar", (step, limit))


def supertrend(n: int = 10, width: float = 3.0, output: str = "direction") -> Indicator:
    """Supertrend: ``value`` (price) or ``direction`` (+1, -1)."""
    return Indicator("supertrend", (n, width), output)
