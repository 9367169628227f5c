"""The simulated broker, the same for backtests and paper trading.

One bar of a symbol meets, in this order:

1. charges for the roll-overs and funding times since the last bar;
2. exits at the open: stops and targets the market opened beyond, and time stops, all at the open;
3. intents given before the bar, at its open, which is the next tradable price;
4. resting stops and targets inside the bar, by ``kernels.matching.bracket_exit``: stop first when both are touched.

Synthetic bars trade nothing. An intent whose stop or target the market has already passed at the open, or whose time
stop is over, is refused, not filled.

Netting (the default) keeps one side per symbol. An opposing intent closes what is held, oldest first, and what is left
of it opens the other side; a part smaller than what is held only reduces it and keeps the old bracket. An intent of the
same side adds to the position, and its bracket becomes that of the whole. Hedging keeps every intent apart, on both
sides, with its own bracket.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tradewind.errors import Misconfigured
from tradewind.kernels.matching import HOLD, STOP, bracket_exit
from tradewind.model.bar import Bar
from tradewind.model.instrument import CostModel, Instrument
from tradewind.model.order import Charge, Fill, Leg, OrderIntent, Refusal
from tradewind.ports.rates import RateSource
from tradewind.simulation.charges import funding, next_charge, swap
from tradewind.simulation.costs import closing_shift, crossing, execute

Report = Fill | Charge | Refusal
REMEMBERED: Final = 4096
"""How many used order ids are known again; a repeat comes within a restart, not thousands of orders later."""


class Holding(msgspec.Struct):
    """One filled intent, or what is left of it; ``rate`` is the conversion to account currency known last.

    ``closing`` is the leg it was asked to leave by at the first open from ``closing_since`` on, empty while
    nobody asked.
    """

    client_id: str
    signal_id: str
    side: int
    steps: int
    stop: float
    target: float
    time_stop_ts: int
    rate: float
    closing: str = ""
    closing_since: int = 0


class _Book:
    """What one symbol has pending and open."""

    __slots__ = ("costs", "holdings", "instrument", "next_charge", "pending")

    def __init__(self, instrument: Instrument, costs: CostModel) -> None:
        self.instrument = instrument
        self.costs = costs
        self.pending: list[OrderIntent] = []
        self.holdings: list[Holding] = []
        self.next_charge = 0


class _Open(msgspec.Struct, frozen=True):
    symbol: str
    pending: list[OrderIntent]
    holdings: list[Holding]
    next_charge: int


class _State(msgspec.Struct, frozen=True):
    seen: list[str]
    books: list[_Open]


class SimBroker:
    """Fills intents from bars with itemised costs. Holds no clock and no randomness: bars are its time.

    ``costs`` overrides the costs of single instruments; ``spread_scale`` multiplies every spread, for sensitivity runs.
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        rates: RateSource,
        costs: Mapping[str, CostModel] | None = None,
        *,
        netting: bool = True,
        spread_scale: float = 1.0,
    ) -> None:
        self._instruments = instruments
        self._rates = rates
        self._costs = costs or {}
        self._netting = netting
        self._scale = spread_scale
        self._seen: dict[str, None] = {}
        self._active: dict[str, _Book] = {}

    def submit(self, intent: OrderIntent) -> None:
        """Accepts an intent for the open of the next bar of its symbol; the same ``client_id`` twice is one order.

        The newest ``REMEMBERED`` ids are known.

        Raises:
            Misconfigured: the symbol is unknown, or the intent has no side or size.
        """
        if intent.client_id in self._seen:
            return
        instrument = self._instruments.get(intent.symbol)
        if instrument is None or intent.steps <= 0 or intent.side not in (1, -1):
            raise Misconfigured(
                f"cannot trade {intent.symbol} side {intent.side} steps {intent.steps}",
                where=f"order {intent.client_id}",
                allowed="side +1 or -1, at least one lot step, one of " + ", ".join(self._instruments),
            )
        self._seen[intent.client_id] = None
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        book = self._active.get(intent.symbol)
        if book is None:
            costs = self._costs.get(intent.symbol, instrument.costs)
            book = self._active[intent.symbol] = _Book(instrument, costs)
        book.pending.append(intent)

    def cancel(self, client_id: str) -> bool:
        """Withdraws an intent not yet filled; its id stays used."""
        for symbol, book in self._active.items():
            for intent in book.pending:
                if intent.client_id == client_id:
                    book.pending.remove(intent)
                    self._settle(symbol, book)
                    return True
        return False

    def close(self, signal_id: str, leg: Leg, since: int = 0) -> bool:
        """Leaves what a signal holds at the first open from ``since`` on, before anything else of that bar."""
        held = [one for book in self._active.values() for one in book.holdings if one.signal_id == signal_id]
        for one in held:
            if not one.closing or since < one.closing_since:  # asking again never puts it off
                one.closing, one.closing_since = leg.value, since
        return bool(held)

    def amend(self, signal_id: str, stop_ticks: int) -> bool:
        """Moves the stop of what a signal holds, from the next bar on."""
        held = [
            (one, book.instrument)
            for book in self._active.values()
            for one in book.holdings
            if one.signal_id == signal_id
        ]
        for one, instrument in held:
            one.stop = instrument.to_price(stop_ticks)
        return bool(held)

    def holdings(self, symbol: str) -> tuple[Holding, ...]:
        """What is open in a symbol, oldest first."""
        book = self._active.get(symbol)
        return tuple(book.holdings) if book else ()

    def on_bar(self, bar: Bar) -> Sequence[Report]:
        """What the bar did to charges, positions and intents of its symbol, in order."""
        book = self._active.get(bar.symbol)
        if book is None or bar.synthetic:
            return ()
        reports: list[Report] = []
        if book.holdings and bar.ts_open >= book.next_charge:
            self._charge(book, bar, reports)
        if book.pending:
            due = [intent for intent in book.pending if bar.ts_open >= intent.ts]
            if due:
                self._exits(book, bar, reports, at_open=True)
                book.pending = [intent for intent in book.pending if bar.ts_open < intent.ts]
                for intent in due:
                    self._enter(book, bar, intent, reports)
        if book.holdings:
            self._exits(book, bar, reports, at_open=False)
        if reports:
            self._settle(bar.symbol, book)
        return reports

    def snapshot(self) -> bytes:
        """Pending intents, open positions and used ids, as bytes that ``restore`` takes."""
        books = [
            _Open(symbol, book.pending, book.holdings, book.next_charge)
            for symbol, book in sorted(self._active.items())
        ]
        return msgspec.msgpack.encode(_State(list(self._seen), books))

    def restore(self, state: bytes) -> None:
        """Continues from a snapshot of a broker with the same instruments."""
        found = msgspec.msgpack.decode(state, type=_State)
        self._seen = dict.fromkeys(found.seen)
        self._active = {}
        for kept in found.books:
            instrument = self._instruments[kept.symbol]
            book = _Book(instrument, self._costs.get(kept.symbol, instrument.costs))
            book.pending, book.holdings, book.next_charge = list(kept.pending), list(kept.holdings), kept.next_charge
            self._active[kept.symbol] = book

    def _settle(self, symbol: str, book: _Book) -> None:
        if not book.holdings and not book.pending:
            self._active.pop(symbol, None)

    def _charge(self, book: _Book, bar: Bar, reports: list[Report]) -> None:
        moment = book.next_charge
        instrument, costs = book.instrument, book.costs
        while moment <= bar.ts_open:
            for held in book.holdings:
                held.rate = self._rates.rate(instrument.quote) or held.rate
                nightly = swap(instrument, costs, held.side, held.steps, moment)
                if nightly is not None:
                    reports.append(Charge(held.signal_id, bar.symbol, moment, "swap", str(nightly)))
                paid = funding(instrument, costs, held.side, held.steps, moment, bar.open, held.rate)
                if paid is not None:
                    reports.append(Charge(held.signal_id, bar.symbol, moment, "funding", str(paid)))
            moment = next_charge(costs, moment)
        book.next_charge = moment

    def _exits(self, book: _Book, bar: Bar, reports: list[Report], *, at_open: bool) -> None:
        kept: list[Holding] = []
        for held in book.holdings:
            shift = closing_shift(book.instrument, bar, held.side, self._scale)
            opened, high, low = bar.open, bar.high, bar.low
            if shift:
                # Rounded, so that a sum of floats meets a level it equals on paper.
                opened, high, low = round(opened + shift, 8), round(high + shift, 8), round(low + shift, 8)
            if at_open:
                high = low = opened
            code, price, ambiguous = bracket_exit(held.side, opened, high, low, held.stop, held.target)
            asked = bool(held.closing) and bar.ts_open >= held.closing_since
            over = asked or 0 < held.time_stop_ts <= bar.ts_open
            if code == HOLD and not over:
                kept.append(held)
                continue
            if over and price != opened:
                leg, price, ambiguous = Leg(held.closing if asked else Leg.TIME), opened, False
            else:
                leg = Leg.STOP if code == STOP else Leg.TARGET
            ts = bar.ts_open if price == opened else bar.ts_close
            reports.append(self._close(book, bar, held, held.steps, price - shift, ts, leg, held.client_id, ambiguous))
        book.holdings = kept

    def _close(
        self,
        book: _Book,
        bar: Bar,
        held: Holding,
        steps: int,
        reference: float,
        ts: int,
        leg: Leg,
        client_id: str,
        ambiguous: bool = False,
    ) -> Fill:
        held.rate = self._rates.rate(book.instrument.quote) or held.rate
        return self._fill(
            book, bar, client_id, held.signal_id, leg, -held.side, steps, reference, held.rate, ts, ambiguous
        )

    def _fill(
        self,
        book: _Book,
        bar: Bar,
        client_id: str,
        signal_id: str,
        leg: Leg,
        side: int,
        steps: int,
        reference: float,
        rate: float,
        ts: int,
        ambiguous: bool = False,
    ) -> Fill:
        instrument, costs = book.instrument, book.costs
        crossed = crossing(instrument, costs, bar, side, reference, self._scale)
        done = execute(instrument, costs, side, steps, reference, crossed, rate)
        return Fill(
            client_id=client_id,
            signal_id=signal_id,
            symbol=bar.symbol,
            leg=leg,
            side=side,
            steps=steps,
            price_ticks=done.price_ticks,
            ts=ts,
            spread_cost=str(done.spread),
            slippage_cost=str(done.slippage),
            commission=str(done.commission),
            ambiguous=ambiguous,
        )

    def _enter(self, book: _Book, bar: Bar, intent: OrderIntent, reports: list[Report]) -> None:
        instrument = book.instrument
        stop = instrument.to_price(intent.stop_ticks) if intent.stop_ticks > 0 else math.nan
        target = instrument.to_price(intent.target_ticks) if intent.target_ticks > 0 else math.nan
        opened = bar.open + closing_shift(instrument, bar, intent.side, self._scale)
        code, _, _ = bracket_exit(intent.side, opened, opened, opened, stop, target)
        rate = self._rates.rate(instrument.quote)
        refusal = ""
        if code != HOLD:
            refusal = "stop_passed" if code == STOP else "target_passed"
        elif 0 < intent.time_stop_ts <= bar.ts_open:
            refusal = "expired"
        elif rate is None:
            refusal = "no_rate"
        if refusal or rate is None:
            reports.append(self._refusal(intent, bar, refusal, f"open {bar.open} at {bar.ts_open}"))
            return
        left = self._reduce(book, bar, intent, reports) if self._netting else intent.steps
        if left == 0:
            reports.append(self._refusal(intent, bar, "netted", "used up by closing the opposing position"))
            return
        reports.append(
            self._fill(
                book, bar, intent.client_id, intent.signal_id, Leg.ENTRY, intent.side, left, bar.open, rate, bar.ts_open
            )
        )
        until = intent.time_stop_ts
        if self._netting:
            for held in book.holdings:
                held.stop, held.target, held.time_stop_ts = stop, target, until
        book.next_charge = next_charge(book.costs, bar.ts_open)
        book.holdings.append(Holding(intent.client_id, intent.signal_id, intent.side, left, stop, target, until, rate))

    def _reduce(self, book: _Book, bar: Bar, intent: OrderIntent, reports: list[Report]) -> int:
        """Closes the opposing side, oldest first; returns the steps of the intent that are left."""
        left = intent.steps
        kept: list[Holding] = []
        for held in book.holdings:
            steps = min(left, held.steps) if held.side != intent.side else 0
            if steps:
                reports.append(self._close(book, bar, held, steps, bar.open, bar.ts_open, Leg.CLOSE, intent.client_id))
                held.steps -= steps
                left -= steps
            if held.steps:
                kept.append(held)
        book.holdings = kept
        return left

    @staticmethod
    def _refusal(intent: OrderIntent, bar: Bar, code: str, detail: str) -> Refusal:
        return Refusal(intent.client_id, intent.signal_id, intent.symbol, bar.ts_open, code, detail)
