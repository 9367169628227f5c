"""Old and new bars of one series become one, without ever choosing silently between two versions of a bar."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.adapters.market.sealed.manifest import Segment
from tradewind.errors import Corrupt, Misconfigured
from tradewind.model.bar import LEAST_PRICE, MOST_PRICE, BarColumns

POLICIES = ("refuse", "keep", "replace")
_SHOWN = 3


class Traced(NamedTuple):
    """Bars with their origins: ``origin`` (int64, one per bar) indexes ``origins``, pairs (source, synthetic)."""

    columns: BarColumns
    origin: NDArray[np.int64]
    origins: tuple[tuple[str, str], ...]


def traced(columns: BarColumns, segments: tuple[Segment, ...]) -> Traced:
    """Spreads run-length segments back over the rows."""
    origins = tuple(dict.fromkeys((segment.source, segment.synthetic) for segment in segments))
    codes = np.array([origins.index((s.source, s.synthetic)) for s in segments], dtype=np.int64)
    return Traced(columns, np.repeat(codes, [segment.rows for segment in segments]), origins)


def segments_of(bars: Traced) -> tuple[Segment, ...]:
    """Run-length encodes the origins of the rows."""
    origin, times = bars.origin, bars.columns.ts_open
    starts = np.flatnonzero(np.r_[True, origin[1:] != origin[:-1]])
    stops = np.r_[starts[1:], len(origin)]
    return tuple(
        Segment(int(times[start]), int(times[stop - 1]), int(stop - start), *bars.origins[int(origin[start])])
        for start, stop in zip(starts, stops, strict=True)
    )


def merge(old: Traced, new: Traced, policy: str) -> Traced:
    """The union by bar open. Equal bars count once; a bar known with and without spread keeps the spread.

    Args:
        old: what is stored.
        new: what arrives.
        policy: for bars that differ: ``refuse`` (nothing is changed), ``keep`` the stored or ``replace`` by the new.

    Raises:
        Misconfigured: bars differ and the policy is ``refuse``, or the policy is unknown.
    """
    if policy not in POLICIES:
        raise Misconfigured(f"unknown conflict policy {policy!r}", allowed=", ".join(POLICIES))
    at = np.searchsorted(old.columns.ts_open, new.columns.ts_open)
    at_safe = np.minimum(at, len(old.columns.ts_open) - 1)
    shared = old.columns.ts_open[at_safe] == new.columns.ts_open
    into, taken = at_safe[shared], np.flatnonzero(shared)
    differs = _differs(old.columns, into, new.columns, taken)
    if policy == "refuse" and differs.any():
        raise _conflict(old.columns, into[differs], new.columns, taken[differs])
    spread = old.columns.spread.copy()
    unknown = np.isnan(spread[into]) & ~differs
    spread[into[unknown]] = new.columns.spread[taken[unknown]]
    base = old.columns._replace(spread=spread)

    keep_old = np.ones(len(base.ts_open), dtype=bool)
    fresh = ~shared
    if policy == "replace":
        keep_old[into[differs]] = False
        fresh[taken[differs]] = True
    origins = tuple(dict.fromkeys(old.origins + new.origins))
    recode = np.array([origins.index(pair) for pair in new.origins], dtype=np.int64)
    order = np.argsort(np.concatenate((base.ts_open[keep_old], new.columns.ts_open[fresh])), kind="stable")
    columns = BarColumns(
        *(np.concatenate((a[keep_old], b[fresh]))[order] for a, b in zip(base, new.columns, strict=True))
    )
    origin = np.concatenate((old.origin[keep_old], recode[new.origin[fresh]]))[order]
    return Traced(columns, origin, origins)


def _differs(old: BarColumns, into: NDArray[np.int64], new: BarColumns, taken: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where two bars of one open are not the same bar; an unknown spread agrees with any."""
    differs = np.zeros(len(into), dtype=bool)
    for a, b in zip(old[1:-1], new[1:-1], strict=True):
        differs |= a[into] != b[taken]
    a, b = old.spread[into], new.spread[taken]
    differs |= (a != b) & ~np.isnan(a) & ~np.isnan(b)
    return differs


def _conflict(old: BarColumns, into: NDArray[np.int64], new: BarColumns, taken: NDArray[np.int64]) -> Misconfigured:
    examples = []
    for i, j in list(zip(into.tolist(), taken.tolist(), strict=True))[:_SHOWN]:
        names = [n for n, a, b in zip(old._fields, old, new, strict=True) if a[i] != b[j] and not np.isnan(b[j])]
        pairs = ", ".join(f"{n} {getattr(old, n)[i]:.10g} stored, {getattr(new, n)[j]:.10g} new" for n in names)
        examples.append(f"{when(int(old.ts_open[i]))} ({pairs})")
    return Misconfigured(
        f"{len(into)} bars differ from the stored ones: {'; '.join(examples)}{' ...' if len(into) > _SHOWN else ''}",
        allowed="keep the stored bars or replace them by the new ones",
        next_step="repeat with --on-conflict keep or --on-conflict replace; nothing was changed",
    )


def require_sound(columns: BarColumns, what: str) -> None:
    """Refuses columns no store may hold: unsorted or overlapping times, prices that are not prices.

    Raises:
        Corrupt: naming the first offending bar.
    """
    n = len(columns.ts_open)
    faults = {
        "does not close after it opens": columns.ts_close <= columns.ts_open,
        "opens before its predecessor closes": np.r_[False, columns.ts_open[1:] < columns.ts_close[:-1]],
        f"has prices that are not positive ({LEAST_PRICE:g} to {MOST_PRICE:g}), or low above high": ~(
            (columns.low >= LEAST_PRICE) & (columns.low <= columns.high) & (columns.high <= MOST_PRICE)
        ),
        "opens or closes outside its range": ~(
            (columns.low <= columns.open)
            & (columns.open <= columns.high)
            & (columns.low <= columns.close)
            & (columns.close <= columns.high)
        ),
        "has a negative or non-finite volume": ~((columns.volume >= 0) & np.isfinite(columns.volume)),
        "has an infinite spread": np.isinf(columns.spread),
    }
    for reason, where in faults.items():
        if where.any():
            first = int(np.argmax(where))
            raise Corrupt(
                f"bar {first + 1} of {n} at {when(int(columns.ts_open[first]))} {reason}; nothing was stored",
                where=what,
                next_step="correct the source, or import it with --skip-bad",
            )


def when(ts: int) -> str:
    """UTC minutes for people: ``2023-03-24 12:40Z``."""
    return str(np.datetime64(ts, "ns").astype("datetime64[m]")).replace("T", " ") + "Z"
