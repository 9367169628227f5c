"""Finds look-ahead exactly: computes again with less future, or another one, and compares every bit of the past.

Nothing is guessed from names or shapes: a column that changes at a bar when bars after it are cut off or rewritten
depends on them, and one that never does over many cuts does not. Replays begin at the first bar of the data, so that
warm-up is the same and no difference comes from that. Five ways to look, in this order for every column:

=========== ==========================================================================================
repeated    the same bars twice: code that answers differently draws or reads a clock
truncated   the first t bars alone, t at every bar of short series, at random and regular ones of long
rewritten   the bars after t are other ones: prices double, halve, wander, or are missing
streamed    bar by bar instead of over whole columns (the product's members)
filled      trades: filled at the open of a bar, or inside its range; decided before the bar they are filled in
=========== ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.model.bar import BarColumns
from tradewind.research.lookahead_futures import FUTURES, cut_points, rewritten
from tradewind.research.lookahead_subjects import Subject
from tradewind.research.lookahead_trace import Horizon, Number, Trace, differences, moment, row_of, trade_text

Form = Literal["repeated", "truncated", "rewritten", "streamed", "filled"]

REWRITINGS: Final = 16
FILLS: Final = 40
"""Trades whose entry bar is rewritten, shared among all lists of trades, at least two of each."""
SAME: Final = 1e-12
"""Share of a price that rounding may change."""
PROBES: Final = 8
"""Trades that are looked for while they are open, shared likewise, at least one of each."""
FOREVER: Final = np.iinfo(np.int64).max


class Leak(msgspec.Struct, frozen=True):
    """``column`` at row ``bar``, which closed at ``ts``: ``full`` with all bars, ``replayed`` in the replay.

    ``known`` is how many bars the replay knew as they are. ``why`` says in words what that means.
    """

    column: str
    bar: int
    ts: int
    form: Form
    known: int
    full: Number
    replayed: Number
    why: str

    def __str__(self) -> str:
        replayed = "" if self.form == "filled" else f" with all bars, {_text(self.replayed)} in the replay"
        return f"{self.column} at bar {self.bar} ({moment(self.ts)}): {_text(self.full)}{replayed}; {self.why}"


class LookaheadReport(msgspec.Struct, frozen=True):
    """What was examined and what was found: one leak a column, in the order of computation."""

    subject: str
    bars: int
    columns: int
    trades: int
    cuts: int
    rewritings: int
    fills: int
    streamed: bool
    leaks: tuple[Leak, ...]

    @property
    def clean(self) -> bool:
        """Nothing was found."""
        return not self.leaks

    def __str__(self) -> str:
        looked = (
            f"{self.columns} columns and {self.trades} trades over {self.bars} bars, {self.cuts} cuts,"
            f" {self.rewritings} rewritings{', bar by bar' if self.streamed else ''}"
        )
        if self.clean:
            return f"{self.subject}: no look-ahead at the bars that were tried ({looked})"
        return "\n".join((f"{self.subject}: LOOK-AHEAD ({looked})", *(f"  {leak}" for leak in self.leaks)))


def examine(
    subject: Subject,
    columns: BarColumns,
    generator: np.random.Generator,
    *,
    cuts: NDArray[np.int64] | None = None,
    rewritings: int = REWRITINGS,
    tolerance: float = 0.0,
    on_replay: Callable[[], None] = lambda: None,
) -> LookaheadReport:
    """Replays ``subject`` over ``columns`` and reports every column and list of trades that saw the future.

    ``cuts`` are numbers of known bars (default: ``cut_points``). ``tolerance`` above 0 is for code whose rounding
    depends on the length of the data, such as a Fourier transform. ``on_replay`` is called after each replay.

    Raises:
        Misconfigured: fewer bars than the subject needs, columns or trades that are none, or trades that leave out
            the ones still open, whose entries could then not be replayed.
    """
    examination = _Examination(subject, columns, generator, tolerance, on_replay)
    if cuts is None:
        cuts = cut_points(columns, generator, first=subject.first)
    examination.repeat()
    examination.require_open_trades()
    examination.truncate(cuts)
    examination.rewrite(cuts, rewritings)
    streamed = examination.stream()
    examination.fill()
    full = examination.full
    return LookaheadReport(
        subject=subject.name,
        bars=len(columns.close),
        columns=len(full.columns),
        trades=sum(len(trades) for trades in full.trades.values()),
        cuts=len(cuts),
        rewritings=rewritings,
        fills=examination.fills,
        streamed=streamed,
        leaks=examination.found(),
    )


class _Examination:
    """One ``examine``: the trace of all bars, and the first leak of each column."""

    def __init__(
        self,
        subject: Subject,
        columns: BarColumns,
        generator: np.random.Generator,
        tolerance: float,
        on_replay: Callable[[], None],
    ) -> None:
        if len(columns.close) <= subject.first:
            raise Misconfigured(f"{len(columns.close)} bars", where=subject.name, allowed=f"more than {subject.first}")
        self._subject = subject
        self._columns = columns
        self._generator = generator
        self._tolerance = tolerance
        self._on_replay = on_replay
        self._leaks: dict[str, Leak] = {}
        self.fills = 0
        self.full = self._replay(columns)

    def repeat(self) -> None:
        """The same bars again."""
        n = len(self._columns.close)
        again = self._replay(self._columns)
        self._note("repeated", n, FOREVER, again, "the same bars gave another answer: a random number or a clock")

    def require_open_trades(self) -> None:
        """Some trades again with the entry bar as the last one: they must be listed, though still open."""
        for name, trades in self.full.trades.items():
            rows = np.array([row_of(self._columns.ts_open, ts) for ts in trades["ts_entry"].tolist()], dtype=np.int64)
            lasts = trades["ts_exit"] > self._columns.ts_close[rows]
            chosen = np.flatnonzero(lasts & (rows >= self._subject.first))[-max(1, PROBES // len(self.full.trades)) :]
            parts = [(self._replay(self._columns.slice(0, int(rows[k]) + 1)), trades[k : k + 1]) for k in chosen]
            if parts and not any(self._holds(name, part, trade) for part, trade in parts):
                raise Misconfigured(
                    "no trade is listed while it is open, so that entries cannot be replayed",
                    where=name,
                    allowed="every trade from its entry on, ts_exit 0 while it is open",
                    next_step="list open trades too",
                )

    def truncate(self, cuts: NDArray[np.int64]) -> None:
        """The first bars alone."""
        for known in cuts.tolist():
            part = self._replay(self._columns.slice(0, known))
            self._note("truncated", known, self._until(known), part, f"it changes with bars after the first {known}")

    def rewrite(self, cuts: NDArray[np.int64], count: int) -> None:
        """Other bars after some of the later cuts, which are not in the warm-up."""
        later = cuts[len(cuts) // 2 :]
        for k in range(count if len(later) else 0):
            known = int(self._generator.choice(later))
            future = FUTURES[k % len(FUTURES)]
            part = self._replay(rewritten(self._columns, known, future, self._generator))
            why = f"it changes when the bars after the first {known} are other ones ({future})"
            self._note("rewritten", known, self._until(known), part, why)

    def stream(self) -> bool:
        """Bar by bar, where the subject can; whether it can."""
        part = self._subject.streamed(self._columns)
        if part is not None:
            self._on_replay()
            n = len(self._columns.close)
            self._note("streamed", n, FOREVER, part, "bar by bar it is another number than over whole columns")
        return part is not None

    def fill(self) -> None:
        """Trades against the bars they were filled in, and against another course of these bars."""
        for name, trades in self.full.trades.items():
            if name in self._leaks:
                continue
            leak = self._impossible(name, trades) or self._redecide(name, trades)
            if leak is not None:
                self._leaks[name] = leak

    def found(self) -> tuple[Leak, ...]:
        """The leaks in the order of computation; columns that only a replay knew come last."""
        order = [*self.full.columns, *self.full.trades]
        ranks = {name: rank for rank, name in enumerate(order)}
        return tuple(sorted(self._leaks.values(), key=lambda leak: (ranks.get(leak.column, len(ranks)), leak.column)))

    def _impossible(self, name: str, trades: NDArray[Any]) -> Leak | None:
        """The first entry at a time or price that nobody could have had."""
        for k in range(len(trades)):
            ts, price = int(trades["ts_entry"][k]), float(trades["entry"][k])
            if ts >= self._columns.ts_close[-1]:
                continue  # to be filled in a bar that has not come
            row = row_of(self._columns.ts_open, ts)
            why = self._fault(row, ts, price)
            if why:
                return self._leak(name, row, "filled", row, trade_text(trades[k : k + 1]), None, why)
        return None

    def _fault(self, row: int, ts: int, price: float) -> str:
        """Why nobody could buy or sell at ``price`` at ``ts``, ``""`` if somebody could."""
        bars = self._columns
        open_, high, low = float(bars.open[row]), float(bars.high[row]), float(bars.low[row])
        if not bars.ts_open[row] <= ts < bars.ts_close[row]:
            return "no bar was open then: the price it is filled at was gone"
        if ts == bars.ts_open[row] and not self._close_to(price, open_):
            return f"that bar opened at {open_:.10g}{self._whose(row, price)}"
        if not low * (1.0 - SAME) <= price <= high * (1.0 + SAME):
            return f"that bar went from {low:.10g} to {high:.10g}{self._whose(row, price)}"
        return ""

    def _whose(self, row: int, price: float) -> str:
        """Which known price of the bar, or of the one before, it is."""
        places = ((row, "the {} of the bar itself"), (row - 1, "the {} of the bar before: one bar of delay is missing"))
        for bar, words in places:
            for field in ("close", "high", "low"):
                if bar >= 0 and self._close_to(price, float(getattr(self._columns, field)[bar])):
                    return f"; the price is {words.format(field)}"
        return ""

    def _redecide(self, name: str, trades: NDArray[Any]) -> Leak | None:
        """Entries at an open again: with the entry bar as the last one, and with another course of it."""
        bars = self._columns
        rows = self._entry_rows(trades)
        chosen = np.flatnonzero(rows >= max(self._subject.first, 1))
        most = max(2, FILLS // len(self.full.trades))
        if len(chosen) > most:
            chosen = np.sort(self._generator.choice(chosen, most, replace=False))
        for k in chosen.tolist():
            row, trade = int(rows[k]), trades[k : k + 1]
            self.fills += 1
            why = ""
            if not self._holds(name, self._replay(bars.slice(0, row + 1)), trade):
                why = "it is not entered when its entry bar is the last one there is"
            for future in FUTURES[:2]:
                other = self._replay(rewritten(bars, row, future, self._generator, opened=True))
                if not why and not self._holds(name, other, trade):
                    why = f"it is gone when the bar it is filled in goes another way ({future}) after the same open"
            if why:
                return self._leak(name, row, "filled", row, trade_text(trade), None, why)
        return None

    def _entry_rows(self, trades: NDArray[Any]) -> NDArray[np.int64]:
        """The row whose open is a trade's entry, -1 where it was entered inside a bar or after the last one."""
        opens = self._columns.ts_open
        rows = np.searchsorted(opens, trades["ts_entry"])
        hit = rows < len(opens)
        hit[hit] = opens[rows[hit]] == trades["ts_entry"][hit]
        return np.where(hit, rows, -1)

    def _holds(self, name: str, part: Trace, trade: NDArray[Any]) -> bool:
        """Whether a replay entered the trade too: same time, side and price."""
        fields = ["ts_entry", "side", "entry"]
        return bool((part.trades[name][fields] == trade[fields]).any())

    def _replay(self, columns: BarColumns) -> Trace:
        trace = self._subject.trace(columns)
        self._on_replay()
        return trace

    def _until(self, known: int) -> int:
        return int(self._columns.ts_close[known - 1])

    def _close_to(self, price: float, other: float) -> bool:
        return abs(price - other) <= SAME * max(abs(price), abs(other))

    def _note(self, form: Form, known: int, until: int, part: Trace, why: str) -> None:
        """Keeps the earliest bar of a column; once one way has found it, the next ways add nothing."""
        horizon = Horizon(known, until, self._tolerance)
        for found in differences(self.full, part, self._columns.ts_open, horizon):
            before = self._leaks.get(found.column)
            if before is None or (before.form == form and found.bar < before.bar):
                self._leaks[found.column] = self._leak(
                    found.column, found.bar, form, known, found.first, found.second, why
                )

    def _leak(self, column: str, bar: int, form: Form, known: int, full: Number, replayed: Number, why: str) -> Leak:
        ts = int(self._columns.ts_close[bar])
        return Leak(column, bar, ts, form, known, full, replayed, why)


def _text(value: Number) -> str:
    if value is None:
        return "nothing"
    return f"{value!r}" if isinstance(value, float) else str(value)
