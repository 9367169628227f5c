"""From fills and charges to positions, round trips, outcomes and equity.

equity = cash of the ledger + floating result of what is open, marked at the price that would close it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from tradewind.engine.ledger import Ledger
from tradewind.engine.rates import notional
from tradewind.engine.round_trip import Lot, Plan, Position, close_lot, floating, split
from tradewind.errors import Corrupt
from tradewind.model.bar import Bar
from tradewind.model.decision import Signal
from tradewind.model.instrument import Instrument
from tradewind.model.money import ZERO
from tradewind.model.order import Charge, Fill, Leg, Refusal
from tradewind.model.outcome import Outcome, Trade
from tradewind.model.session import SessionCalendar
from tradewind.ports.desk import Exposure
from tradewind.ports.rates import RateSource
from tradewind.risk.params import AccountView
from tradewind.simulation.costs import closing_shift

REMEMBERED: Final = 4096
"""How many booked fills are known again; a broker repeats its newest ones, not those of thousands of trades ago."""


class _State(msgspec.Struct, frozen=True):
    ledger: bytes
    lots: list[Lot]
    plans: dict[str, Plan]
    booked: list[tuple[str, str, str]]
    days: list[tuple[date, float]]
    day_end: int
    day: date | None
    peak: float
    equity: float
    max_drawdown: float


class Portfolio:
    """The account: takes what the broker reports, in order, and says what became of it.

    ``calendar`` decides on which day equity is booked (the FX day, or UTC for crypto).
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        capital: Decimal,
        rates: RateSource,
        calendar: SessionCalendar,
    ) -> None:
        self.ledger = Ledger(capital)
        self.daily: list[tuple[date, float]] = []
        self._instruments = instruments
        self._rates = rates
        self._calendar = calendar
        self._lots: dict[str, list[Lot]] = {}
        self._plans: dict[str, Plan] = {}
        self._booked: dict[tuple[str, str, str], None] = {}
        self._day: date | None = None
        self._day_end = 0
        self._cash = self._opening = float(capital)
        self._equity = self._peak = self._cash
        self._max_drawdown = 0.0

    @property
    def balance(self) -> Decimal:
        """Cash: capital plus everything closed and charged."""
        return self.ledger.cash

    @property
    def equity(self) -> float:
        """Cash plus the floating result at the last marks."""
        return self._equity

    @property
    def drawdown(self) -> float:
        """1 - equity / highest equity so far, a fraction."""
        return 1.0 - self._equity / self._peak if self._peak > 0.0 else 0.0

    @property
    def max_drawdown(self) -> float:
        """The largest ``drawdown`` seen at any mark."""
        return self._max_drawdown

    @property
    def open_risk(self) -> float:
        """Cash that all open positions together would lose at their stops, as planned, before costs."""
        risk = 0.0
        for lots in self._lots.values():  # sum() rounds differently from one Python to the next
            for lot in lots:
                risk += lot.risk
        return risk

    def account_view(self, symbol: str, without: Collection[str] = ()) -> AccountView:
        """The account as risk sees it for a trade of ``symbol``: what is open, and what is ordered and not filled.

        ``without`` names signals to leave out: the account as it was before they were decided.
        """
        waiting = [plan for name, plan in self._plans.items() if not plan.filled and name not in without]
        ordered = 0.0
        for plan in waiting:
            ordered += plan.risk
        return AccountView(
            equity=self._equity,
            open_risk=self.open_risk + ordered,
            open_positions=len(self._lots) + len(waiting),
            held=symbol in self._lots or any(plan.symbol == symbol for plan in waiting),
        )

    @property
    def calendar(self) -> SessionCalendar:
        """Days of the account."""
        return self._calendar

    @property
    def opening(self) -> float:
        """Cash at the begin."""
        return self._opening

    def lots(self) -> Iterator[tuple[Lot, Instrument]]:
        """Every held lot with its instrument."""
        for symbol, lots in self._lots.items():
            for lot in lots:
                yield lot, self._instruments[symbol]

    def position(self, symbol: str) -> Position | None:
        """What is held of a symbol, or None."""
        lots = self._lots.get(symbol)
        if not lots:
            return None
        instrument = self._instruments[symbol]
        net = sum(lot.side * lot.steps for lot in lots)
        held = sum(lot.steps for lot in lots)
        return Position(
            symbol=symbol,
            side=(net > 0) - (net < 0),
            steps=abs(net),
            lots=instrument.to_lots(abs(net)),
            entry=sum(lot.steps * lot.entry for lot in lots) / held,
            ts_entry=lots[0].ts_entry,
            floating=sum(floating(lot) for lot in lots),
            risk_cash=sum(lot.risk for lot in lots),
            signal_ids=tuple(lot.signal_id for lot in lots),
        )

    def positions(self) -> tuple[Position, ...]:
        """All that is held, by symbol."""
        return tuple(found for symbol in sorted(self._lots) if (found := self.position(symbol)) is not None)

    def exposures(self, without: Collection[str] = ()) -> tuple[Exposure, ...]:
        """Every lot that is open and every order that waits, by symbol; one without a price has no notional."""
        found = [(lot.symbol, lot.side, lot.steps, lot.mark, lot.risk) for held in self._lots.values() for lot in held]
        found += [
            (one.symbol, one.side, one.steps, one.price, one.risk)
            for name, one in self._plans.items()
            if not one.filled and name not in without
        ]
        made = []
        for symbol, side, steps, price, risk in sorted(found):
            instrument = self._instruments[symbol]
            value = notional(instrument, steps, price, self._rates) or 0.0
            made.append(Exposure(symbol, instrument.base, instrument.quote, side, value, risk))
        return tuple(made)

    def on_signal(self, signal: Signal) -> None:
        """Remembers what a signal plans before its order is sent."""
        steps = self._instruments[signal.symbol].to_steps(signal.bracket.lots)
        bracket = signal.bracket
        self._plans[signal.id] = Plan(
            signal.symbol, signal.timeframe, steps, bracket.risk_cash, side=bracket.side, price=bracket.entry
        )

    def on_refusal(self, refusal: Refusal) -> list[Outcome]:
        """The signal's end without a trade."""
        plan = self._plans.pop(refusal.signal_id, None)
        return [] if plan is None else [Outcome(refusal.signal_id, refusal.ts, "expired", None)]

    def on_fill(self, fill: Fill) -> list[Trade | Outcome]:
        """Books a fill once, however often it is reported (the newest ``REMEMBERED`` fills are known).

        Returns the round trips it closed and the outcomes of their signals.

        Raises:
            Corrupt: the fill belongs to no planned signal, or closes what is not held.
        """
        name = fill.client_id if fill.trade_id is msgspec.UNSET else f"{fill.client_id}#{fill.trade_id}"
        key = (name, fill.leg.value, fill.signal_id)
        if key in self._booked:
            return []
        plan = self._plans.get(fill.signal_id)
        if plan is None:
            raise _lost(fill, "belongs to no planned signal")
        self._booked[key] = None
        if len(self._booked) > REMEMBERED:
            del self._booked[next(iter(self._booked))]
        self._advance(fill.ts)
        self.ledger.commission(Decimal(fill.commission))
        closed: list[Trade | Outcome] = []
        if fill.leg is Leg.ENTRY:
            self._open(fill, plan)
        else:
            closed = self._close(fill, plan)
        self._cash = float(self.ledger.cash)
        self._revalue()
        return closed

    def on_entry_over(self, signal_id: str, ts: int) -> list[Outcome]:
        """No more of a signal's entry will be filled; its outcome where everything is closed already."""
        plan = self._plans.get(signal_id)
        if plan is None:
            return []
        plan.over = True
        if not plan.opened or self._held(plan.symbol, signal_id):
            return []
        return [self._outcome(signal_id, plan, ts)]

    def on_charge(self, charge: Charge) -> None:
        """Books swap or funding on the lot it belongs to."""
        amount = Decimal(charge.amount)
        self._advance(charge.ts)
        self.ledger.charge(charge.kind, amount)
        for lot in self._lots.get(charge.symbol, ()):
            if lot.signal_id == charge.signal_id:
                lot.swap += amount
        self._cash = float(self.ledger.cash)
        self._revalue()

    def mark(self, bar: Bar) -> None:
        """Values what is open at the bar's close and keeps the extremes; costs next to nothing when flat."""
        if bar.ts_close > self._day_end:
            self._advance(bar.ts_close)
        lots = self._lots.get(bar.symbol)
        if not lots:
            return
        instrument = self._instruments[bar.symbol]
        value = self._rates.rate(instrument.quote)
        for lot in lots:
            lot.mark = bar.close + closing_shift(instrument, bar, lot.side)
            if bar.low < lot.low:
                lot.low = bar.low
            if bar.high > lot.high:
                lot.high = bar.high
            if value is not None:
                lot.value = value * instrument.contract_size * instrument.lot_step
        self._revalue()

    def finish(self) -> None:
        """Books the equity of the day in progress, at the end of a run."""
        if self._day is not None:
            self.daily.append((self._day, self._equity))
            self._day, self._day_end = None, 0

    def snapshot(self) -> bytes:
        """The whole account, as bytes that ``restore`` takes."""
        lots = [lot for symbol in sorted(self._lots) for lot in self._lots[symbol]]
        return msgspec.msgpack.encode(
            _State(
                self.ledger.snapshot(),
                lots,
                self._plans,
                list(self._booked),
                self.daily,
                self._day_end,
                self._day,
                self._peak,
                self._equity,
                self._max_drawdown,
            )
        )

    def restore(self, state: bytes) -> None:
        """Continues from a snapshot of a portfolio with the same instruments."""
        found = msgspec.msgpack.decode(state, type=_State)
        self.ledger.restore(found.ledger)
        self._lots = {}
        for lot in found.lots:
            self._lots.setdefault(lot.symbol, []).append(lot)
        self._plans = dict(found.plans)
        self._booked = dict.fromkeys(found.booked)
        self.daily = list(found.days)
        self._day, self._day_end = found.day, found.day_end
        self._cash = float(self.ledger.cash)
        self._peak, self._equity, self._max_drawdown = found.peak, found.equity, found.max_drawdown

    def _open(self, fill: Fill, plan: Plan) -> None:
        plan.filled = True
        plan.opened += fill.steps
        instrument = self._instruments[fill.symbol]
        price = instrument.to_price(fill.price_ticks)
        rate = self._rates.rate(instrument.quote)
        lot = Lot(
            signal_id=fill.signal_id,
            symbol=fill.symbol,
            side=fill.side,
            steps=fill.steps,
            entry_ticks=fill.price_ticks,
            entry=price,
            ts_entry=fill.ts,
            spread=Decimal(fill.spread_cost),
            slippage=Decimal(fill.slippage_cost),
            commission=Decimal(fill.commission),
            swap=ZERO,
            risk=plan.risk * fill.steps / plan.steps,
            low=price,
            high=price,
            value=(rate or 0.0) * instrument.contract_size * instrument.lot_step,
            mark=price,
        )
        self._lots.setdefault(fill.symbol, []).append(lot)

    def _close(self, fill: Fill, plan: Plan) -> list[Trade | Outcome]:
        """Closes the signal's lots, oldest first; an entry filled in parts has several, and each makes a trade."""
        held = self._held(fill.symbol, fill.signal_id)
        if sum(lot.steps for lot in held) < fill.steps or any(fill.side == lot.side for lot in held):
            raise _lost(fill, "closes more than is held")
        instrument = self._instruments[fill.symbol]
        made: list[Trade | Outcome] = []
        for lot in held:
            if not fill.steps:
                break
            part, fill = split(fill, min(lot.steps, fill.steps))
            trip = close_lot(lot, part, plan.timeframe, instrument, self._rates.rate(instrument.quote))
            self.ledger.close(trip.realised, trip.spread, trip.slippage)
            plan.net += trip.net
            plan.taken += trip.risk
            made.append(trip.trade)
        left = [lot for lot in self._lots[fill.symbol] if lot.steps]
        if left:
            self._lots[fill.symbol] = left
        else:
            del self._lots[fill.symbol]
        may_open = fill.trade_id is not msgspec.UNSET and not plan.over and plan.opened < plan.steps
        if may_open or self._held(fill.symbol, fill.signal_id):
            return made
        return [*made, self._outcome(fill.signal_id, plan, fill.ts)]

    def _held(self, symbol: str, signal_id: str) -> list[Lot]:
        return [lot for lot in self._lots.get(symbol, ()) if lot.signal_id == signal_id]

    def _outcome(self, signal_id: str, plan: Plan, ts: int) -> Outcome:
        del self._plans[signal_id]
        r = float(plan.net) / plan.taken if plan.taken > 0.0 else None
        return Outcome(signal_id, ts, "won" if plan.net > 0 else "lost", r)

    def _revalue(self) -> None:
        result = 0.0
        for lots in self._lots.values():
            for lot in lots:
                result += floating(lot)
        equity = self._equity = self._cash + result
        if equity > self._peak:
            self._peak = equity
        elif self._peak > 0.0:
            self._max_drawdown = max(self._max_drawdown, 1.0 - equity / self._peak)

    def _advance(self, ts: int) -> None:
        """Books the equity of a day once a later moment is reached."""
        if ts <= self._day_end:
            return
        if self._day is not None:
            self.daily.append((self._day, self._equity))
        day = self._calendar.day(ts - 1)
        self._day, self._day_end = day.date, day.end


def _lost(fill: Fill, what: str) -> Corrupt:
    return Corrupt(
        f"fill {fill.client_id} {fill.leg} of {fill.steps} steps {what}",
        where=f"portfolio {fill.symbol}, signal {fill.signal_id}",
        next_step="stop: broker and portfolio disagree; reconcile before trading on",
    )
