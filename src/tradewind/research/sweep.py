"""Thousands of members over the same bars in one go; trade for trade what the engine's shadow book makes of each.

Members that read the same indicators are swept together, so that an indicator is computed once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.ensemble.shadow import ShadowColumns, charges_of, cost_per_side
from tradewind.features.bank_blocks import BlockProgram, block_program
from tradewind.features.graph import Seeding
from tradewind.features.rule import Member
from tradewind.features.rule_masks import MaskProgram, mask_program
from tradewind.features.rule_program import indicators_of
from tradewind.kernels import sweep as kernel
from tradewind.kernels.sweep_columns import WIDTH
from tradewind.kernels.sweep_masks import WORDS
from tradewind.model.bar import BarColumns
from tradewind.model.instrument import CostModel
from tradewind.model.timeframe import DAY

MOST_INDICATORS: Final = 256
"""Indicators of one group: what fits the second-level cache together with the masks."""
_ROOM: Final = 16


class SweepResult(NamedTuple):
    """One number per member, ``(n_members,)``, over its closed trades, net of costs.

    ``net``, ``gross_profit``, ``gross_loss`` (positive) and ``max_drawdown`` (of the running sum) are in returns per
    trade, ``net_r`` and ``squared_r`` in R. ``signature`` is a hash of (side, entry bar, exit bar) of all trades:
    members with equal ones trade alike. ``daily`` is net R by UTC day of the exit, ``(n_members, n_days)`` float32,
    None where it was not asked for; ``days`` are their day numbers since 1970.
    """

    trades: NDArray[np.int64]
    wins: NDArray[np.int64]
    gross_profit: NDArray[np.float64]
    gross_loss: NDArray[np.float64]
    net: NDArray[np.float64]
    max_drawdown: NDArray[np.float64]
    net_r: NDArray[np.float64]
    squared_r: NDArray[np.float64]
    signature: NDArray[np.uint64]
    days: NDArray[np.int64]
    daily: NDArray[np.float32] | None


class _Group(NamedTuple):
    """Members swept together: their places, the programs they share, and how each of them leaves."""

    places: NDArray[np.int64]
    features: BlockProgram
    rules: MaskProgram
    whole: NDArray[np.int64]
    real: NDArray[np.float64]


class Sweep:
    """``members`` over ``columns``, bars of the members' own timeframe without holes in their prices, oldest first.

    ``costs`` are charged as in the shadow book. No vote before bar ``earliest`` counts.
    """

    def __init__(
        self,
        members: Sequence[Member],
        columns: BarColumns,
        costs: CostModel,
        *,
        seeding: Seeding = "sma",
        earliest: int = 0,
    ) -> None:
        self.members = tuple(members)
        self.columns = columns
        self._seeding: Seeding = seeding
        self._earliest = earliest
        self._groups = tuple(self._laid_out(places) for places in _together(self.members))
        self._prices = _prices_of(columns)
        self._cost = np.ascontiguousarray(cost_per_side(*charges_of(costs), columns))
        day = (columns.ts_close - 1) // DAY
        self.days, self._day = np.unique(day, return_inverse=True)

    def run(
        self, *, daily: bool = False, threads: int = 1, on_group: Callable[[int], None] = lambda n: None
    ) -> SweepResult:
        """Every member's sums; ``daily`` adds the R by day. ``on_group`` is told how many members were done."""
        n = len(self.members)
        table = np.zeros((n, len(self.days)), dtype=np.float32) if daily else None
        sums, signature = np.zeros((n, kernel.N_SUMS)), np.zeros(n, dtype=np.int64)

        def work(group: _Group) -> int:
            size = len(group.places)
            own = np.zeros((size, len(self.days) if daily else 0), dtype=np.float32)
            whole, found = self._swept(
                group, own, np.zeros((0, kernel.N_LOG_WHOLE), np.int64), np.zeros((0, kernel.N_LOG_REAL))
            )
            sums[group.places], signature[group.places] = found, whole[:, kernel.SIGNATURE]
            if table is not None:
                table[group.places] = own
            return size

        for done in _mapped(work, _split(self._groups, threads), threads):
            on_group(done)
        return SweepResult(
            sums[:, kernel.TRADES].astype(np.int64),
            sums[:, kernel.WINS].astype(np.int64),
            sums[:, kernel.GROSS_PROFIT],
            sums[:, kernel.GROSS_LOSS],
            sums[:, kernel.NET],
            sums[:, kernel.DRAWDOWN],
            sums[:, kernel.NET_R],
            sums[:, kernel.SQUARED_R],
            signature.view(np.uint64),
            self.days,
            table,
        )

    def trades(self) -> tuple[ShadowColumns, ...]:
        """The closed trades of every member, oldest first, as the shadow book has them."""
        found: list[ShadowColumns | None] = [None] * len(self.members)
        none = np.zeros((0, 0), dtype=np.float32)
        for group in self._groups:
            size = len(group.places)
            empty = (np.zeros((0, kernel.N_LOG_WHOLE), np.int64), np.zeros((0, kernel.N_LOG_REAL)))
            _, sums = self._swept(group, np.zeros((size, 0), dtype=np.float32), *empty)
            counts = sums[:, kernel.TRADES].astype(np.int64)
            starts = np.concatenate(([0], np.cumsum(counts)))
            log_whole = np.zeros((max(1, int(starts[-1])), kernel.N_LOG_WHOLE), dtype=np.int64)
            log_real = np.zeros((len(log_whole), kernel.N_LOG_REAL))
            logged = group._replace(whole=group.whole.copy())
            logged.whole[:, kernel.LOGGED] = starts[:-1]
            self._swept(logged, np.zeros((size, 0), dtype=np.float32), log_whole, log_real)
            for k, place in enumerate(group.places.tolist()):
                rows = slice(int(starts[k]), int(starts[k + 1]))
                found[place] = self._columns_of(log_whole[rows], log_real[rows])
        del none
        return tuple(one for one in found if one is not None)

    def _columns_of(self, whole: NDArray[np.int64], real: NDArray[np.float64]) -> ShadowColumns:
        return ShadowColumns(
            ts_entry=self.columns.ts_open[whole[:, kernel.LOG_ENTRY_BAR]],
            ts_exit=self.columns.ts_close[whole[:, kernel.LOG_EXIT_BAR]],
            side=whole[:, kernel.LOG_SIDE],
            r=real[:, kernel.LOG_R],
            net=real[:, kernel.LOG_NET],
            entry=real[:, kernel.LOG_ENTRY],
            exit=real[:, kernel.LOG_EXIT],
            code=whole[:, kernel.LOG_CODE],
            ambiguous=whole[:, kernel.LOG_AMBIGUOUS].astype(np.bool_),
        )

    def _laid_out(self, places: Sequence[int]) -> _Group:
        members = [self.members[k] for k in places]
        features = block_program(indicators_of(members), self._seeding)
        rules = mask_program(members, features.rows, features.n_rows)
        whole = np.zeros((len(members), kernel.N_WHOLE), dtype=np.int64)
        real = np.zeros((len(members), kernel.N_REAL))
        for k, member in enumerate(members):
            exits = member.rule.exits
            real[k, : kernel.TRAIL_R + 1] = (*exits.factors, exits.trail_r)
            whole[k, kernel.TIME_STOP] = exits.time_stop_bars
            whole[k, kernel.LEAVES] = exits.exit_on_opposite
        whole[:, kernel.LONG], whole[:, kernel.SHORT] = rules.longs, rules.shorts
        whole[:, kernel.READS_FROM], whole[:, kernel.READS_TO] = rules.spans[:-1], rules.spans[1:]
        whole[:, kernel.ATR_ROW] = rules.atr
        return _Group(np.array(places, dtype=np.int64), features, rules, whole, real)

    def _swept(
        self, group: _Group, daily: NDArray[np.float32], log_whole: NDArray[np.int64], log_real: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """``(whole, sums)`` of a group after all bars; its own state stays as it was."""
        whole, real = group.whole.copy(), group.real.copy()
        sums = np.zeros((len(whole), kernel.N_SUMS))
        prices = self._prices
        kernel.sweep(
            group.features.program,
            group.features.state.copy(),
            group.features.steps,
            group.features.lanes,
            group.rules.code,
            group.rules.numbers,
            group.rules.reads,
            _aligned(group.rules.n_rows, WIDTH),
            np.zeros((max(1, group.rules.n_masks), WORDS), dtype=np.uint64),
            prices.ts_close,
            prices.bars,
            prices.opens,
            prices.highs,
            prices.lows,
            self._cost,
            self._day,
            self._earliest,
            whole,
            real,
            sums,
            daily,
            log_whole,
            log_real,
        )
        return whole, sums


class _Prices(NamedTuple):
    ts_close: NDArray[np.int64]
    bars: NDArray[np.float64]
    opens: NDArray[np.float64]
    highs: NDArray[np.float64]
    lows: NDArray[np.float64]


def _prices_of(columns: BarColumns) -> _Prices:
    room = np.zeros(_ROOM)
    return _Prices(
        np.require(columns.ts_close, np.int64, ("C", "W")),
        np.vstack((columns.open, columns.high, columns.low, columns.close, columns.volume)).astype(np.float64),
        np.concatenate((columns.open, room, -columns.open, room)),
        np.concatenate((columns.high, room, -columns.low, room)),
        np.concatenate((columns.low, room, -columns.high, room)),
    )


def _together(members: Sequence[Member]) -> Iterator[list[int]]:
    """Places of members in groups of at most ``MOST_INDICATORS`` indicators; neighbours read the same ones."""
    keys = [tuple(sorted(one.key for one in indicators_of([member]))) for member in members]
    group: list[int] = []
    held: set[str] = set()
    for place in sorted(range(len(members)), key=lambda k: (members[k].family, keys[k])):
        if group and len(held.union(keys[place])) > MOST_INDICATORS:
            yield group
            group, held = [], set()
        group.append(place)
        held.update(keys[place])
    if group:
        yield group


def _split(groups: Sequence[_Group], threads: int) -> list[_Group]:
    """At least as many groups as threads: large ones are halved until there are, their features computed by each."""
    parts = list(groups)
    while 0 < len(parts) < threads and max(len(one.places) for one in parts) > 1:
        largest = max(parts, key=lambda one: len(one.places))
        parts.remove(largest)
        middle = len(largest.places) // 2
        for rows in (slice(0, middle), slice(middle, None)):
            parts.append(
                largest._replace(places=largest.places[rows], whole=largest.whole[rows], real=largest.real[rows])
            )
    return parts


def _mapped(work: Callable[[_Group], int], groups: Sequence[_Group], threads: int) -> Iterator[int]:
    if threads <= 1 or len(groups) <= 1:
        yield from map(work, groups)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(work, groups)


def _aligned(rows: int, width: int) -> NDArray[np.float64]:
    """Cells whose rows begin on a cache line, so that no vector of eight lies across two."""
    raw = np.zeros(rows * width + 8)
    skip = (-raw.ctypes.data // 8) % 8
    return raw[skip : skip + rows * width].reshape(rows, width)
