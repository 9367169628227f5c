"""The summary of a day: what was decided and earned, and how much of the limits is used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from tradewind.adapters.store.outbox import Outbox
from tradewind.adapters.store.reader import Queryable
from tradewind.app.people.trade_words import Closed, closed_trades
from tradewind.app.signal_text import percent
from tradewind.model.announcement import Announcement
from tradewind.model.guard import AccountMark
from tradewind.model.timeframe import DAY, SECOND

_KINDS: Final = (
    "SELECT kind, count(*) FROM decisions WHERE symbol = ? AND timeframe = ? AND ts > ? AND ts <= ? GROUP BY kind"
)
_TOLD: Final = (
    "SELECT d.state, count(*) FROM deliveries d WHERE d.ts > ? AND d.ts <= ? GROUP BY d.state ORDER BY d.state"
)


class Limits(NamedTuple):
    """The limits without a firm's rules: shares of the day's first equity and of the highest one."""

    daily_loss: float
    drawdown: float


class DailyReports:
    """Puts one report for every day (UTC, of the market's time) that ended; the outbox knows those it has.

    ``series`` are ``(symbol, timeframe)`` of what is decided. ``mark`` gives the account as it is now; None where
    nothing is traded.
    """

    def __init__(
        self,
        outbox: Outbox,
        database: Queryable,
        series: Iterable[tuple[str, str]],
        mark: Callable[[int], AccountMark | None],
        limits: Limits,
        now: int,
    ) -> None:
        self._outbox = outbox
        self._database = database
        self._series = tuple(series)
        self._mark = mark
        self._limits = limits
        self._day = outbox.market_time(now) // DAY

    def look(self, now: int) -> bool:
        """Makes the report of the day that is over, once; whether one was made."""
        market = self._outbox.market_time(now)
        day = market // DAY
        if day <= self._day:
            return False
        ended, self._day = day * DAY, day
        lines = self._lines(ended)
        if lines is None:
            return False
        name = datetime.fromtimestamp((ended - DAY) // SECOND, UTC).strftime("%Y-%m-%d")
        self._outbox.put("report", f"day {name}", Announcement(f"Daily summary {name}", ended, tuple(lines)), now=now)
        return True

    def _lines(self, ended: int) -> list[str] | None:
        """None where nothing was decided on that day."""
        kinds: Counter[str] = Counter()
        for one in self._series:  # by the key of the table, which holds a year of closes
            kinds.update(dict(self._database.query(_KINDS, (*one, ended - DAY, ended))[1]))
        if not kinds:
            return None
        trades = [one for one in closed_trades(self._database, ended - DAY) if one.ts_exit <= ended]
        told: dict[str, int] = dict(self._database.query(_TOLD, (ended - DAY, ended))[1])
        mark = self._mark(ended)
        return [
            f"Decisions: {sum(kinds.values())}, signals: {kinds.get('signal', 0)}",
            *_earned(trades),
            *(_account(mark, self._limits) if mark is not None else []),
            f"Messages: {told.get('sent', 0)} sent, {told.get('missed', 0)} missed, {told.get('failed', 0)} failed",
        ]


def _earned(trades: list[Closed]) -> list[str]:
    if not trades:
        return ["Trades: none closed"]
    won = sum(one.net > 0.0 for one in trades)
    net, r = sum(one.net for one in trades), sum(one.r for one in trades)
    return [f"Trades: {len(trades)} closed, {percent(won / len(trades))} won", f"Result: {net:+.2f} ({r:+.2f} R)"]


def _account(mark: AccountMark, limits: Limits) -> list[str]:
    """Equity, and of both limits what is used and what remains; the floors are a firm's where one has rules."""
    daily = mark.daily_floor if mark.daily_floor is not None else mark.day_equity * (1.0 - limits.daily_loss)
    total = mark.total_floor if mark.total_floor is not None else mark.peak * (1.0 - limits.drawdown)
    rows = [
        f"Equity: {mark.equity:.2f}, balance {float(mark.balance):.2f}",
        _room("Daily loss", mark.day_equity, mark.equity, daily),
        _room("Total loss", mark.peak, mark.equity, total),
    ]
    return [*rows, f"Firm: {mark.verdict}, {mark.trading_days} trading days"] if mark.verdict else rows


def _room(name: str, start: float, equity: float, floor: float) -> str:
    used, whole = max(0.0, start - equity), start - floor
    share = percent(used / whole) if whole > 0.0 else "-"
    return f"{name}: {used:.2f} of {whole:.2f} used ({share}), {max(0.0, equity - floor):.2f} remain"
