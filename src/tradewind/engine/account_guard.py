"""Limits of the account while it trades: daily loss, drawdown, cool-downs, and a prop firm's floors.

It is told of every change of the account and of the passing of time by the engine, in event order, and answers with
latches on the engine's ``Guard`` and notices. Nothing here reads a clock.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from tradewind.engine.guard import Guard, Latch
from tradewind.engine.portfolio import Portfolio
from tradewind.model.decision import Reason, Signal
from tradewind.model.guard import AccountMark, GuardChanged, GuardState
from tradewind.model.instrument import Instrument
from tradewind.model.notice import Notice
from tradewind.model.order import Fill, Leg, Refusal
from tradewind.model.outcome import Trade
from tradewind.risk.firm_account import FirmAccount, Judged
from tradewind.risk.guard_params import GuardParams
from tradewind.risk.params import AccountView
from tradewind.risk.worst_case import OpenTrade, worst_of, worst_per_lot

DAILY_LOSS: Final = "daily_loss"
DRAWDOWN: Final = "drawdown_limit"
LOSSES: Final = "loss_streak"
FIRM_DAY_NEAR: Final = "firm_daily_near"
FIRM_DAY_CLOSE: Final = "firm_daily_close"
FIRM_TOTAL_NEAR: Final = "firm_total_near"
FIRM_TOTAL_CLOSE: Final = "firm_total_close"
FIRM_FAILED: Final = "firm_failed"
FIRM_PASSED: Final = "firm_passed"
_NEAR_ZERO: Final = 1e-9
"""Share by which a float may miss a limit it meets on paper."""
Said = list[GuardChanged | Notice | AccountMark]


class _State(msgspec.Struct):
    day_end: int = 0
    day: str = ""
    day_equity: float = 0.0
    day_balance: float = 0.0
    peak: float = 0.0
    alerted: bool = False
    losses: int = 0
    cooling: dict[str, int] = {}
    armed: dict[str, bool] = {}
    waiting: dict[str, float] = {}
    firm: bytes = b""
    wake: int = 0
    low: float = math.inf
    high: float = -math.inf


class AccountGuard:
    """The guard of one account. ``wake`` is the moment from which ``pass_time`` must be asked before a bar trades.

    An equity between ``low`` and ``high`` changes nothing, so that ``look`` need not be asked: at most bars it is not.
    """

    def __init__(self, params: GuardParams, guard: Guard, portfolio: Portfolio) -> None:
        self.params = params
        self.wake = 0
        self.low = math.inf
        self.high = -math.inf
        self.firm: FirmAccount | None = None
        self._guard = guard
        self._portfolio = portfolio
        self._state = _State(peak=portfolio.equity)

    def pass_time(self, ts: int) -> Said:
        """Everything that ends or begins up to ``ts``: the account's day, cool-downs, halts of a day."""
        state, said = self._state, Said()
        for cause, latch in list(self._guard.latches.items()):
            if 0 < latch.until <= ts:
                said += self._guard.clear(cause, latch.until, reason="its time is over")
        state.cooling = {symbol: until for symbol, until in state.cooling.items() if until > ts}
        if ts >= state.day_end:
            said += self._new_day(ts)
        ends = [latch.until for latch in self._guard.latches.values() if latch.until]
        self.wake = min([state.day_end, *ends, *state.cooling.values()])
        return said

    def look(self, ts: int) -> Said:
        """Judges the account as it stands at ``ts``, the close of a bar: everything in it happened before."""
        state, portfolio = self._state, self._portfolio
        balance, equity = float(portfolio.balance), portfolio.equity
        said: Said = []
        if self.firm is not None:
            said += self._judge_firm(ts, balance, equity)
        if ts - 1 >= state.day_end:
            said += self._new_day(ts - 1)
        if equity > state.peak:
            state.peak, state.alerted = equity, False
        said += self._judge(ts, equity)
        self._bound(balance)
        return said

    def changed(self) -> None:
        """The balance has changed: the next bar is looked at in any case."""
        self.low = math.inf

    def booked(self, happened: Fill | Refusal | Trade) -> Said:
        """An entry makes a trading day; a losing trade may begin a cool-down. The account is marked after a trade."""
        if not isinstance(happened, Trade):
            self._state.waiting.pop(happened.signal_id, None)
        if isinstance(happened, Refusal):
            return []
        if isinstance(happened, Fill):
            self.changed()
            if happened.leg is Leg.ENTRY and self.firm is not None:
                self.firm.opened(happened.ts)
            return []
        self.changed()
        state, params, said = self._state, self.params, Said()
        state.losses = 0 if happened.won else state.losses + 1
        if happened.exit_leg == Leg.STOP and params.symbol_pause_ns:
            state.cooling[happened.symbol] = happened.ts_exit + params.symbol_pause_ns
        if params.losses_in_a_row and state.losses >= params.losses_in_a_row:
            said += self._latch(
                LOSSES, GuardState.REDUCING, happened.ts_exit, float(state.losses), float(params.losses_in_a_row),
                until=happened.ts_exit + params.pause_ns
            )  # fmt: skip
            state.losses = 0
        self.wake = 0  # what was set is looked at with the next bar
        said.append(self.mark(happened.ts_exit, "trade"))
        return said

    def objections(self, symbol: str) -> tuple[Reason, ...]:
        """What stands against a trade of this symbol alone."""
        until = self._state.cooling.get(symbol)
        return () if until is None else (Reason(code="symbol_cooling", value=float(until), detail="until, UTC ns"),)

    def ordered(self, signal: Signal, instrument: Instrument, rate: float) -> None:
        """Remembers the worst case of an order until it is filled or refused; ``rate`` as for ``worst_per_lot``."""
        if self.params.firm is not None:
            bracket = signal.bracket
            self._state.waiting[signal.id] = bracket.lots * worst_per_lot(
                instrument, bracket.entry, abs(bracket.entry - bracket.stop), bracket.side, rate,
                self.params.firm.slippage,
            )  # fmt: skip

    def viewed(self, account: AccountView, stops: Mapping[str, float], without: Collection[str] = ()) -> AccountView:
        """``account`` with the cash that the worst case of a new trade may take under the firm's floors.

        ``stops`` are the stops of held signals; orders of the signals ``without`` are left out.

        room = min(worst equity - floor - buffer, daily room - buffer - worst from balance, room share * (equity -
        floor) - worst from equity); the second is tomorrow's floor, which hangs from the balance at midnight.
        """
        if self.firm is None or self.params.firm is None:
            return account
        plan, firm = self.params.firm, self.firm
        held = worst_of(self._open_trades(stops), plan.slippage)
        ordered = sum(worst for signal, worst in self._state.waiting.items() if signal not in without)
        buffer = plan.buffer * firm.state.initial
        left = account.equity - firm.floor
        room = min(
            left - held.from_equity - ordered - buffer,
            firm.daily_room - held.from_balance - ordered - buffer,
            plan.room_share * left - held.from_equity - ordered,
        )
        return account._replace(room=room, slippage=plan.slippage)

    def resumed(self) -> None:
        """A person started a stopped account again: the drawdown is measured from here on."""
        self._state.peak = self._portfolio.equity
        self._state.alerted = False
        self.changed()

    def mark(self, ts: int, kind: str) -> AccountMark:
        """The account and its floors at ``ts``."""
        state, firm = self._state, self.firm
        own = None if firm is None else firm.state
        return AccountMark(
            ts=ts, kind=kind, balance=str(self._portfolio.balance), equity=self._portfolio.equity, day=state.day,
            day_equity=state.day_equity, day_balance=state.day_balance, day_end=state.day_end, peak=state.peak,
            daily_floor=None if own is None else own.daily_floor,
            total_floor=None if own is None else own.total_floor,
            trading_days=0 if own is None else own.trading_days,
            best_day=None if firm is None else firm.best_day_share,
            verdict="" if own is None else own.verdict,
        )  # fmt: skip

    def snapshot(self) -> bytes:
        """All it remembers, as bytes that ``restore`` takes."""
        state = self._state
        state.firm = b"" if self.firm is None else self.firm.snapshot()
        state.wake, state.low, state.high = self.wake, self.low, self.high
        return msgspec.msgpack.encode(state)

    def restore(self, state: bytes) -> None:
        """Continues from a snapshot; empty bytes are those of an engine without this guard.

        When it wants to look next is part of it: asked at other moments it would remember other equities.
        """
        if not state:
            return
        self._state = msgspec.msgpack.decode(state, type=_State)
        self.wake, self.low, self.high = self._state.wake, self._state.low, self._state.high
        if self._state.firm:
            self._begin_firm(0)
            if self.firm is not None:
                self.firm.restore(self._state.firm)

    def _new_day(self, ts: int) -> Said:
        state, portfolio = self._state, self._portfolio
        said: Said = []
        if not state.day_end:
            self._begin_firm(ts)
        elif self.firm is not None:
            own = self.firm.state
            if own.day_end <= ts:  # what is carried is what was known last before midnight
                own.balance, own.equity = float(portfolio.balance), portfolio.equity
            said += self._verdict(self.firm.advance(ts))
        if self.firm is not None:
            own = self.firm.state
            state.day, state.day_end = str(own.day), own.day_end
        else:
            day = self._portfolio.calendar.day(ts)
            state.day, state.day_end = str(day.date), day.end
        state.day_equity, state.day_balance = portfolio.equity, float(portfolio.balance)
        self.changed()
        state.armed = {cause: armed for cause, armed in state.armed.items() if cause == FIRM_TOTAL_NEAR}
        said.append(self.mark(ts, "day"))
        return said

    def _begin_firm(self, ts: int) -> None:
        plan = self.params.firm
        if plan is not None:
            self.firm = FirmAccount(plan.rules, self._portfolio.opening, plan.stage, plan.kind, ts)

    def _judge(self, ts: int, equity: float) -> Said:
        """Our own limits: the day's loss, the fall from the peak."""
        state, params, said = self._state, self.params, Said()
        if state.day_equity > 0.0:
            lost = 1.0 - equity / state.day_equity
            if lost >= params.daily_loss - _NEAR_ZERO:
                said += self._latch(
                    DAILY_LOSS, GuardState.HALTED, ts, lost, params.daily_loss, until=state.day_end, once=True
                )  # fmt: skip
        fallen = 1.0 - equity / state.peak if state.peak > 0.0 else 0.0
        if fallen >= params.drawdown - _NEAR_ZERO:
            said += self._latch(DRAWDOWN, GuardState.STOPPED, ts, fallen, params.drawdown, flat=True)
        elif fallen >= params.drawdown_alert - _NEAR_ZERO > 0.0 and not state.alerted:
            state.alerted = True
            detail = f"approaching {params.drawdown:.1%}, at which everything is closed"
            said.append(Notice("drawdown_alert", ts, "critical", "", fallen, params.drawdown_alert, detail))
        return said

    def _bound(self, balance: float) -> None:
        """Between which equities nothing can happen."""
        state, params, firm = self._state, self.params, self.firm
        fall = params.drawdown if state.alerted or not params.drawdown_alert else params.drawdown_alert
        low = state.peak * (1.0 - min(fall, params.drawdown))
        if not state.armed.get(DAILY_LOSS):
            low = max(low, state.day_equity * (1.0 - params.daily_loss))
        if firm is not None and params.firm is not None:
            near = params.firm.new_risk_until
            top = firm.state.total_floor + firm.total_room
            day = max(firm.state.anchor, balance) - near * firm.daily_room
            low = max(low, day, top - near * firm.total_room)
        self.low, self.high = low * (1.0 + _NEAR_ZERO), state.peak

    def _judge_firm(self, ts: int, balance: float, equity: float) -> Said:
        """The firm's floors, and our own guard well before them."""
        firm, plan = self.firm, self.params.firm
        if firm is None or plan is None:
            return []
        if ts - 1 >= firm.state.day_end:
            # The bar lies across midnight, and what of it came before is not known: the stricter anchor holds.
            firm.state.balance = max(firm.state.balance, balance)
            firm.state.equity = equity
        said = self._verdict(firm.on_account(ts - 1, balance, equity, flat=not self._portfolio.positions()))
        until = firm.state.day_end
        floating = (balance - equity) / firm.daily_room  # what tomorrow's floor, hung from the balance, would see
        for used, near, close, day in (
            (max(firm.daily_used, floating), FIRM_DAY_NEAR, FIRM_DAY_CLOSE, True),
            (firm.total_used, FIRM_TOTAL_NEAR, FIRM_TOTAL_CLOSE, False),
        ):
            if used >= plan.flat_from - _NEAR_ZERO:
                state = GuardState.HALTED if day else GuardState.STOPPED
                said += self._latch(
                    close, state, ts, used, plan.flat_from, until=until if day else 0, flat=True, once=True
                )  # fmt: skip
            if used >= plan.new_risk_until - _NEAR_ZERO:
                said += self._latch(
                    near, GuardState.REDUCING, ts, used, plan.new_risk_until, until=until if day else 0, once=True
                )  # fmt: skip
            else:
                self._state.armed.pop(near, None)
                self._state.armed.pop(close, None)
        return said

    def _verdict(self, judged: Judged | None) -> Said:
        if judged is None:
            return []
        if judged.verdict == "PASS":
            return self._latch(
                FIRM_PASSED, GuardState.REDUCING, judged.at, judged.value, judged.limit,
                reason=judged.rule,
            )  # fmt: skip
        return self._latch(
            FIRM_FAILED, GuardState.STOPPED, judged.at, judged.value, judged.limit, flat=True,
            reason=judged.rule,
        )  # fmt: skip

    def _latch(
        self, cause: str, state: GuardState, ts: int, value: float | None, limit: float | None, *,
        until: int = 0, flat: bool = False, once: bool = False, reason: str = "",
    ) -> Said:  # fmt: skip
        """Sets a latch and says so; with ``once`` not again where a person has cleared it and nothing got better."""
        if once and self._state.armed.get(cause):
            return []
        changed = self._guard.latch(cause, Latch(state, ts, "", reason, value, limit, until, flat))
        if not changed:
            return []
        if once:
            self._state.armed[cause] = True
        self.wake = 0
        return [*changed]

    def _open_trades(self, stops: Mapping[str, float]) -> list[OpenTrade]:
        return [
            OpenTrade(
                instrument, lot.side, instrument.to_lots(lot.steps), lot.entry, lot.mark, stops.get(lot.signal_id),
                lot.value * lot.steps, lot.risk,
            )
            for lot, instrument in self._portfolio.lots()
        ]  # fmt: skip
