"""Whether two readings of a sealed window are of the same bars and by the same idea, whatever both are called.

A name is changed in a second. What a window told about a family is known by whoever writes the next one, so that a
copy under another name, the same rule with something added, and other words for the same trades have read it, too.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tradewind.model.timeframe import DAY, SECOND
from tradewind.model.trial import Look

LEAST_MOVES: Final = 60
"""Moves between closes that mark a month or a quarter: fewer may be alike by chance, or by correlation."""
SAMPLE: Final = 64
"""Entries that are kept of a candidate."""
LEAST_ENTRIES: Final = 16
"""Entries of both together below which nothing is said about how alike they are."""
ALIKE: Final = 2.0 / 3.0
"""Share of common entries from which two candidates trade alike."""
LEAST_WEEKS: Final = 20
"""Weeks in common below which nothing is said about how alike two markets move: half a year has 26."""
SAME_MOVES: Final = 0.97
"""Correlation of weekly moves, of either sign, from which two series are one market. A random walk moved by h hours has
1 - h / 168 with itself; two different ones of the recorded markets had 0.90 at most over half a year.
"""
_WEEK: Final = 7 * DAY
_MONDAY: Final = 3 * DAY
"""The epoch was a Thursday."""
_MILLIONTH: Final = 1e6
_KIND: Final = re.compile(r"(?P<name>\w+)(?:\((?P<source>.*)\))?(?P<output>\.\w+)?")
_PRICES: Final = frozenset({"open", "high", "low", "close", "median", "typical"})
_NAMES: Final = {
    "highest": "donchian.upper",
    "lowest": "donchian.lower",
    "willr": "stochf.k",
    "natr": "atr",
    "rma(trange)": "atr",
    "mom": "roc",
    "change": "roc",
    "log_return": "roc",
    "bbands.middle": "sma",
    "bbands.percent_b": "zscore",
    "kc.middle": "ema",
}
"""Names of one number, of one up to shift and scale, or of one whose sign and order are the same."""


def bar_marks(ts_open: NDArray[np.int64], close: NDArray[np.float64], start: int, end: int) -> tuple[int, ...]:
    """One number for each calendar month and quarter (UTC) inside ``[start, end)``: which way each close went.

    Up, down or unchanged against the close before, the first move taken as up: the same bars under another name, in
    another unit or turned upside down have the same marks. A month or quarter of fewer than ``LEAST_MOVES`` has none.
    The numbers say nothing about any result. Ascending, below 2^64.
    """
    return tuple(sorted(_marks(ts_open, close, start, end)))


def _marks(ts_open: NDArray[np.int64], close: NDArray[np.float64], start: int, end: int) -> Iterator[int]:
    month = (ts_open // SECOND).astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    for months in (1, 3):
        block = month // months
        for number in np.unique(block).tolist():
            first, last = (
                int(np.datetime64(place * months, "M").astype("datetime64[s]").astype(np.int64)) * SECOND
                for place in (number, number + 1)
            )
            moves = np.sign(np.diff(close[block == number])).astype(np.int8)
            known = moves[moves != 0]
            if start <= first and last <= end and known.size >= LEAST_MOVES:
                text = f"{months} {number} ".encode() + (moves * known[0]).tobytes()
                yield int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def week_moves(ts_open: NDArray[np.int64], close: NDArray[np.float64], start: int, end: int) -> tuple[int, ...]:
    """How each calendar week (UTC, from Monday) inside ``[start, end)`` moved, in millionths of a log return.

    The number of the first week, then a move a week: the last close of the week against the last one of the week
    before, 0 for a week without bars. What is left of bars that are moved by an hour or have noise on their prices.
    Empty where there are fewer than ``LEAST_WEEKS``, or a price is not positive.
    """
    week = (ts_open + _MONDAY) // _WEEK
    first, last = -(-(start + _MONDAY) // _WEEK), (end + _MONDAY) // _WEEK
    inside = (week >= first) & (week < last)
    if last - first <= LEAST_WEEKS or not inside.any() or close[inside].min() <= 0.0:
        return ()
    known, prices = week[inside], np.log(close[inside])
    ends = np.searchsorted(known, np.arange(known[0], last), side="right") - 1
    moves = np.rint(_MILLIONTH * np.diff(prices[ends])).astype(np.int64)
    return (int(known[0]) + 1, *moves.tolist())


@functools.lru_cache(maxsize=4096)
def same_moves(one: tuple[int, ...], two: tuple[int, ...]) -> bool:
    """Whether two of ``week_moves`` are of one market: over the weeks both have, up to noise, shift, scale and sign."""
    if not one or not two:
        return False
    first, last = max(one[0], two[0]), min(one[0] + len(one), two[0] + len(two)) - 1
    if last - first < LEAST_WEEKS:
        return False
    moves = [np.array(some[1 + first - some[0] : 1 + last - some[0]], dtype=np.float64) for some in (one, two)]
    if min(float(some.std()) for some in moves) <= 0.0:
        return False
    return abs(float(np.corrcoef(moves[0], moves[1])[0, 1])) >= SAME_MOVES


def entry_marks(ts_entry: NDArray[np.int64], side: NDArray[np.int64]) -> tuple[int, ...]:
    """``SAMPLE`` of a candidate's entries, each twice its second plus 1 for a long one, ascending.

    Which ones is told by a hash of the entry alone, so that the samples of two candidates hold the same ones of what
    they have in common.
    """
    entries = np.unique(2 * (ts_entry // SECOND) + (side > 0)).astype(np.uint64)
    return tuple(sorted(entries[np.argsort(_scattered(entries), kind="stable")[:SAMPLE]].tolist()))


def common_entries(one: tuple[int, ...], two: tuple[int, ...]) -> tuple[int, int]:
    """``(entries of both, entries of either)`` of two samples, over the time that both cover.

    Where one sample is full, entries beyond the last place of its hash are unknown and are left out of both.
    """
    if not one or not two:
        return 0, 0
    first, last = max(one[0], two[0]), min(one[-1], two[-1])
    known = [np.array(part, dtype=np.uint64) for part in (one, two)]
    reach = min(int(_scattered(part).max()) if part.size == SAMPLE else 2**64 - 1 for part in known)
    within = [
        set(part[(part >= first) & (part <= last) & (_scattered(part) <= np.uint64(reach))].tolist()) for part in known
    ]
    return len(within[0] & within[1]), len(within[0] | within[1])


def same_bars(one: Look, two: Look) -> bool:
    """Whether two windows share time on one series: of one name, or of the same bars or moves under two."""
    if one.timeframe != two.timeframe or one.start >= two.end or two.start >= one.end:
        return False
    return one.symbol == two.symbol or not set(one.bars).isdisjoint(two.bars) or same_moves(one.weeks, two.weeks)


def same_idea(one: Look, two: Look) -> bool:
    """Whether two candidates are of one family by name, or one rule is the other one with something added, or equal."""
    if one.family == two.family:
        return True
    here, there = compared(one.rule), compared(two.rule)
    return bool(here and there) and (here <= there or there <= here)


@functools.lru_cache(maxsize=4096)
def compared(rule: tuple[str, ...]) -> frozenset[str]:
    """The comparisons of a rule (``rule_shape.shape_of``), every indicator by one name whatever it was called.

    Two names of one number, of one up to shift and scale, or of one over another price of the bar are the same:
    ``highest(high)`` and ``highest`` are ``donchian.upper``, Williams' %R is ``stochf.k``, ``natr`` is ``atr``.
    """
    return frozenset(", ".join(sorted({_one_name(kind) for kind in part.split(", ")})) for part in rule)


def _one_name(kind: str) -> str:
    found = _KIND.fullmatch(kind)
    if found is None:
        return kind
    name, source, output = found["name"], found["source"] and _one_name(found["source"]), found["output"] or ""
    if name == "lag" and source:
        return source
    called = name if source is None or source in _PRICES else f"{name}({source})"
    return _NAMES.get(called + output, called + output)


def alike(one: Look, two: Look) -> bool:
    """Whether two candidates entered at the same bars before the seal, for the most part."""
    both, either = common_entries(one.entries, two.entries)
    return either >= LEAST_ENTRIES and both >= ALIKE * either


def _scattered(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers without any order between them, the same on every machine (the finaliser of SplitMix64)."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
