"""Faults of a simulated feed, injected on request and listed, so that every guard can be held against the truth."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.model.bar import BarColumns

_Count = Annotated[int, msgspec.Meta(ge=0)]


class FaultKind(StrEnum):
    """What can go wrong with bars; ``gap`` is a price jump, ``missing`` a hole in time."""

    GAP = "gap"
    FROZEN = "frozen"
    SPIKE = "spike"
    MISSING = "missing"
    DUPLICATE = "duplicate"


class MarketFaults(msgspec.Struct, frozen=True, kw_only=True):
    """How many of each fault, and how large. Sizes are in deviations of a normal bar; runs are in bars."""

    gaps: _Count = 0
    frozen: _Count = 0
    spikes: _Count = 0
    missing: _Count = 0
    duplicates: _Count = 0
    gap_deviations: float = 15.0
    spike_deviations: float = 25.0
    frozen_bars: Annotated[int, msgspec.Meta(ge=2)] = 6
    missing_bars: Annotated[int, msgspec.Meta(ge=1)] = 3

    def sites(self) -> list[tuple[FaultKind, int]]:
        """``(kind, bars it takes)`` of every fault asked for."""
        return [
            *[(FaultKind.GAP, 1)] * self.gaps,
            *[(FaultKind.FROZEN, self.frozen_bars)] * self.frozen,
            *[(FaultKind.SPIKE, 1)] * self.spikes,
            *[(FaultKind.MISSING, self.missing_bars)] * self.missing,
            *[(FaultKind.DUPLICATE, 1)] * self.duplicates,
        ]


class InjectedFault(msgspec.Struct, frozen=True):
    """One fault as injected: ``[first, last]`` rows of the clean market, and the times they cover."""

    kind: FaultKind
    first: int
    last: int
    ts_open: int
    ts_close: int
    side: int = 1


def place(
    faults: MarketFaults, ts_open: NDArray[np.int64], ts_close: NDArray[np.int64], generator: np.random.Generator
) -> tuple[InjectedFault, ...]:
    """Where the faults go: one in each of as many equal stretches of bars as there are faults, in shuffled order.

    Raises:
        Misconfigured: the market is too short to hold them apart.
    """
    sites = faults.sites()
    if not sites:
        return ()
    n = ts_open.size
    stretch = n // (len(sites) + 1)
    longest = max(length for _, length in sites)
    if stretch < longest + 2:
        raise Misconfigured(
            f"{len(sites)} faults of up to {longest} bars in {n} bars",
            where="simulated market",
            allowed=f"at least {(longest + 2) * (len(sites) + 1)} bars",
            next_step="ask for fewer faults or more bars",
        )
    placed = []
    for position, index in enumerate(generator.permutation(len(sites))):
        kind, length = sites[int(index)]
        first = (position + 1) * stretch + int(generator.integers(0, stretch - length - 1))
        last = first + length - 1
        side = 1 if generator.random() < 0.5 else -1
        placed.append(InjectedFault(kind, first, last, int(ts_open[first]), int(ts_close[last]), side))
    return tuple(placed)


def apply(
    columns: BarColumns, faults: MarketFaults, injected: tuple[InjectedFault, ...], deviation: float, tick: float
) -> BarColumns:
    """What the feed delivers instead of ``columns``; price gaps are in them already. ``deviation`` is of log price."""
    price = {name: getattr(columns, name).copy() for name in ("open", "high", "low", "close", "volume")}
    copies = np.ones(columns.ts_open.size, dtype=np.int64)
    for fault in injected:
        span = slice(fault.first, fault.last + 1)
        if fault.kind is FaultKind.FROZEN:
            stuck = columns.close[fault.first - 1]
            for name in ("open", "high", "low", "close"):
                price[name][span] = stuck
            price["volume"][span] = 0.0
        elif fault.kind is FaultKind.SPIKE:
            jump = float(np.exp(fault.side * faults.spike_deviations * deviation))
            name = "high" if fault.side > 0 else "low"
            price[name][span] = np.round(columns.close[span] * jump / tick) * tick
        elif fault.kind is FaultKind.MISSING:
            copies[span] = 0
        elif fault.kind is FaultKind.DUPLICATE:
            copies[span] = 2
    rows = np.repeat(np.arange(copies.size), copies)
    return BarColumns(
        columns.ts_open[rows],
        columns.ts_close[rows],
        price["open"][rows],
        price["high"][rows],
        price["low"][rows],
        price["close"][rows],
        price["volume"][rows],
        columns.spread[rows],
    )
