"""Numbers and times as people read them. A missing number is a dash, never a zero."""

from __future__ import annotations

from datetime import UTC, datetime

from tradewind.model.timeframe import SECOND

DASH = "–"
SHARPE_DAYS = 30
"""Days a ratio per year needs; a few days scaled up to a year would be a number without a meaning."""


def number(value: float | None, digits: int = 2, *, signed: bool = False) -> str:
    """Fixed decimals with thousands separated; a real minus sign."""
    if value is None:
        return DASH
    text = f"{value:+,.{digits}f}" if signed else f"{value:,.{digits}f}"
    if text.startswith("-") and not text.strip("-0.,"):
        text = text[1:]  # a loss that rounds to nothing is no loss
    return text.replace("-", "−")


def percent(value: float | None, digits: int = 1, *, signed: bool = False) -> str:
    """A fraction as per cent."""
    return DASH if value is None else number(100.0 * value, digits, signed=signed) + "%"


def multiple(value: float | None, digits: int = 2) -> str:
    """A result in multiples of the risk taken."""
    return DASH if value is None else number(value, digits, signed=True) + " R"


def interval(low: float | None, high: float | None, digits: int = 1) -> str:
    """A 95% interval of a fraction, in per cent."""
    return DASH if low is None or high is None else f"{percent(low, digits)} to {percent(high, digits)}"


def moment(ts: int) -> str:
    """A time in UTC to the minute."""
    return datetime.fromtimestamp(ts // SECOND, UTC).strftime("%Y-%m-%d %H:%M")


def day(ts: int) -> str:
    """A date in UTC."""
    return datetime.fromtimestamp(ts // SECOND, UTC).strftime("%Y-%m-%d")


def tone(value: float | None) -> str:
    """CSS class of a result: good above 0, bad below, none at 0 or unknown."""
    if value is None or value == 0.0:
        return ""
    return "good" if value > 0.0 else "bad"
