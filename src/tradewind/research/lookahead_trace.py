"""What a strategy or a piece of code computed over bars, and where two such computations differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured

Number = float | int | str | bool | None
"""A value of a column as it is shown; None where there is none."""

TRADE: Final = np.dtype([("ts_entry", "i8"), ("ts_exit", "i8"), ("side", "i8"), ("entry", "f8"), ("exit", "f8")])
"""One trade, prices before costs. ``ts_exit`` and ``exit`` are 0 while it is open; ``side`` is +1 or -1.

``ts_entry``, UTC nanoseconds, is when the fill happened: the open of a bar, or a moment inside one.
"""


class Trace(NamedTuple):
    """``columns``: name -> one value per bar, in the order of computation; ``trades``: name -> ``TRADE`` rows."""

    columns: Mapping[str, NDArray[Any]]
    trades: Mapping[str, NDArray[Any]]


class Difference(NamedTuple):
    """Where two traces part: ``bar`` is a row; the values of the first and of the second."""

    column: str
    bar: int
    first: Number
    second: Number


class Horizon(NamedTuple):
    """Up to where traces must agree: over ``rows`` bars, and over trades before ``ts``, UTC nanoseconds.

    Equal means the same bits, and any two NaN. With a ``tolerance`` above 0 floats are equal that differ by no more
    than that share of the larger one.
    """

    rows: int
    ts: int
    tolerance: float = 0.0


def differences(first: Trace, second: Trace, ts_open: NDArray[np.int64], horizon: Horizon) -> Iterator[Difference]:
    """The first difference of every column and of every list of trades.

    A trade counts when it was entered before the horizon, its exit when it lies before it: some code closes whatever
    is open at the last bar.
    """
    last = max(horizon.rows - 1, 0)
    for name, values in first.columns.items():
        other = second.columns.get(name)
        if other is None:  # a column that exists with later bars only, such as one per label that occurs
            yield Difference(name, last, _plain(values[last]), None)
            continue
        row = _first_row(values[: horizon.rows], other[: horizon.rows], horizon.tolerance)
        if row is not None:
            yield Difference(name, row, _plain(values[row]), _plain(other[row]))
    for name in second.columns:
        if name not in first.columns:
            yield Difference(name, last, None, _plain(second.columns[name][last]))
    for name, trades in first.trades.items():
        one, two = _before(trades, horizon.ts), _before(second.trades[name], horizon.ts)
        shorter = min(len(one), len(two))
        differs = np.flatnonzero(one[:shorter] != two[:shorter])
        row = int(differs[0]) if len(differs) else (shorter if len(one) != len(two) else None)
        if row is not None:
            both = [trades[row : row + 1] for trades in (one, two)]
            entered = min(int(trade["ts_entry"][0]) for trade in both if len(trade))
            yield Difference(name, row_of(ts_open, entered), *(trade_text(trade) for trade in both))


def checked_columns(made: object, n_bars: int, name: str) -> dict[str, NDArray[Any]]:
    """What a column function gave, as named arrays; a single array takes the function's name.

    Raises:
        Misconfigured: it is no array or mapping of arrays with one value per bar.
    """
    named = made if isinstance(made, Mapping) else {name: made}
    columns = {str(key): np.asarray(values) for key, values in named.items()}
    for key, values in columns.items():
        if values.shape != (n_bars,):
            raise Misconfigured(
                f"column {key} has shape {values.shape} for {n_bars} bars", where=name, allowed="one value per bar"
            )
    return columns


def checked_trades(made: Any, name: str) -> NDArray[Any]:
    """What a trade function gave, as ``TRADE`` rows in the order of entry.

    Raises:
        Misconfigured: it is no sequence of ``(ts_entry, ts_exit or 0, side, entry, exit)``.
    """
    try:
        rows = [(int(a), int(b or 0), int(np.sign(c)), float(d), float(e) if b else 0.0) for a, b, c, d, e in made]
    except (TypeError, ValueError) as error:
        raise Misconfigured(
            f"trades that cannot be read ({error})",
            where=name,
            allowed="a sequence of (ts_entry, ts_exit or 0 while it is open, side, entry, exit)",
        ) from error
    return np.sort(np.array(rows, dtype=TRADE))


def row_of(ts_open: NDArray[np.int64], ts: int) -> int:
    """The row of the bar that opened last at or before ``ts``; 0 before the first."""
    return max(int(np.searchsorted(ts_open, ts, side="right")) - 1, 0)


def moment(ts: int) -> str:
    """A time as people read it, UTC."""
    return str(np.datetime64(int(ts), "ns").astype("datetime64[s]")).replace("T", " ")


def trade_text(trade: NDArray[Any]) -> str | None:
    """The first trade of ``trade`` in words, None where there is none."""
    if not len(trade):
        return None
    ts_entry, ts_exit, side, entry, left = trade[0].item()
    out = f", out at {left:.10g} on {moment(ts_exit)}" if ts_exit else ""
    return f"{'long' if side > 0 else 'short'} at {entry:.10g} on {moment(ts_entry)}{out}"


def _before(trades: NDArray[Any], ts: int) -> NDArray[Any]:
    """Trades entered before ``ts``; what is not out before it is open."""
    known = trades[trades["ts_entry"] < ts]  # a copy
    still = known["ts_exit"] >= ts
    known["ts_exit"][still] = 0
    known["exit"][still] = 0.0
    return known


def _first_row(one: NDArray[Any], two: NDArray[Any], tolerance: float) -> int | None:
    if "f" in (one.dtype.kind, two.dtype.kind) and one.dtype.kind in "fiub" and two.dtype.kind in "fiub":
        one, two = one.astype(np.float64, copy=False), two.astype(np.float64, copy=False)
        same = np.ascontiguousarray(one).view(np.int64) == np.ascontiguousarray(two).view(np.int64)
        if same.all():
            return None
        same |= np.isnan(one) & np.isnan(two)
        if tolerance:
            same |= np.abs(one - two) <= tolerance * np.maximum(np.abs(one), np.abs(two))
    else:
        same = np.asarray(one == two)
    rows = np.flatnonzero(~same)
    return int(rows[0]) if len(rows) else None


def _plain(value: Any) -> Number:
    made = value.item() if hasattr(value, "item") else value
    return made if isinstance(made, float | int | bool | str) else str(made)
