"""The shadow book: what every member would have earned on its own, net of costs, from its votes alone.

Members earn their record whether or not the ensemble trades, so a member that is never followed is still judged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Corrupt, Misconfigured
from tradewind.features.rule import Member
from tradewind.kernels import matching
from tradewind.kernels import shadow as kernel
from tradewind.model.bar import Bar, BarColumns
from tradewind.model.decision import Record
from tradewind.model.instrument import CostModel
from tradewind.model.order import Leg
from tradewind.model.timeframe import HOUR

MIN_DAYS: Final = 30
"""Days the book must have seen before a correlation is estimated."""
MIN_TRADES: Final = 20
"""Closed trades either member must have before their correlation is estimated."""

_FORMAT: Final = 2
LEGS: Final = {
    matching.STOP: Leg.STOP,
    matching.TARGET: Leg.TARGET,
    matching.TIME: Leg.TIME,
    matching.OPPOSITE: Leg.CLOSE,
}


class ShadowTrade(NamedTuple):
    """One closed shadow trade. ``r`` = ``net`` / (stop distance / entry), ``net`` the return after costs per side.

    ``ts_entry`` is the open of the entry bar, ``ts_exit`` the close of the exit bar: the result is known only then.
    """

    ts_entry: int
    ts_exit: int
    side: int
    r: float
    net: float
    entry: float
    exit: float
    leg: Leg
    ambiguous: bool


class ShadowColumns(NamedTuple):
    """The closed trades of one member as columns, oldest first; the fields of ``ShadowTrade``, ``code`` for the leg."""

    ts_entry: NDArray[np.int64]
    ts_exit: NDArray[np.int64]
    side: NDArray[np.int64]
    r: NDArray[np.float64]
    net: NDArray[np.float64]
    entry: NDArray[np.float64]
    exit: NDArray[np.float64]
    code: NDArray[np.int64]
    ambiguous: NDArray[np.bool_]


def charges_of(costs: CostModel) -> tuple[float, tuple[float, ...]]:
    """``(slippage and commission, half spread by UTC hour)`` of one side, fractions of price."""
    fixed = costs.slippage_fraction + costs.commission_fraction
    return fixed, tuple(costs.spread_fraction * factor for factor in costs.spread_by_hour)


def cost_per_side(fixed: float, by_hour: Sequence[float], columns: BarColumns) -> NDArray[np.float64]:
    """What one side pays in each bar, ``(n_bars,)``, a fraction of price: half the bar's spread where it has one."""
    own = 0.5 * columns.spread / columns.open
    modelled = np.array(by_hour)[columns.ts_open // HOUR % 24]
    cost: NDArray[np.float64] = fixed + np.where(np.isnan(columns.spread), modelled, own)
    return cost


class _Snapshot(msgspec.Struct, frozen=True):
    format: int
    members: tuple[str, ...]
    exits: bytes
    whole: bytes
    real: bytes
    daily: bytes
    log_whole: bytes
    log_real: bytes


class ShadowBook:
    """Shadow trades of ``members`` on one symbol and timeframe.

    A vote at the close of bar i enters at the open of bar i+1 if the member is flat after bar i. The stop distance
    follows the member's ``Exits`` with that open and the ATR of bar i. Costs per side are half the bar's own spread
    (``spread_fraction`` by hour where it has none), slippage and proportional commission; swaps, funding and commission
    per lot depend on size and holding and are left to the broker. A position still open stays open.

    With ``keep_closed=False`` only the trades of the last step are kept, for processes that run for months.
    ``records`` holds what ``record`` gives, None where a trade has closed since it was asked.
    """

    def __init__(
        self, members: Sequence[Member], costs: CostModel, *, origin: str = "shadow", keep_closed: bool = True
    ) -> None:
        self.members = tuple(members)
        self.origin = origin
        self._keep = keep_closed
        self._fixed, self._by_hour = charges_of(costs)
        m = len(self.members)
        self._whole = np.zeros((m + 1, kernel.N_WHOLE), dtype=np.int64)
        self._real = np.zeros((m, kernel.N_REAL))
        self._daily = np.zeros((m + 1, m))
        for k, member in enumerate(self.members):
            self._real[k, [kernel.STOP_PCT, kernel.STOP_ATR, kernel.TARGET_R, kernel.FLOOR_COSTS]] = (
                member.rule.exits.factors
            )
            self._real[k, kernel.TRAIL_R] = member.rule.exits.trail_r
            self._whole[k, kernel.TIME_STOP] = member.rule.exits.time_stop_bars
            self._whole[k, kernel.LEAVES] = member.rule.exits.exit_on_opposite
        self._log_whole = np.zeros((4 * m + 64, kernel.N_LOG_WHOLE), dtype=np.int64)
        self._log_real = np.zeros((4 * m + 64, kernel.N_LOG_REAL))
        self._room = len(self._log_real) - m
        self.records: list[Record | None] = [None] * m
        self._everybody = np.arange(m)
        self._newest = 0
        _compile()

    def step(self, bar: Bar, sides: NDArray[np.int8], atr: NDArray[np.float64]) -> None:
        """Take a closed bar and the votes at its close; ``sides`` and ``atr`` have shape ``(n_members,)``."""
        book = self._whole[-1]
        if not self._keep:
            book[kernel.LOGGED] = 0
        elif book[kernel.LOGGED] > self._room:
            self._grow()
        spread = bar.spread
        cost = self._fixed + (self._by_hour[bar.ts_open // HOUR % 24] if spread is None else 0.5 * spread / bar.open)
        closed = kernel.shadow_step(
            self._whole,
            self._real,
            self._daily,
            self._log_whole,
            self._log_real,
            sides,
            atr,
            bar.ts_open,
            bar.ts_close,
            bar.open,
            bar.high,
            bar.low,
            cost,
        )
        self._newest = closed
        if closed:
            logged = int(book[kernel.LOGGED])
            for member in self._log_whole[logged - closed : logged, kernel.LOG_MEMBER].tolist():
                self.records[member] = None

    def run(self, columns: BarColumns, sides: NDArray[np.int8], atr: NDArray[np.float64]) -> None:
        """``step`` over many bars with the same kernel; ``sides`` and ``atr`` are ``(n_bars, n_members)``."""
        shape = (len(columns.open), len(self.members))
        if sides.shape != shape or atr.shape != shape:
            raise Misconfigured(
                f"votes of shape {sides.shape} and ranges of shape {atr.shape}", where="shadow book", allowed=str(shape)
            )
        cost = cost_per_side(self._fixed, self._by_hour, columns)
        times = np.column_stack((columns.ts_open, columns.ts_close))
        prices = np.column_stack((columns.open, columns.high, columns.low, cost))
        votes, ranges = np.ascontiguousarray(sides), np.ascontiguousarray(atr)
        self.records = [None] * len(self.members)
        done = 0
        while done < shape[0]:
            done = kernel.shadow_run(
                self._whole,
                self._real,
                self._daily,
                self._log_whole,
                self._log_real,
                votes,
                ranges,
                times,
                prices,
                done,
            )
            if done < shape[0]:
                self._grow()

    def record(self, member: int) -> Record:
        """What member number ``member`` has shown so far; losses are negative in ``mean_loss_r``, 0 counts as one."""
        known = self.records[member]
        if known is None:  # a record changes only when a trade closes, and is asked for far more often
            known = self.records[member] = self._record(self._whole[member].tolist(), self._real[member].tolist())
        return known

    def _record(self, whole: list[int], real: list[float]) -> Record:
        n, wins = whole[kernel.TRADES], whole[kernel.WINS]
        losses = n - wins
        return Record(
            n=n,
            wins=wins,
            mean_r=real[kernel.MEAN] if n else None,
            sd_r=math.sqrt(real[kernel.SQUARES] / (n - 1)) if n > 1 else None,
            mean_win_r=real[kernel.WIN_SUM] / wins if wins else None,
            mean_loss_r=real[kernel.LOSS_SUM] / losses if losses else None,
            origin=self.origin,
        )

    def kept(self, member: int) -> bytes:
        """What member number ``member`` has shown and has open, for ``resume``."""
        return self._whole[member, kernel.SIDE :].tobytes() + self._real[member, kernel.VOTE_ATR :].tobytes()

    def resume(self, member: int, kept: bytes = b"", *, flat: bool = True) -> None:
        """Gives a member another past: what ``kept`` returned, without the trade that was open then where ``flat``.

        Without anything kept it has shown nothing yet. Its correlation with others is that of the days from now on.

        Raises:
            Corrupt: the bytes are those of another format.
        """
        whole, real = self._whole[member, kernel.SIDE :], self._real[member, kernel.VOTE_ATR :]
        if kept and len(kept) != whole.nbytes + real.nbytes:
            raise Corrupt(f"{len(kept)} bytes of a past", where="shadow book", allowed=str(whole.nbytes + real.nbytes))
        whole[:] = np.frombuffer(kept[: whole.nbytes], dtype=np.int64) if kept else 0
        real[:] = np.frombuffer(kept[whole.nbytes :]) if kept else 0.0
        if flat:
            whole[: kernel.TRADES - kernel.SIDE] = 0
            self._real[member, kernel.DAY_R] = 0.0
        self._daily[member, :] = self._daily[:, member] = 0.0
        self.records[member] = None

    def open_side(self, member: int) -> int:
        """+1 or -1 while the member has a shadow trade open, else 0."""
        return int(self._whole[member, kernel.SIDE])

    def open_trade(self, member: int) -> tuple[int, int, float] | None:
        """``(ts_entry, side, entry)`` of the shadow trade the member has open, None while it is flat."""
        whole = self._whole[member]
        side = int(whole[kernel.SIDE])
        return (int(whole[kernel.TS_ENTRY]), side, float(self._real[member, kernel.ENTRY])) if side else None

    def columns(self, member: int) -> ShadowColumns:
        """The closed trades of member number ``member`` as columns, oldest first."""
        logged = int(self._whole[-1, kernel.LOGGED])
        whole = self._log_whole[:logged]
        mine = whole[:, kernel.LOG_MEMBER] == member
        whole, real = whole[mine], self._log_real[:logged][mine]
        return ShadowColumns(
            ts_entry=whole[:, kernel.LOG_TS_ENTRY],
            ts_exit=whole[:, kernel.LOG_TS_EXIT],
            side=whole[:, kernel.LOG_SIDE],
            r=real[:, kernel.LOG_R],
            net=real[:, kernel.LOG_NET],
            entry=real[:, kernel.LOG_ENTRY],
            exit=real[:, kernel.LOG_EXIT],
            code=whole[:, kernel.LOG_CODE],
            ambiguous=whole[:, kernel.LOG_AMBIGUOUS].astype(np.bool_),
        )

    def closed(self, member: int) -> list[ShadowTrade]:
        """The closed trades of member number ``member``, oldest first."""
        rows = zip(*(column.tolist() for column in self.columns(member)), strict=True)
        return [ShadowTrade._make((*row[:-2], LEGS[row[-2]], row[-1])) for row in rows]

    def newest(self) -> list[tuple[int, ShadowTrade]]:
        """``(member number, trade)`` of every trade that the last ``step`` closed, in member order."""
        if not self._newest:
            return []
        logged = int(self._whole[-1, kernel.LOGGED])
        members = self._log_whole[logged - self._newest : logged, kernel.LOG_MEMBER].tolist()
        return [(member, self.closed(member)[-1]) for member in sorted(members)]

    def correlation(self, members: Sequence[int] | None = None) -> NDArray[np.float64]:
        """Pearson correlation of the R per UTC day of ``members`` (default: all), ``(k, k)``, finished days only.

        A day without a closed trade counts as 0 R. Exactly 1.0 where unknown (fewer than ``MIN_DAYS`` days, fewer than
        ``MIN_TRADES`` trades, no variation): members not known to differ are taken to be the same one.
        """
        chosen = self._everybody if members is None else np.array(members, dtype=np.int64)
        size = len(chosen)
        if self._whole[-1, kernel.DAYS] < MIN_DAYS:
            return np.ones((size, size))
        correlation = np.empty((size, size))
        kernel.correlate(self._whole, self._daily, chosen, MIN_TRADES, correlation)
        return correlation

    def snapshot(self) -> bytes:
        """The whole state; ``restore`` on a book of the same members continues bit for bit."""
        logged = int(self._whole[-1, kernel.LOGGED])
        return msgspec.msgpack.encode(
            _Snapshot(
                _FORMAT,
                tuple(member.id for member in self.members),
                self._exits(),
                self._whole.tobytes(),
                self._real.tobytes(),
                self._daily.tobytes(),
                self._log_whole[:logged].tobytes(),
                self._log_real[:logged].tobytes(),
            )
        )

    def restore(self, snapshot: bytes) -> None:
        """Take over the state of ``snapshot``.

        Raises:
            Corrupt: the bytes are no snapshot of this format, or lack parts.
            Misconfigured: the snapshot belongs to other members or other exits.
        """
        where, advice = "shadow book snapshot", "rebuild by replaying the journal"
        try:
            held = msgspec.msgpack.decode(snapshot, type=_Snapshot)
        except msgspec.DecodeError as error:
            raise Corrupt(str(error), where=where, next_step=advice) from error
        ids = tuple(member.id for member in self.members)
        if (held.format, held.members, held.exits) != (_FORMAT, ids, self._exits()):
            raise Misconfigured(
                f"format {held.format}, members {', '.join(held.members)} and the exits they had",
                where=where,
                allowed=f"format {_FORMAT}, members {', '.join(ids)} and their present exits",
                next_step=advice,
            )
        try:
            whole = np.frombuffer(held.whole, dtype=np.int64).reshape(self._whole.shape)
            real = np.frombuffer(held.real).reshape(self._real.shape)
            daily = np.frombuffer(held.daily).reshape(self._daily.shape)
            log_whole = np.frombuffer(held.log_whole, dtype=np.int64).reshape(-1, kernel.N_LOG_WHOLE)
            log_real = np.frombuffer(held.log_real).reshape(len(log_whole), kernel.N_LOG_REAL)
        except ValueError as error:
            raise Corrupt(str(error), where=where, next_step=advice) from error
        self._whole, self._real, self._daily = whole.copy(), real.copy(), daily.copy()
        self._log_whole, self._log_real = log_whole.copy(), log_real.copy()
        self.records = [None] * len(self.members)
        self._grow()

    def _exits(self) -> bytes:
        factors = self._real[:, kernel.STOP_PCT : kernel.TRAIL_R + 1].tobytes()
        return factors + self._whole[:-1, kernel.TIME_STOP : kernel.LEAVES + 1].tobytes()

    def _grow(self) -> None:
        more = len(self._log_real) + 4 * len(self.members) + 64
        self._log_whole = np.concatenate((self._log_whole, np.zeros((more, kernel.N_LOG_WHOLE), dtype=np.int64)))
        self._log_real = np.concatenate((self._log_real, np.zeros((more, kernel.N_LOG_REAL))))
        self._room = len(self._log_real) - len(self.members)


def _compile() -> None:
    """Have the kernels compiled (or read from their cache) now, on a book of nobody: no candle waits for a compiler."""
    whole, real, daily = np.zeros((1, kernel.N_WHOLE), dtype=np.int64), np.zeros((0, kernel.N_REAL)), np.zeros((1, 0))
    log_whole, log_real = np.zeros((0, kernel.N_LOG_WHOLE), dtype=np.int64), np.zeros((0, kernel.N_LOG_REAL))
    nobody = np.zeros(0, dtype=np.int8)
    kernel.shadow_step(whole, real, daily, log_whole, log_real, nobody, np.zeros(0), 0, 1, 1.0, 1.0, 1.0, 0.0)
    kernel.correlate(whole, daily, np.zeros(0, dtype=np.int64), MIN_TRADES, np.zeros((0, 0)))
