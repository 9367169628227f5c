"""One account under a firm's rules: floors of the day and in total, trading days, target, best day, news, verdict.

Everything follows from what it was told, in order; floors are set at the firm's midnight from the balance then and
kept, never computed again from a later equity. A floor is broken by an equity strictly below it, in whole cents.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from tradewind.model.timeframe import SECOND
from tradewind.risk.firm_rules import FirmRules

Verdict = Literal["IN_PROGRESS", "PASS", "FAIL"]
DAILY: Final = "max_daily_loss"
TOTAL: Final = "max_loss"
NEWS: Final = "news_window"
WEEKEND: Final = "weekend"
ALL: Final = "all_objectives"


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def day_of(ts: int, zone: str) -> date:
    """The local date of a moment."""
    return datetime.fromtimestamp(ts // SECOND, UTC).astimezone(_zone(zone)).date()


def midnight(day: date, zone: str) -> int:
    """UTC nanoseconds at which a local date begins; days of 23 and 25 hours included."""
    return int(datetime(day.year, day.month, day.day, tzinfo=_zone(zone)).timestamp()) * SECOND


def next_midnight(ts: int, zone: str) -> int:
    """The first local midnight later than ``ts``."""
    return midnight(day_of(ts, zone) + timedelta(days=1), zone)


class Judged(NamedTuple):
    """A verdict that came to be: ``rule`` decided it ``at`` (UTC nanoseconds); ``value`` met ``limit``."""

    verdict: Verdict
    rule: str
    at: int
    value: float | None = None
    limit: float | None = None


class FirmState(msgspec.Struct):
    """What an account remembers. Money is account currency; ``best_day`` is the largest profit of a finished day."""

    initial: float
    stage: str
    kind: str
    day: date
    day_end: int
    anchor: float
    daily_floor: float
    total_floor: float
    highest: float
    balance: float
    equity: float
    flat: bool = True
    trading_days: int = 0
    last_trading_day: date | None = None
    day_balance: float = 0.0
    best_day: float = 0.0
    verdict: Verdict = "IN_PROGRESS"
    rule: str = ""
    at: int = 0


class FirmAccount:
    """An account of ``initial`` in a stage of ``rules`` since ``ts``; ``kind`` is its type (standard, swing)."""

    def __init__(self, rules: FirmRules, initial: float, stage: str, kind: str, ts: int) -> None:
        """Starts with the floors of a first day at the initial balance.

        Raises:
            Misconfigured: the firm has no such stage.
        """
        self.rules = rules
        self._stage = rules.stage(stage)
        day = day_of(ts, rules.time_zone)
        self.state = FirmState(
            initial, stage, kind, day, next_midnight(ts, rules.time_zone), initial, 0.0, 0.0, initial, initial, initial
        )
        self._new_floors()

    @property
    def floor(self) -> float:
        """The nearer floor: the higher of the two."""
        return max(self.state.daily_floor, self.state.total_floor)

    @property
    def daily_room(self) -> float:
        """Cash between the day's anchor and its floor."""
        return self.rules.daily_loss.share * self.state.initial

    @property
    def daily_used(self) -> float:
        """Share of the day's room that is used, 0 where the day stands above its anchor."""
        return max(0.0, (self.state.anchor - self.state.equity) / self.daily_room)

    @property
    def total_room(self) -> float:
        """Cash between the level the total floor hangs from and that floor."""
        return self.rules.total_loss.share * self.state.initial

    @property
    def total_used(self) -> float:
        """Share of the total room that is used."""
        return max(0.0, (self.state.total_floor + self.total_room - self.state.equity) / self.total_room)

    @property
    def total_profit(self) -> float:
        """Balance - initial balance."""
        return self.state.balance - self.state.initial

    def opened(self, ts: int) -> None:
        """A position was opened: this firm day is a trading day. Holding one makes none."""
        state = self.state
        state.flat = False
        day = day_of(ts, self.rules.time_zone)
        if day != state.last_trading_day:
            state.last_trading_day = day
            state.trading_days += 1

    def advance(self, ts: int) -> Judged | None:
        """Lets every midnight up to ``ts`` pass: new anchors, then the carried equity against the new floor."""
        state = self.state
        while ts >= state.day_end:
            at = state.day_end
            state.best_day = max(state.best_day, state.balance - state.day_balance)
            state.day = state.day + timedelta(days=1)
            state.day_end = midnight(state.day + timedelta(days=1), self.rules.time_zone)
            anchor = self.rules.daily_loss.anchor
            state.anchor = {
                "balance": state.balance, "equity": state.equity, "higher": max(state.balance, state.equity),
            }[anchor]  # fmt: skip
            state.highest = max(state.highest, state.balance)
            self._new_floors()
            judged = self._floors_hold(at)
            if judged is not None:
                return judged
        return None

    def on_account(self, ts: int, balance: float, equity: float, *, flat: bool) -> Judged | None:
        """The account as it stands at ``ts``; a verdict where it just came to be, and only the first one ever."""
        judged = self.advance(ts)
        if judged is not None:
            return judged
        state = self.state
        state.balance, state.equity, state.flat = balance, equity, flat
        judged = self._floors_hold(ts)
        if judged is None and self.reached:
            judged = self._decided(Judged("PASS", ALL, ts, balance, self.target_balance))
        return judged

    def filled_near_news(self, ts: int, news: int) -> Judged | None:
        """A fill at ``ts`` on an instrument that listed news at ``news`` targets."""
        window = self.rules.news
        if not self._stage.news_window or self.state.kind in window.exempt_types:
            return None
        if news - window.before_s * SECOND <= ts <= news + window.after_s * SECOND:
            return self._decided(Judged("FAIL", NEWS, ts, (ts - news) / SECOND, float(window.after_s)))
        return None

    def held_over_weekend(self, ts: int) -> Judged | None:
        """A position is open at ``ts``, when its market has closed for the weekend."""
        if not self.flat_weekends or self.state.flat:
            return None
        return self._decided(Judged("FAIL", WEEKEND, ts))

    @property
    def flat_weekends(self) -> bool:
        """Whether nothing may be held over a weekend."""
        return self._stage.flat_weekends and self.state.kind not in self.rules.news.exempt_types

    @property
    def target_balance(self) -> float | None:
        """Balance that reaches the stage's target, None where there is none."""
        share = self._stage.target
        return None if share is None else round(self.state.initial * (1.0 + share), 2)

    @property
    def best_day_share(self) -> float | None:
        """Best day so far / total profit, None without a profit."""
        state = self.state
        best = max(state.best_day, state.balance - state.day_balance)
        return best / self.total_profit if self.total_profit > 0.0 else None

    @property
    def reached(self) -> bool:
        """Whether every objective of the stage is met: target, all positions closed, trading days, best day."""
        state, stage, target = self.state, self._stage, self.target_balance
        if target is None or not state.flat or round(state.balance, 2) < target:
            return False
        share = self.best_day_share
        best_day = stage.best_day is None or (share is not None and share <= stage.best_day + 1e-12)
        return best_day and state.trading_days >= stage.trading_days

    def snapshot(self) -> bytes:
        """Everything it remembers, as bytes that ``restore`` takes."""
        return msgspec.msgpack.encode(self.state)

    def restore(self, state: bytes) -> None:
        """Continues from a snapshot of an account under the same rules; floors are taken as they were."""
        self.state = msgspec.msgpack.decode(state, type=FirmState)
        self._stage = self.rules.stage(self.state.stage)

    def _new_floors(self) -> None:
        state, total = self.state, self.rules.total_loss
        state.day_balance = state.balance
        state.daily_floor = round(state.anchor - self.daily_room, 2)
        top = state.highest if total.kind == "trailing" else state.initial
        floor = round(top - total.share * state.initial, 2)
        if total.locks_at_initial:
            floor = min(floor, state.initial)
        state.total_floor = max(state.total_floor, floor)

    def _floors_hold(self, ts: int) -> Judged | None:
        state = self.state
        equity = round(state.equity, 2)
        for rule, floor in ((DAILY, state.daily_floor), (TOTAL, state.total_floor)):
            if equity < floor:
                return self._decided(Judged("FAIL", rule, ts, equity, floor))
        return None

    def _decided(self, judged: Judged) -> Judged | None:
        """Keeps the first verdict; later ones are none."""
        if self.state.verdict != "IN_PROGRESS":
            return None
        self.state.verdict, self.state.rule, self.state.at = judged.verdict, judged.rule, judged.at
        return judged
