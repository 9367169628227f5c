"""Thousands of members over the same bars in one go; trade for trade what the engine's shadow book makes of each.

Members that read the same indicators are swept together, so that an indicator is computed once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.ensemble.shadow import ShadowColumns, charges_of, cost_per_side
from tradewind.features.bank_blocks import BlockProgram, block_program
from tradewind.features.graph import Seeding
from tradewind.features.indicator import Indicator
from tradewind.features.rule import Member
from tradewind.features.rule_masks import MaskProgram, mask_program
from tradewind.features.rule_program import indicators_of
from tradewind.kernels import sweep_layout as at
from tradewind.kernels.sweep import Bars, Features, Rules, sweep
from tradewind.kernels.sweep_columns import WIDTH
from tradewind.kernels.sweep_layout import Book
from tradewind.kernels.sweep_masks import WORDS
from tradewind.model.bar import BarColumns
from tradewind.model.instrument import CostModel

MOST_INDICATORS: Final = 256
"""Indicators of one group: what fits the second-level cache together with the masks."""


_MOST_LOGGED: Final = 8_000_000
"""Trades of a group there is room for at first; memory is taken as they come."""


class SweepResult(NamedTuple):
    """One number per member, ``(n_members,)``, over its closed trades, net of costs.

    ``net``, ``gross_profit``, ``gross_loss`` (positive) and ``max_drawdown`` (of the running sum) are in returns per
    trade, ``net_r`` in R.
    """

    trades: NDArray[np.int64]
    wins: NDArray[np.int64]
    gross_profit: NDArray[np.float64]
    gross_loss: NDArray[np.float64]
    net: NDArray[np.float64]
    max_drawdown: NDArray[np.float64]
    net_r: NDArray[np.float64]


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
        self._reads = [indicators_of([member]) for member in self.members]
        self._groups = tuple(self._laid_out(places) for places in _together(self.members, self._reads))
        self._bars = _bars_of(columns)
        self._tape = _tape_of(columns, costs)

    def run(self, *, threads: int = 1) -> SweepResult:
        """Every member's sums."""
        sums = np.zeros((len(self.members), at.N_REAL))
        no_log = np.zeros((0, at.N_LOG_WHOLE), np.int64), np.zeros((0, at.N_LOG_REAL))

        def work(group: _Group) -> None:
            _, sums[group.places] = self._swept(group, *no_log)

        groups = _split(self._groups, threads)
        if threads <= 1 or len(groups) <= 1:
            for group in groups:
                work(group)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(work, groups))
        return SweepResult(
            sums[:, at.TRADES].astype(np.int64),
            sums[:, at.WINS].astype(np.int64),
            sums[:, at.GROSS_PROFIT],
            sums[:, at.GROSS_LOSS],
            sums[:, at.NET],
            sums[:, at.DRAWDOWN],
            sums[:, at.NET_R],
        )

    def trades(self) -> tuple[ShadowColumns, ...]:
        """The closed trades of every member, oldest first, as the shadow book has them."""
        found: list[ShadowColumns | None] = [None] * len(self.members)
        for group in self._groups:
            whole, real = self._logged(group, min(_MOST_LOGGED, len(group.places) * (len(self.columns.close) // 8 + 1)))
            order = np.argsort(whole[:, at.LOG_MEMBER], kind="stable")
            ends = np.searchsorted(whole[order, at.LOG_MEMBER], np.arange(len(group.places) + 1)).tolist()
            for place, first, last in zip(group.places.tolist(), ends[:-1], ends[1:], strict=True):
                rows = order[first:last]
                found[place] = self._columns_of(whole[rows], real[rows])
        return tuple(one for one in found if one is not None)

    def _logged(self, group: _Group, room: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Every trade of a group; once more over the bars where ``room`` was less than there are."""
        log = np.empty((room, at.N_LOG_WHOLE), dtype=np.int64), np.empty((room, at.N_LOG_REAL))
        whole, _ = self._swept(group, *log)
        count = int(whole[0, at.LOGGED])
        return (log[0][:count], log[1][:count]) if count <= room else self._logged(group, count)

    def _columns_of(self, whole: NDArray[np.int64], real: NDArray[np.float64]) -> ShadowColumns:
        return ShadowColumns(
            ts_entry=self.columns.ts_open[whole[:, at.LOG_ENTRY_BAR]],
            ts_exit=self.columns.ts_close[whole[:, at.LOG_EXIT_BAR]],
            side=whole[:, at.LOG_SIDE],
            r=real[:, at.LOG_R],
            net=real[:, at.LOG_NET],
            entry=real[:, at.LOG_ENTRY],
            exit=real[:, at.LOG_EXIT],
            code=whole[:, at.LOG_CODE],
            ambiguous=whole[:, at.LOG_AMBIGUOUS].astype(np.bool_),
        )

    def _laid_out(self, places: Sequence[int]) -> _Group:
        places = sorted(places, key=lambda k: _walks(self.members[k]))
        members = [self.members[k] for k in places]
        read = dict.fromkeys(chain.from_iterable(self._reads[k] for k in places))
        features = block_program(read, self._seeding)
        rules = mask_program(members, features.rows, features.n_rows)
        whole = np.zeros((len(members), at.N_WHOLE), dtype=np.int64)
        real = np.zeros((len(members), at.N_REAL))
        for k, member in enumerate(members):
            exits = member.rule.exits
            real[k, : at.TRAIL_R + 1] = (*exits.factors, exits.trail_r)
            whole[k, at.TIME_STOP] = exits.time_stop_bars
            whole[k, at.LEAVES] = exits.exit_on_opposite
        whole[:, at.LONG], whole[:, at.SHORT] = rules.longs, rules.shorts
        whole[:, at.READS_FROM], whole[:, at.READS_TO] = rules.spans[:-1], rules.spans[1:]
        whole[:, at.ATR_ROW] = np.where(rules.atr < 0, rules.n_rows, rules.atr)
        return _Group(np.array(places, dtype=np.int64), features, rules, whole, real)

    def _swept(
        self, group: _Group, log_whole: NDArray[np.int64], log_real: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """``(whole, real)`` of a group after all bars; its own state stays as it was."""
        book = Book(group.whole.copy(), group.real.copy(), log_whole, log_real)
        program, rules = group.features, group.rules
        sweep(
            Features(program.program, program.state.copy(), program.steps, program.lanes),
            Rules(
                rules.code,
                rules.numbers,
                rules.reads,
                _aligned(rules.n_rows + 1, WIDTH),
                np.zeros((max(1, rules.n_masks), WORDS), dtype=np.uint64),
            ),
            self._bars,
            self._tape,
            self._earliest,
            int(np.sum((group.whole[:, at.LEAVES] == 0) & (group.real[:, at.TRAIL_R] == 0.0))),
            book,
        )
        return book.whole, book.real


def _bars_of(columns: BarColumns) -> Bars:
    return Bars(
        np.require(columns.ts_close, np.int64, ("C", "W")),
        np.vstack((columns.open, columns.high, columns.low, columns.close, columns.volume)).astype(np.float64),
    )


def _tape_of(columns: BarColumns, costs: CostModel) -> NDArray[np.float64]:
    """The four parts of ``kernels.sweep_trades``: prices, the mirrored ones behind them, room after each."""
    room = np.zeros(at.ROOM)
    paid = cost_per_side(*charges_of(costs), columns)
    mirrored = ((columns.open, columns.open), (columns.high, columns.low), (columns.low, columns.high))
    prices = [part for up, down in mirrored for part in (up, room, -down, room)]
    return np.concatenate((*prices, paid, np.zeros(len(paid) + 2 * at.ROOM)))


def _walks(member: Member) -> bool:
    """Whether its stop follows or the opposite vote makes it leave: those come last."""
    return member.rule.exits.exit_on_opposite or member.rule.exits.trail_r > 0.0


def _together(members: Sequence[Member], reads: Sequence[Sequence[Indicator]]) -> Iterator[list[int]]:
    """Places of members in groups of at most ``MOST_INDICATORS`` indicators; neighbours read the same ones."""
    keys = [tuple(sorted(one.key for one in read)) for read in reads]
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


def _aligned(rows: int, width: int) -> NDArray[np.float64]:
    """Cells whose rows begin on a cache line, so that no vector of eight lies across two."""
    raw = np.zeros(rows * width + 8)
    skip = (-raw.ctypes.data // 8) % 8
    return raw[skip : skip + rows * width].reshape(rows, width)
