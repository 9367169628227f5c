"""Shadow trades in plain Python, bar by bar: written from the rules in words, sharing no code with the product."""

from __future__ import annotations

import math
from typing import Any, NamedTuple


class OracleTrade(NamedTuple):
    """One closed trade by bar numbers; ``code`` is 1 stop, 2 target, 3 time, 4 opposite vote."""

    side: int
    entry_bar: int
    exit_bar: int
    code: int
    net: float
    r: float


def oracle_trades(columns: Any, cost: Any, sides: Any, atr: Any, exits: Any) -> list[OracleTrade]:
    """All closed trades of one member whose votes are ``sides``; ``cost`` is paid per side, as a fraction of price."""
    trades: list[OracleTrade] = []
    vote, vote_atr = 0, math.nan
    side, entry, entry_bar, fill, distance, stop, target = 0, 0.0, 0, 0.0, 0.0, 0.0, 0.0
    turned = False
    for i in range(len(columns.open)):
        o, h, lo = float(columns.open[i]), float(columns.high[i]), float(columns.low[i])
        if side == 0 and vote != 0:
            wanted = _distance(o, vote_atr, exits, 2.0 * float(cost[i]))
            if wanted > 0.0:
                side, entry, entry_bar, distance, turned = vote, o, i, wanted, False
                fill = o * (1.0 + side * float(cost[i]))
                stop, target = o - side * distance, o + side * (exits.target_r * distance)
        if side != 0:
            code, price = _left(side, o, h, lo, stop, target)
            if exits.time_stop_bars > 0 and i == entry_bar + exits.time_stop_bars:
                code, price = 3, o
            elif turned:
                code, price = 4, o
            if code:
                net = side * (price * (1.0 - side * float(cost[i])) - fill) / fill
                trades.append(OracleTrade(side, entry_bar, i, code, net, net / (distance / entry)))
                side = 0
            elif exits.trail_r > 0.0:
                behind = exits.trail_r * distance
                stop = max(stop, h - behind) if side > 0 else min(stop, lo + behind)
        vote, vote_atr = (int(sides[i]), float(atr[i])) if side == 0 else (0, math.nan)
        if side != 0 and exits.exit_on_opposite and int(sides[i]) == -side:
            turned = True
    return trades


def _distance(price: float, atr: float, exits: Any, round_trip: float) -> float:
    by_price, by_range = exits.stop_pct * price, exits.stop_atr * atr
    if exits.stop_mode == "pct":
        return by_price
    if exits.stop_mode == "atr":
        return by_range
    if math.isnan(by_range):
        return math.nan
    return max(by_price, by_range, exits.min_stop_costs * round_trip * price)


def _left(side: int, o: float, h: float, lo: float, stop: float, target: float) -> tuple[int, float]:
    """``(code, price)``, stop first, gaps at the open; code 0 while the position stays."""
    if side > 0:
        if o <= stop:
            return 1, o
        if lo <= stop:
            return 1, stop
        if o >= target:
            return 2, o
        if h >= target:
            return 2, target
    else:
        if o >= stop:
            return 1, o
        if h >= stop:
            return 1, stop
        if o <= target:
            return 2, o
        if lo <= target:
            return 2, target
    return 0, math.nan
