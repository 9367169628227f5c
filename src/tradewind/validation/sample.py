"""Closed trades as columns, and their chronological split into a development and a sealed window."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Corrupt, Misconfigured
from tradewind.model.outcome import Trade
from tradewind.model.report import Window


class TradeSample(NamedTuple):
    """Closed trades in order of exit, every array of shape ``(n,)``.

    ``ts_entry`` and ``ts_exit`` are int64 UTC nanoseconds; ``r`` is the net result in R, costs paid.
    """

    ts_entry: NDArray[np.int64]
    ts_exit: NDArray[np.int64]
    r: NDArray[np.float64]

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[int, int, float]]) -> TradeSample:
        """From ``(ts_entry, ts_exit, r)``; equal exits are ordered by their entry."""
        ordered = sorted(rows, key=lambda row: (row[1], row[0]))
        return cls(
            np.array([row[0] for row in ordered], dtype=np.int64),
            np.array([row[1] for row in ordered], dtype=np.int64),
            np.array([row[2] for row in ordered], dtype=np.float64),
        )

    @classmethod
    def of_trades(cls, trades: Iterable[Trade]) -> TradeSample:
        """From round trips of a portfolio."""
        return cls.of_rows((trade.ts_entry, trade.ts_exit, trade.r) for trade in trades)

    def where(self, keep: NDArray[np.bool_]) -> TradeSample:
        """The trades of a mask, shape ``(n,)``."""
        return TradeSample(self.ts_entry[keep], self.ts_exit[keep], self.r[keep])


class Split(NamedTuple):
    """Development trades, sealed trades, the window of each, and how many trades straddled the boundary."""

    development: TradeSample
    sealed: TradeSample
    development_window: Window
    sealed_window: Window
    purged: int


def chronological_split(trades: TradeSample, span: Window, sealed_share: float) -> Split:
    """The last ``sealed_share`` of ``span`` is sealed; a trade open across the boundary belongs to neither window.

    Development trades have exited at the boundary, sealed ones enter at or after it, so that no result of one window
    is made of prices of the other.

    Raises:
        Misconfigured: an empty span or a share outside (0, 1).
        Corrupt: a trade lies outside the span or exits before it enters.
    """
    if span.end <= span.start or not 0.0 < sealed_share < 1.0:
        raise Misconfigured(
            f"span of {span.end - span.start} ns with a sealed share of {sealed_share}",
            where="chronological_split",
            allowed="a span that ends after its start and a share between 0 and 1",
        )
    outside = (trades.ts_entry < span.start) | (trades.ts_exit > span.end) | (trades.ts_exit < trades.ts_entry)
    if bool(outside.any()):
        raise Corrupt(f"{int(outside.sum())} trades lie outside the span they are judged on", where="trades")
    boundary = span.end - round((span.end - span.start) * sealed_share)
    before = trades.ts_exit <= boundary
    after = trades.ts_entry >= boundary
    # A trade that enters and exits at the boundary itself would be in both: it is development.
    after &= ~before
    return Split(
        trades.where(before),
        trades.where(after),
        Window(span.start, boundary),
        Window(boundary, span.end),
        int((~before & ~after).sum()),
    )
