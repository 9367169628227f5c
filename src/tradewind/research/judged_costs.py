"""Costs of a run held against those that a strategy was judged at."""

from __future__ import annotations

from typing import Final

from tradewind.model.instrument import CostModel

SLACK: Final = 1e-9
"""Relative difference that is rounding."""

_CHARGED: Final = {
    "spread_fraction": "spread",
    "slippage_fraction": "slippage",
    "commission_fraction": "commission",
    "commission_per_lot": "commission per lot",
}


def dearer(now: CostModel, judged: CostModel) -> str:
    """The first charge that is higher in ``now`` than in ``judged``, ``""`` if there is none.

    A spread is compared at each hour. Swaps and funding are no part of a judgement and are not compared.
    """
    for field, name in _CHARGED.items():
        one, other = getattr(now, field), getattr(judged, field)
        if one > other * (1.0 + SLACK):
            return f"{name} {one:g} instead of {other:g}"
    hours = zip(now.spread_by_hour, judged.spread_by_hour, strict=True)
    for hour, (one, other) in enumerate(hours):
        here, there = one * now.spread_fraction, other * judged.spread_fraction
        if here > there * (1.0 + SLACK):
            return f"spread {here:g} instead of {there:g} at {hour:02d}:00 UTC"
    return ""
