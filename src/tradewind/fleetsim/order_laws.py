"""The laws of orders, held against what the venue knows: names, stops, reconciliation, books, budgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from tradewind.engine.orders.book import Book
from tradewind.fleetsim.evidence import Durable, Evidence
from tradewind.fleetsim.exchange import Exchange
from tradewind.model.order import Fill, Leg
from tradewind.model.timeframe import MINUTE, SECOND
from tradewind.model.venue import Action, OrderStatus, OrderUpdate, ReportKind, VenueReport, VenueRequest

PROTECT: Final = 3 * SECOND
"""What is held must be behind a stop of its size, or gone, this long after it could be."""
QUIET: Final = 10 * MINUTE
"""How long nothing must have been wrong before everything must be in order."""
LOOK_EVERY: Final = 30 * MINUTE


class OrderLaws:
    """Keeps what the laws must remember. All times are the venue's."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._fresh = False
        self._wrong_since = 0
        self._able_since = 0
        self._looked = 0
        self._booked: Counter[str] = Counter()
        self._checked: set[str] = set()
        self.left: set[str] = set()
        """Entries that have left for the venue."""

    def check(self, evidence: Evidence) -> Iterator[str]:
        """Every breach since the last look."""
        exchange, now = self._exchange, evidence.clock.true
        found, exchange.breaches = exchange.breaches, []
        yield from found
        if not evidence.able:
            self._able_since, self._wrong_since = 0, 0
            return
        if not self._able_since:
            self._able_since = now
        yield from self.stops_cover_positions(evidence, now)
        calm = now > max(exchange.trouble_until, self._able_since) + QUIET
        if calm and now >= self._looked + LOOK_EVERY:
            self._looked = now
            yield from self.everything_is_in_order(evidence)

    def entry(self, one: Durable) -> Iterator[str]:
        """What one entry of the journal says of orders."""
        event = one.entry.event
        if isinstance(event, VenueReport):
            if event.kind is ReportKind.LINK:
                self._fresh = False
            elif event.kind is ReportKind.SNAPSHOT:
                self._fresh = True
        truth = self._exchange.truth
        for output in one.outputs:
            if isinstance(output, VenueRequest) and output.action is Action.PLACE and not output.reduce_only:
                self.left.add(output.client_id)
                if not self._fresh:
                    yield f"INV-13 entry {one.entry.seq}: {output.client_id} is wanted before the venue was asked"
            elif isinstance(output, OrderUpdate) and output.state in ("rejected", "absent"):
                known = truth.orders.get(output.client_id)
                if known is not None and known.status is not OrderStatus.REJECTED and known.visible_at <= one.at:
                    yield (
                        f"INV-13 entry {one.entry.seq}: {output.client_id} is called {output.state},"
                        f" the venue has it as {known.status}"
                    )
            elif isinstance(output, Fill):
                self._booked[output.client_id] += output.steps
                known = truth.orders.get(output.client_id)
                if known is not None and self._booked[output.client_id] > known.filled:
                    booked = self._booked[output.client_id]
                    yield f"INV-14 entry {one.entry.seq}: {booked} of {output.client_id} booked, {known.filled} filled"
                if known is not None:
                    self._checked.add(output.client_id)

    def stops_cover_positions(self, evidence: Evidence, now: int) -> Iterator[str]:
        """INV-08: what is held is behind a stop of its size, and no stop outlives it."""
        truth = self._exchange.truth
        resting = truth.resting()
        if not truth.positions and not resting:
            self._wrong_since = 0
            return
        engine = evidence.engine
        book = engine.orders.book if engine is not None and engine.orders is not None else Book()
        wrong = ""
        for symbol in evidence.plans:
            held = truth.held(symbol) - book.external.get(symbol, 0)
            stops = [one for one in resting if one.request.symbol == symbol and one.request.leg is Leg.STOP]
            behind = sum(one.left for one in stops if one.request.side * held < 0)
            surviving = sum(one.left for one in stops) - behind
            if behind != abs(held) or surviving:
                wrong = f"{symbol}: {held:+d} steps are held, stops cover {behind}, {surviving} are left over"
        if not wrong:
            self._wrong_since = 0
            return
        self._wrong_since = self._wrong_since or now
        since = max(self._wrong_since, self._exchange.trouble_until, self._able_since)
        if now - since > PROTECT and not (book.external or book.suspicions):
            yield f"INV-08 for {(now - since) / SECOND:.1f} s {wrong}"

    def everything_is_in_order(self, evidence: Evidence) -> Iterator[str]:
        """INV-07, 13, 14 where nothing has been wrong for a while: both sides know the same."""
        engine, truth = evidence.engine, self._exchange.truth
        if engine is None or engine.orders is None or self._exchange.next_due() is not None:
            return
        book = engine.orders.book
        if book.external_orders or book.outstanding or book.external:
            return
        ours = Counter[str]()
        for exposure in book.exposures.values():
            ours[exposure.symbol] += exposure.side * exposure.held
        for symbol in evidence.plans:
            if truth.held(symbol) != ours[symbol]:
                yield f"INV-13 {symbol}: the venue holds {truth.held(symbol):+d} steps, we believe {ours[symbol]:+d}"
        for order in truth.resting():
            name = order.request.client_id
            if order.request.position not in book.exposures and not self._exchange.is_anothers(name):
                yield f"INV-08 {order.request.leg} {name} rests for nobody"
        if book.in_doubt or book.suspicions:
            yield "INV-13 orders or positions are still in doubt"
        for name in sorted(self._checked):
            known = truth.orders[name]
            if self._booked[name] != known.filled:
                yield f"INV-14 {self._booked[name]} steps of {name} are booked, the venue filled {known.filled}"
        self._checked.clear()
