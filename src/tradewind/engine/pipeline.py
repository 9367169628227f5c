"""The walk of one bar: broker, portfolio, aggregation, features, votes, consensus, filters, risk, decision, order.

``Engine.process`` is a pure function of the events it was fed: same events, same outputs, byte for byte.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from tradewind.engine.account_guard import AccountGuard
from tradewind.engine.deliberation import decisive, deliberate, filter_reasons, leader, model_reasons
from tradewind.engine.desk_book import Desk, DeskBook
from tradewind.engine.fallback import Fallback, PaperAccount
from tradewind.engine.forecasts import ModelSource
from tradewind.engine.guard import STOPPED, Guard, told_of
from tradewind.engine.holding import Holding
from tradewind.engine.identity import client_id, signal_id
from tradewind.engine.learning import Learning, Reported
from tradewind.engine.mode_orders import ABOUT_MODELS
from tradewind.engine.modes import Modes
from tradewind.engine.orders.approval import NOT_CONCERNED, Obeyed
from tradewind.engine.orders.manager import OrderManager
from tradewind.engine.plan import EnginePlan
from tradewind.engine.portfolio import Portfolio
from tradewind.engine.rates import Rates
from tradewind.engine.series import Series
from tradewind.engine.symbol_desk import SymbolDesk, serve
from tradewind.engine.volatility import Volatility
from tradewind.engine.withdrawal import CLOSING, close_all, what_was_done, withdraw, without_stop
from tradewind.ensemble.confidence import compile_now
from tradewind.model.article import NewsRead
from tradewind.model.bar import Bar
from tradewind.model.calendar import NewsCalendar
from tradewind.model.decision import Bracket, Consensus, Decision, NoDecision, NoTrade, Reason, Signal
from tradewind.model.event import (
    Asked,
    BarClosed,
    BarMissing,
    BarRevised,
    Command,
    FeedState,
    InputEvent,
    ModelServed,
    ModelTrained,
    ModeRulesSet,
    References,
)
from tradewind.model.guard import AccountMark, GuardChanged
from tradewind.model.instrument import Instrument
from tradewind.model.notice import Notice
from tradewind.model.order import Charge, Fill, Leg, OrderIntent, Refusal
from tradewind.model.outcome import Outcome, Trade
from tradewind.model.output import Output
from tradewind.model.venue import OrderUpdate, VenueReport
from tradewind.ports.broker import Broker
from tradewind.risk.bracket import bracket_for
from tradewind.risk.closing_hours import ClosingHours
from tradewind.risk.dynamic import conviction
from tradewind.risk.params import AccountView

NO_TRIGGER = (Reason(code="no_trigger"),)
NOBODY_HEARD = (Reason(code="nothing_proven"),)
PAUSED = Reason(code="paused")
NOTHING_REPORTED = Reported()
ABOUT_ORDERS = ("approve", "reject", "cancel_all")


class Engine:
    """Decides. Knows no clock, no network, no disk and no mode; the broker it is given may be any.

    ``keep_shadow`` keeps every closed shadow trade for a report; it takes part in no decision. ``closed`` holds the
    bars the last event decided on, shortest first, for whoever wants to show them.

    ``broker`` receives the intents of signals when ``plan.executes``; without it signals are for a person to act on.
    ``stopped_account`` opens the account on which a run goes on whose orders were stopped; None: it only stops.
    ``models`` gives the models that events name.
    """

    def __init__(
        self,
        plan: EnginePlan,
        broker: Broker,
        portfolio: Portfolio,
        rates: Rates,
        *,
        keep_shadow: bool = False,
        stopped_account: PaperAccount | None = None,
        models: ModelSource | None = None,
    ) -> None:
        self.plan = plan
        self.models = models
        self.broker = broker
        self.orders = broker if isinstance(broker, OrderManager) else None
        self.portfolio = portfolio
        self.rates = rates
        self.paused = False
        self.guard = Guard()
        self.account = None if plan.guard is None else AccountGuard(plan.guard, self.guard, portfolio)
        firm = None if plan.guard is None else plan.guard.firm
        hours = None if firm is None else ClosingHours(firm)
        self.hours = hours if hours is not None and (hours.news or hours.weekends) else None
        self.fallback = None if stopped_account is None else Fallback(stopped_account)
        self.volatility = Volatility(portfolio.calendar) if plan.risk.dynamic else None
        self.silenced: frozenset[str] = frozenset()
        self.closed: tuple[Bar, ...] = ()
        instruments = {one.instrument.symbol: one.instrument for one in plan.symbols}
        self.book = DeskBook(instruments, correlates=plan.asks_for("closes"), max_age=plan.calendar_age)
        self.desks = {
            one.instrument.symbol: SymbolDesk(
                one, plan, self.book.news.of(one.instrument.symbol), keep_shadow=keep_shadow
            )
            for one in plan.symbols
        }
        self.learning = Learning(plan.symbols, plan.learning) if plan.learning is not None else None
        self.modes = Modes(plan.modes) if plan.modes else None
        if self.learning is not None:
            self.learning.spared = frozenset() if self.modes is None else self.modes.members
        if self.learning is not None or self.modes is not None:
            self.silence(self.silenced)
        compile_now()

    def process(self, event: InputEvent) -> list[Output]:
        """Outputs of one sequenced event, in the order they happened."""
        self.closed = ()
        made = self._processed(event)
        if self.modes is not None:
            made += self.modes.after(made, _time_of(event))
        return made

    def _processed(self, event: InputEvent) -> list[Output]:
        if isinstance(event, BarClosed):
            made = self._on_bar(event)
            return made if self.orders is None else self._drained(made)
        if isinstance(event, BarMissing):
            return self._drained(self._on_missing(event))
        if isinstance(event, FeedState):
            if event.symbol in self.desks and event.state in ("stale", "fresh"):
                self.desks[event.symbol].stale = event.state == "stale"
        elif isinstance(event, Command):
            return self._drained(self._obey(event))
        elif isinstance(event, NewsCalendar):
            self.book.take(event)
        elif isinstance(event, NewsRead):
            self.book.news.take(event)
        elif isinstance(event, References):
            if self.learning is not None:
                self.learning.on_references(event)
        elif isinstance(event, ModelServed | ModelTrained | ModeRulesSet):
            return self._drained(self._on_model(event))
        elif self.orders is not None:
            if isinstance(event, VenueReport):
                self.orders.on_report(event)
            elif isinstance(event, Asked):
                self.orders.on_time(event.ts)
        return self._drained([])

    def _drained(self, outputs: list[Output]) -> list[Output]:
        """With what the order manager, where there is one, made of the event; its fills are booked as they come."""
        orders = self.orders
        if orders is None:
            return outputs
        for told in orders.drain():
            outputs.append(told)
            if isinstance(told, Fill | Charge | Refusal):
                outputs.extend(self._book(self.desks[told.symbol], told))
            elif isinstance(told, OrderUpdate) and told.leg is Leg.ENTRY and told.ended:
                outputs.extend(self.portfolio.on_entry_over(told.signal_id, told.ts))
        for signal in orders.take_ended():
            for desk in self.desks.values():
                if desk.holding is not None and desk.holding.signal_id == signal:
                    desk.holding = None
        self.paused |= orders.take_alarm()
        return outputs

    def _on_model(self, event: ModelServed | ModelTrained | ModeRulesSet) -> list[Output]:
        """What a model that is served or trained, or other rules for modes, lead to."""
        if isinstance(event, ModelServed):
            serve(self.desks, event, self.models)
        if self.modes is None:
            return []
        if isinstance(event, ModeRulesSet):
            return self.modes.on_rules(event)
        if isinstance(event, ModelTrained):
            return self.modes.on_trained(event)
        outputs = self.modes.on_served(event)
        self.silence(self.silenced)
        return outputs

    def _obey(self, order: Command) -> list[Output]:
        """Does what a person ordered, and answers where somebody waits for it."""
        if not self.guard.first_heard(order.id):
            return []
        before = (self.paused, self.quiet)
        handled = self._about_orders(order) if order.verb not in ABOUT_MODELS else self._about_models(order)
        if order.verb in ("pause", "resume"):
            self.paused = order.verb == "pause"
        elif order.verb == "disable":
            self.silence(self.silenced | {order.argument})
        elif order.verb == "enable":
            if self.learning is not None:
                self.learning.enabled(order.argument)
            self.silence(self.silenced - {order.argument})
        outputs: list[Output] = [*self.guard.obey(order)]
        outputs += [told_of(one) for one in outputs if isinstance(one, GuardChanged)]
        if order.verb == "resume" and order.argument == STOPPED and outputs and self.account is not None:
            self.account.resumed()
        if outputs:
            outputs += self._fallen(order.ts)
        reported = NOTHING_REPORTED if self.learning is None else self.learning.report(order)
        outputs += reported.outputs
        withdrawn = self._withdraw(order.ts) if self.guard.reasons else []
        closing = close_all(self.broker, self.portfolio, order.ts) if order.verb in CLOSING else ()
        outputs += withdrawn
        if order.id:
            changed = bool(outputs or closing or handled.detail) or before != (self.paused, self.quiet)
            detail = handled.detail or what_was_done(withdrawn, closing) or reported.detail
            refused = handled.refused or reported.refused
            outputs.append(self.guard.answer(order, changed=changed, detail=detail, refused=refused))
        return outputs

    def _about_orders(self, order: Command) -> Obeyed:
        """What the order manager did; where there is none, an order about orders is refused, not passed over."""
        if self.orders is not None:
            return self.orders.obey(order)
        if order.verb in ABOUT_ORDERS:
            return Obeyed(refused="this run has no order manager (execution = approve or auto, or orders.venue)")
        return NOT_CONCERNED

    def _about_models(self, order: Command) -> Obeyed:
        return Obeyed(refused="no model has a seat in this run") if self.modes is None else self.modes.obey(order)

    def _withdraw(self, ts: int) -> list[Output]:
        """No waiting entry may be filled while the guard objects to new risk."""
        return [*withdraw(self.desks, self.broker, self.portfolio, ts, self.guard.state)]

    @property
    def quiet(self) -> frozenset[str]:
        """Everybody whom nobody hears, each as ``SYMBOL ID``: off by people or drift, in the reserve, in LEARNING."""
        quiet = self.silenced if self.learning is None else self.silenced | self.learning.quiet
        return quiet if self.modes is None else quiet | self.modes.quiet

    def silence(self, members: frozenset[str]) -> None:
        """Leaves ``members``, each as ``SYMBOL ID``, out of every vote from now on, beside drift and the reserve."""
        self.silenced = members
        quiet = self.quiet
        for symbol, desk in self.desks.items():
            own = {name.removeprefix(f"{symbol} ") for name in quiet if name.startswith(f"{symbol} ")}
            times = {} if self.learning is None else self.learning.memory.multipliers(symbol)
            for series in desk.series.values():
                series.silence(own)
                series.weigh(times)

    def _on_bar(self, event: BarClosed) -> list[Output]:
        bar = event.bar
        desk = self.desks[bar.symbol]
        fault = desk.watch.fault(bar)
        if fault:
            missing = BarMissing(bar.symbol, bar.timeframe, bar.ts_open, bar.ts_close, fault)
            return self._on_missing(missing)
        outputs: list[Output] = []
        account, history = self.account, event.cause == "history"
        if account is not None and bar.ts_open >= account.wake and not history:
            outputs += self._guarded(account.pass_time(bar.ts_open), bar.ts_open)
        for happened in self.broker.on_bar(bar):
            outputs.append(happened)
            outputs.extend(self._book(desk, happened))
        if self.fallback is not None:
            outputs += self.fallback.on_bar(bar)
        if self.learning is not None:
            outputs += self.learning.on_base(bar)
        self.rates.on_close(bar.symbol, bar.close)
        if self.book.tracks:
            self.book.on_close(bar)
        if self.volatility is not None:
            self.volatility.on_close(bar)
        self.portfolio.mark(bar)
        if account is not None and not account.low < self.portfolio.equity <= account.high and not history:
            outputs += self._guarded(account.look(bar.ts_close), bar.ts_close)
        if self.hours is not None and not history:
            outputs += self._closing_hours(self.hours, desk, bar)
        desk.watch.believe(bar)
        completed = desk.aggregator.on_bar(bar)
        self._decide_all(desk, (bar, *completed) if completed else (bar,), outputs, history=history)
        return outputs

    def _on_missing(self, missing: BarMissing) -> list[Output]:
        desk = self.desks[missing.symbol]
        outputs: list[Output] = []
        results = (missing, *desk.aggregator.on_missing(missing))
        for one in results:
            if isinstance(one, BarMissing) and one.timeframe in desk.series:
                desk.series[one.timeframe].miss()
                reason = Reason(code="bad_data" if one.kind.startswith("bad_") else "missing_bar", detail=one.kind)
                outputs.append(NoDecision(one.symbol, one.timeframe, one.ts_close, reason))
        completed = tuple(one for one in results if isinstance(one, Bar))
        if completed:
            self._decide_all(desk, completed, outputs, history=False)
        return outputs

    def _guarded(
        self, said: list[GuardChanged | Notice | AccountMark], ts: int, *, filled: bool = False
    ) -> list[Output]:
        """What the account guard said, and the risk that is taken away after it, or after something was ``filled``.

        A look that finds nothing moves nothing: after a restart the guard is asked once more than it would have been.
        """
        outputs: list[Output] = [*said, *(told_of(one) for one in said if isinstance(one, GuardChanged))]
        if said:
            outputs += self._fallen(ts)
        if said and self.guard.reasons:
            outputs += self._withdraw(ts)
        if (said or filled) and self.guard.wants_flat:
            close_all(self.broker, self.portfolio, ts)
        return outputs

    def _closing_hours(self, hours: ClosingHours, desk: SymbolDesk, bar: Bar) -> list[Output]:
        """Before a firm's window everything of the symbol is left and nothing new is entered; inside nothing moves."""
        instrument, ts = desk.plan.instrument, bar.ts_close
        objection = hours.objection(instrument, desk.session, self.book.calendar, ts, desk.plan.base.ns)
        before, desk.hours = desk.hours, () if objection is None else (objection,)
        if objection is None or not hours.may_leave(objection, ts):
            return []
        symbol = instrument.symbol
        outputs: list[Output] = [*withdraw({symbol: desk}, self.broker, self.portfolio, ts, objection.code)]
        held = self.portfolio.position(symbol)
        for signal in () if held is None else held.signal_ids:
            self.broker.close(signal, Leg.CLOSE, ts)
        if (held is not None or outputs) and not before:
            done = "everything is left before" if held is not None else "entries are withdrawn before"
            detail = f"{objection.detail}; {done}"
            outputs.append(Notice(objection.code, ts, "info", symbol, objection.value, None, detail))
        return outputs

    def _fallen(self, ts: int) -> list[Output]:
        """Paper begins where the account has been stopped, and ends where it was started again."""
        if self.fallback is None:
            return []
        return [*self.fallback.follow(self.guard, ts, self.portfolio.equity)]

    def _book(self, desk: SymbolDesk, happened: Fill | Charge | Refusal) -> Iterable[Output]:
        """Carries what the broker reported into the portfolio, the account guard and the time stop."""
        if isinstance(happened, Charge):
            self.portfolio.on_charge(happened)
            if self.account is not None:
                self.account.changed()
            return ()
        holding = desk.holding
        if holding is not None and happened.signal_id == holding.signal_id:
            if isinstance(happened, Fill) and happened.leg is Leg.ENTRY:
                holding.filled = True
            elif self.orders is None:
                desk.holding = None
        portfolio = self.portfolio
        news = portfolio.on_fill(happened) if isinstance(happened, Fill) else portfolio.on_refusal(happened)
        booked: list[Output] = [*news]
        if self.account is not None:
            for one in (happened, *news):
                if not isinstance(one, Outcome):
                    at = one.ts_exit if isinstance(one, Trade) else one.ts
                    booked += self._guarded(self.account.booked(one), at, filled=True)
        return booked if self.learning is None else [*booked, *self.learning.on_booked(happened, news)]

    def _decide_all(self, desk: SymbolDesk, bars: Sequence[Bar], outputs: list[Output], *, history: bool) -> None:
        """Steps every series whose bar closed, then decides, shortest timeframe first."""
        every = desk.series
        if desk.banks is not None:
            desk.banks.step(bars)
        fired = [(bar, one.step(bar)) for bar in bars if (one := every.get(bar.timeframe)) is not None]
        self.closed = tuple([bar for bar, _ in fired])
        if fired and not history and (late := self.book.age_notice(fired[0][0].ts_close)) is not None:
            outputs.append(late)
        if self.learning is not None and fired:
            learnt = self.learning.on_closes(self.closed, desk.series, history=history)
            if learnt:
                outputs += learnt
                if self.learning.stirred:
                    self.silence(self.silenced)
        if self.modes is not None and fired:
            outputs += self.modes.on_closes(self.closed, desk.series, history=history)
            if self.modes.stirred:
                self.silence(self.silenced)
        if desk.banks is not None and not history:
            for bar, _ in fired:
                outputs += desk.series[bar.timeframe].forecast_news()
        if desk.plan.unheard and not history:
            for bar, _ in fired:
                outputs.extend(desk.series[bar.timeframe].unheard_news(bar.ts_close))
        if desk.holding is not None:
            for bar, _ in fired:
                desk.holding.over(bar, desk.plan.instrument, self.broker)
                if desk.holding.leaves_with:
                    side = desk.series[bar.timeframe].side_of(desk.holding.leaves_with)
                    desk.holding.turned(side, self.broker)
        if self.fallback is not None:
            self.fallback.over(
                self.closed, desk.plan.instrument, lambda bar, member: desk.series[bar.timeframe].side_of(member)
            )
        for bar, votes in fired:
            decision = self._decide(desk, bar, votes, history=history)
            outputs.append(decision)
            if self.fallback is not None and isinstance(decision, NoTrade) and self.fallback.takes(decision):
                self._trade_on_paper(self.fallback, desk, bar, decision)
            if isinstance(decision, NoDecision) or (type(decision) is NoTrade and decision.reasons is NO_TRIGGER):
                continue  # nearly every bar
            notice = self.book.heard(decision)
            if notice is not None:
                outputs.append(notice)
            if isinstance(decision, Signal) and self.learning is not None:
                self.learning.on_signal(
                    decision, leader(desk.series[bar.timeframe], desk.plan.members, decision.consensus).id
                )
            if isinstance(decision, Signal) and self.plan.executes:
                if (naked := without_stop(decision)) is not None:
                    outputs.append(naked)
                    continue
                intent = self._intent(desk, decision)
                self.broker.submit(intent)
                outputs.append(intent)

    def _decide(self, desk: SymbolDesk, bar: Bar, fired: int, *, history: bool) -> Decision:
        series = desk.series[bar.timeframe]
        blind = self._blind(desk, series, history=history)
        if blind is not None:
            return NoDecision(bar.symbol, bar.timeframe, bar.ts_close, blind)
        if not fired:
            why = NO_TRIGGER if desk.speaks else NOBODY_HEARD
            learning = None if self.modes is None else self.modes.reason(bar.symbol, bar.timeframe, series)
            return NoTrade(bar.symbol, bar.timeframe, bar.ts_close, why if learning is None else (learning,))
        consensus, reasons, _ = deliberate(desk.series, self.plan.ensemble)
        if consensus is None:
            return NoTrade(bar.symbol, bar.timeframe, bar.ts_close, reasons)
        bracket = self._bracket(desk, series, bar, consensus)
        view = self.view(desk.plan.instrument, bar.ts_close, bracket if isinstance(bracket, Bracket) else None)
        reasons += filter_reasons(desk.plan.filters, consensus, series.row, desk.higher[bar.timeframe], view)
        reasons += self._standing_reasons(desk)
        if isinstance(bracket, Bracket) and not reasons:
            return self._signal(bar, bracket, consensus)
        if not isinstance(bracket, Bracket):
            reasons += bracket
        return NoTrade(bar.symbol, bar.timeframe, bar.ts_close, reasons, consensus)

    def view(self, instrument: Instrument, ts: int, bracket: Bracket | None, without: Collection[str] = ()) -> Desk:
        """What vetoes may know of the account and the calendar at ``ts``, before the signals ``without``."""
        return Desk(self.book, self._trading_account, self.rates, instrument, ts, bracket, without)

    def _blind(self, desk: SymbolDesk, series: Series, *, history: bool) -> Reason | None:
        """Why this bar cannot be decided on at all."""
        if history:
            return Reason(code="history", detail="given to warm up, not to act on")
        if not series.warm:
            return Reason(code="warmup", value=float(series.bars), limit=float(series.warmup))
        if desk.stale or desk.watch.flat_bars >= self.plan.frozen_bars:
            return Reason(code="stale", value=float(desk.watch.flat_bars), limit=float(self.plan.frozen_bars))
        if self.plan.ensemble.missing_timeframe == "refuse":
            absent = [timeframe for timeframe, one in desk.series.items() if not one.present]
            if absent:
                return Reason(code="timeframe_missing", detail=", ".join(absent))
        return None

    def _standing_reasons(self, desk: SymbolDesk) -> tuple[Reason, ...]:
        """Objections of the desk: paused, or something open on this symbol already."""
        reasons: tuple[Reason, ...] = (PAUSED, *self.guard.reasons) if self.paused else self.guard.reasons
        if desk.holding is not None:
            code = "position_open" if desk.holding.filled else "order_pending"
            reasons += (Reason(code=code, detail=desk.holding.signal_id),)
        reasons += desk.hours
        return reasons if self.account is None else reasons + self.account.objections(desk.plan.instrument.symbol)

    @property
    def _trading_account(self) -> Portfolio:
        """The account that is decided for: the paper one while a stopped run is followed on paper."""
        aside = None if self.fallback is None else self.fallback.account
        return self.portfolio if aside is None else aside

    def account_view(self, symbol: str, consensus: Consensus, without: Collection[str] = ()) -> AccountView:
        """The account as risk sees it for a trade of ``symbol``, before the signals ``without`` were decided."""
        view = self._trading_account.account_view(symbol, without)
        if self.volatility is not None:
            share = conviction(consensus, self.plan.ensemble.min_confidence, self.plan.risk.risk_per_trade)
            view = view._replace(conviction=share, daily_volatility=self.volatility.daily(symbol))
        if self.account is None or self._trading_account is not self.portfolio:
            return view
        stops = {one.holding.signal_id: one.holding.stop for one in self.desks.values() if one.holding is not None}
        return self.account.viewed(view, stops, without)

    def _bracket(
        self, desk: SymbolDesk, series: Series, bar: Bar, consensus: Consensus
    ) -> Bracket | tuple[Reason, ...]:
        """Stop, target and size, by the exits of the consensus' leader."""
        chosen = leader(series, desk.plan.members, consensus)
        return bracket_for(
            side=consensus.side,
            bar=bar,
            row=series.row,
            exits=chosen.rule.exits,
            instrument=desk.plan.instrument,
            params=self.plan.risk,
            account=self.account_view(bar.symbol, consensus),
            rates=self.rates,
            leads=chosen.id,
        )

    def _signal(self, bar: Bar, bracket: Bracket, consensus: Consensus) -> Signal:
        params = self.plan.ensemble
        level = decisive(consensus, params)
        return Signal(
            id=signal_id(bar, bracket.side, self.plan.config_hash),
            symbol=bar.symbol,
            timeframe=bar.timeframe,
            ts=bar.ts_close,
            valid_until=bar.ts_close + self.plan.validity_bars * bar.timeframe.ns,
            bracket=bracket,
            consensus=consensus,
            tier=params.tier(level if level is not None else 0.0),
            checks=(
                Reason(code="quorum", value=float(len(consensus.voters)), limit=float(params.quorum)),
                Reason(code="agreement", value=consensus.agreement, limit=params.min_agreement),
                Reason(code=params.applies_to, value=level, limit=params.min_confidence),
                *model_reasons(self.desks[bar.symbol].series, consensus),
            ),
            stamp=self.plan.stamp,
        )

    def _trade_on_paper(self, fallback: Fallback, desk: SymbolDesk, bar: Bar, decision: NoTrade) -> None:
        """What only the stop has refused is ordered on paper."""
        consensus = decision.consensus
        assert consensus is not None, "asked for by takes()"
        bracket = self._bracket(desk, desk.series[bar.timeframe], bar, consensus)
        if isinstance(bracket, Bracket):
            signal = self._signal(bar, bracket, consensus)
            fallback.submit(signal, self._order_of(desk, signal))

    def _intent(self, desk: SymbolDesk, signal: Signal) -> OrderIntent:
        instrument = desk.plan.instrument
        intent = self._order_of(desk, signal)
        if self.orders is not None and self.orders.params.approval:
            zone = instrument.to_ticks(signal.bracket.entry_low), instrument.to_ticks(signal.bracket.entry_high)
            intent = msgspec.structs.replace(intent, valid_until=signal.valid_until, zone=zone)
        self.portfolio.on_signal(signal)
        if self.account is not None:
            self.account.ordered(signal, instrument, self.rates.rate(instrument.quote) or 0.0)
        desk.holding = Holding.of(signal)
        return intent

    def _order_of(self, desk: SymbolDesk, signal: Signal) -> OrderIntent:
        instrument = desk.plan.instrument
        bracket = signal.bracket
        return OrderIntent(
            client_id=client_id(signal.id, "entry"),
            signal_id=signal.id,
            symbol=signal.symbol,
            side=bracket.side,
            steps=instrument.to_steps(bracket.lots),
            stop_ticks=instrument.to_ticks(bracket.stop),
            target_ticks=instrument.to_ticks(bracket.target),
            time_stop_ts=0,
            ts=signal.ts,
        )


def _time_of(event: InputEvent) -> int:
    """When it happened: the close of its bar, else its own time; UTC nanoseconds."""
    if isinstance(event, BarClosed | BarRevised):
        return event.bar.ts_close
    return event.ts_close if isinstance(event, BarMissing) else event.ts
