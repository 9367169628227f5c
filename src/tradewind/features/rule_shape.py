"""What a rule compares, whatever it is called and whatever its numbers are."""

from __future__ import annotations

from tradewind.features.indicator import Indicator
from tradewind.features.rule_expression import comparisons_of, operands_of
from tradewind.features.rule_member import Rule


def shape_of(rule: Rule) -> tuple[str, ...]:
    """Every comparison of ``rule`` as the kinds of indicators it holds against each other, sorted, each once.

    ``close > donchian(20).upper`` is ``close, donchian.upper``. Numbers, lags, directions, arithmetic, ``not`` and the
    order of parts are left out, so that rules of one shape differ in nothing but these. A comparison that reads no
    indicator says nothing and is left out, too.
    """
    sides = (rule.long, rule.short)
    found = {
        ", ".join(sorted({_kind(series.indicator) for series in operands_of(part)}))
        for side in sides
        for part in comparisons_of(side)
    }
    return tuple(sorted(found - {""}))


def _kind(indicator: Indicator) -> str:
    """``donchian.upper``, ``pct_rank(atr)``: the key without its numbers."""
    source = "" if indicator.source is None else f"({_kind(indicator.source)})"
    output = f".{indicator.output}" if indicator.output else ""
    return f"{indicator.kind}{source}{output}"
