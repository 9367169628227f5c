"""The laws. Each is one small function named after its number; all run after every event.

A law reads the evidence and yields what breaks it, as sentences. It keeps nothing but what it is given to remember.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from tradewind.fleetsim.evidence import Durable, Evidence
from tradewind.fleetsim.firm_laws import FirmLaws
from tradewind.fleetsim.newsroom import NewsLaws
from tradewind.fleetsim.order_laws import OrderLaws
from tradewind.model.bar import Bar
from tradewind.model.decision import NoDecision, NoTrade, Signal
from tradewind.model.event import BarClosed, BarMissing, Command
from tradewind.model.guard import GuardChanged
from tradewind.model.money import ZERO
from tradewind.model.order import Fill, Leg, OrderIntent
from tradewind.model.output import Output
from tradewind.model.session import calendar_of
from tradewind.model.venue import Action, VenueRequest

Law = Callable[[Evidence], Iterator[str]]

OF_ORDERS: Final = ("INV-07", "INV-08", "INV-13", "INV-14", "INV-20")
"""What ``OrderLaws`` checks, where a venue holds orders."""
OF_FIRMS: Final = ("INV-09", "INV-17")
"""What ``FirmLaws`` checks, where a prop firm's rules hold."""

SCALE: Final = 10.0
"""A close this many times above or below the true one is on another scale."""


class Laws:
    """All laws with their memories; ``check`` names what is broken now, with the number of the law."""

    def __init__(
        self, orders: OrderLaws | None = None, firm: FirmLaws | None = None, news: NewsLaws | None = None
    ) -> None:
        self.orders = orders
        self.firm = firm
        self.news = news
        self._closed: dict[str, int] = {}
        self._begun: dict[str, int] = {}
        self._decided: dict[str, int] = {}
        self._last: tuple[int, str] = (0, "")
        self._orders: dict[str, OrderIntent] = {}
        self._filled: dict[str, int] = {}
        self._left: dict[str, int] = {}
        self._nets: Decimal = ZERO
        self._said: dict[str, int] = {}
        self._heard = 0
        self._ordered: set[str] = set()
        self._latched: set[str] = set()
        self._limits: dict[str, int] = {}
        self._sizes: dict[str, int] = {}
        self._booked: tuple[object, object] = (None, None)
        self.checked = 0
        self._table = self._laws()
        about_entries = ("INV-01", "INV-07", "INV-10", "INV-11", "INV-12", "INV-14", "INV-17", "INV-24")
        about_trades_and_holes = ("INV-07", "INV-17")
        self._always = tuple(one for one in self._table if one[0] not in about_entries)
        self._of_entries = tuple(one for one in self._table if one[0] in about_entries)
        self._of_bars = tuple(one for one in self._of_entries if one[0] not in about_trades_and_holes)

    def check(self, evidence: Evidence) -> list[str]:
        """Every breach since the last look."""
        self.checked += len(self._table)  # a law holds where nothing has come that it is about
        found: list[str] = []
        laws = self._always if self._is_news(evidence) else ()
        if evidence.fresh:
            plain = all(one.quiet and one.bar is not None for one in evidence.fresh)
            laws = (*laws, *(self._of_bars if plain else self._of_entries))
        for number, law in laws:
            for what in law(evidence):
                found.append(f"{number} {what}")
        if self.orders is not None:
            self.checked += len(OF_ORDERS)
            for one in evidence.fresh:
                found += self.orders.entry(one)
            found += self.orders.check(evidence)
        if self.firm is not None:
            self.checked += len(OF_FIRMS)
            for one in evidence.fresh:
                found += self.firm.entry(one)
            found += self.firm.check(evidence)
        if self.news is not None:
            self.checked += 1
            for one in evidence.fresh:
                if not one.quiet:
                    found += self.news.entry(one)
        evidence.fresh.clear()
        evidence.restart = None
        evidence.intruders.clear()
        evidence.refusals.clear()
        evidence.vanished.clear()
        return found

    def _is_news(self, evidence: Evidence) -> bool:
        """Whether anything has come that is no entry; without it the laws judged the same evidence last time."""
        known, self._sizes = self._sizes, evidence.sizes
        return bool(
            evidence.restart is not None
            or len(evidence.heard) != self._heard
            or evidence.untold
            or evidence.vanished
            or evidence.intruders
            or evidence.refusals
            or evidence.sizes is not known
        )

    def _laws(self) -> tuple[tuple[str, Law], ...]:
        return (
            ("INV-01", self.nothing_is_known_before_its_close),
            ("INV-04", self.nothing_is_told_that_is_not_durable),
            ("INV-05", self.a_restart_continues_the_state_of_the_dead),
            ("INV-06", self.everything_is_told_once_and_repeats_say_so),
            ("INV-07", self.an_order_has_one_name_and_is_never_overfilled),
            ("INV-10", self.halts_latch),
            ("INV-11", self.bad_input_gets_no_decision),
            ("INV-12", self.a_bar_is_processed_once_and_as_it_was),
            ("INV-14", self.the_books_balance),
            ("INV-15", self.the_service_goes_on),
            ("INV-16", self.there_is_one_writer),
            ("INV-17", self.no_bar_is_skipped_that_could_be_had),
            ("INV-21", self.nothing_grows_without_bound),
            ("INV-24", self.every_due_close_has_one_decision),
        )

    def nothing_is_known_before_its_close(self, evidence: Evidence) -> Iterator[str]:
        """A bar that is decided on has closed, by the venue's clock."""
        for one in evidence.fresh:
            bar = one.bar
            if bar is not None and bar.ts_close > one.at:
                early = (bar.ts_close - one.at) / 1e9
                yield f"entry {one.entry.seq}: {name(bar)} was taken {early:.1f} s before its end"

    def nothing_is_told_that_is_not_durable(self, evidence: Evidence) -> Iterator[str]:
        """What people heard was on disk when they heard it, and still is after a death."""
        for telling in evidence.heard[self._heard :]:
            if not telling.durable:
                yield f"{telling.key} was told before it was durable"
        yield from evidence.vanished

    def a_restart_continues_the_state_of_the_dead(self, evidence: Evidence) -> Iterator[str]:
        """The engine after recovery is the engine at that position of the journal, byte for byte."""
        restart = evidence.restart
        if restart is None:
            return
        before = restart.expected.get(restart.seq)
        if before is None:
            yield f"recovered at entry {restart.seq}, the dead process stood at {sorted(restart.expected)}"
        elif before != restart.state:
            yield f"the state recovered at entry {restart.seq} is not the one the dead process had there"

    def everything_is_told_once_and_repeats_say_so(self, evidence: Evidence) -> Iterator[str]:
        """Nothing durable stays untold, nothing is told twice without saying so."""
        for telling in evidence.heard[self._heard :]:
            if not telling.repeated:
                times = self._said[telling.key] = self._said.get(telling.key, 0) + 1
                if times > max(evidence.keys[telling.key], 1):
                    yield f"{telling.key} was told {times} times without a word"
            evidence.untold[telling.key] -= 1
            if evidence.untold[telling.key] <= 0:
                del evidence.untold[telling.key]
        self._heard = len(evidence.heard)
        if evidence.untold and evidence.engine is not None:
            for key in sorted(evidence.untold):
                yield f"{key} is durable and was not told"
            evidence.untold.clear()

    def an_order_has_one_name_and_is_never_overfilled(self, evidence: Evidence) -> Iterator[str]:
        """Client order ids are unique; fills never exceed what was intended, exits never what was entered."""
        for one in evidence.fresh:
            for output in () if one.quiet else one.outputs:
                if isinstance(output, OrderIntent):
                    if output.client_id in self._orders:
                        yield f"entry {one.entry.seq}: order id {output.client_id} is used twice"
                    self._orders[output.client_id] = output
                elif isinstance(output, Fill):
                    yield from self._fill(one, output)

    def _fill(self, one: Durable, fill: Fill) -> Iterator[str]:
        if fill.leg is Leg.ENTRY:
            intended = self._orders.get(fill.client_id)
            done = self._filled[fill.client_id] = self._filled.get(fill.client_id, 0) + fill.steps
            if intended is None or done > intended.steps:
                yield f"entry {one.entry.seq}: order {fill.client_id} filled {done} of {intended and intended.steps}"
            self._left[fill.signal_id] = self._left.get(fill.signal_id, 0) + fill.steps
        else:
            left = self._left[fill.signal_id] = self._left.get(fill.signal_id, 0) - fill.steps
            if left < 0:
                yield f"entry {one.entry.seq}: signal {fill.signal_id} left {-left} steps more than it entered"

    def halts_latch(self, evidence: Evidence) -> Iterator[str]:
        """While a person's stop holds, nothing adds risk, restarts or not, until a person ends it for a reason."""
        for one in evidence.fresh:
            event = one.entry.event
            if isinstance(event, Command) and (not event.id or event.id not in self._ordered):
                self._ordered.add(event.id)
                self._latch(event)
            for output in one.outputs:
                if isinstance(output, GuardChanged):
                    yield from self._limit(one, output)
                elif (self._latched or self._limits) and self._adds_risk(output):
                    held = sorted(self._latched | self._limits.keys())
                    yield f"entry {one.entry.seq}: {type(output).__name__} while {held} hold"
        if not evidence.fresh or evidence.engine is None:
            return
        latches = evidence.engine.guard.latches
        if latches or self._latched or self._limits:
            stands = {_VERBS.get(cause, cause) for cause in latches}
            if stands != self._latched | self._limits.keys():
                ordered = sorted(self._latched | self._limits.keys())
                yield f"the engine holds {sorted(stands)}, people and limits ordered {ordered}"

    def _adds_risk(self, output: Output) -> bool:
        """An entry that had left before may still be filled: only the venue could have prevented that."""
        if isinstance(output, Fill):
            left = self.orders is not None and output.client_id in self.orders.left
            return output.leg is Leg.ENTRY and not left
        if isinstance(output, VenueRequest):
            return output.action is Action.PLACE and not output.reduce_only
        return isinstance(output, Signal | OrderIntent)

    def _limit(self, one: Durable, changed: GuardChanged) -> Iterator[str]:
        """What a limit set ends by itself where it says so, else by a person with a reason."""
        if changed.cause in _VERBS:
            return
        if not changed.cleared:
            self._limits[changed.cause] = changed.until
            return
        until = self._limits.pop(changed.cause, 0)
        event = one.entry.event
        person = isinstance(event, Command) and event.verb == "resume" and bool(event.reason)
        if not person and not (until and one.entry.ts >= until):
            yield f"entry {one.entry.seq}: {changed.cause} ended by itself"

    def _latch(self, order: Command) -> None:
        if order.verb in _VERBS.values():
            self._latched.add(order.verb)
        elif order.verb == "kill_off" and order.reason and not order.argument:
            self._latched.discard("kill_on")
        elif order.verb == "resume":
            self._latched -= {"reduce", "liquidate"}
            if order.argument == "stopped" and order.reason:
                self._latched.discard("rollback")

    def bad_input_gets_no_decision(self, evidence: Evidence) -> Iterator[str]:
        """Insane prices, a wrong scale, a hole or a stale feed: the answer is that there is none.

        A longer bar that ends with an unusable one is made of the others, and may be decided on.
        """
        for one in evidence.fresh:
            why = _bad(one, evidence)
            base = one.close[1] if one.close is not None else None
            for output in one.outputs if why else ():
                if isinstance(output, (Signal, NoTrade)) and (one.stale or output.timeframe is base):
                    yield f"entry {one.entry.seq}: {type(output).__name__} although {why}"

    def a_bar_is_processed_once_and_as_it_was(self, evidence: Evidence) -> Iterator[str]:
        """Sequenced events come in canonical order, each close once, a sane bar with the venue's own values."""
        for one in evidence.fresh:
            close = one.close
            if close is None:
                continue
            symbol, _, ts = close
            if ts <= self._closed.get(symbol, 0):
                yield f"entry {one.entry.seq}: {symbol} {ts} came again or late"
            elif (ts, symbol) < self._last:
                yield f"entry {one.entry.seq}: {symbol} {ts} came after {self._last[1]} {self._last[0]}"
            self._closed[symbol] = max(ts, self._closed.get(symbol, 0))
            self._last = max(self._last, (ts, symbol))
            bar = one.bar
            if bar is not None:
                true = evidence.venue.by_close.get((symbol, ts))
                if bar is not true and bar != true and not _insane(bar, true) and not _seen_forming(one, evidence):
                    yield f"entry {one.entry.seq}: {name(bar)} is not the bar the venue made"

    def the_books_balance(self, evidence: Evidence) -> Iterator[str]:
        """Accounts sum to zero; without a position, cash is capital and the net of all trades and nothing else."""
        quiet = True
        for one in evidence.fresh:
            quiet &= one.quiet
            for output in () if one.quiet else one.outputs:
                if getattr(output, "net", None) is not None:
                    self._nets += Decimal(output.net)  # type: ignore[union-attr]  # only a trade has one
        engine = evidence.engine
        if engine is None or not evidence.fresh:
            return
        ledger = engine.portfolio.ledger
        known, self._booked = self._booked, (ledger, ledger.cash)
        if quiet and known[0] is ledger and known[1] is ledger.cash:
            return  # a posting makes a new sum: nothing was booked since the last look, and nothing should have been
        totals = ledger.totals()
        paid = totals["spread"] + totals["slippage"] + totals["commission"]
        made = totals["capital"] + totals["gross"] - paid + totals["swap"] + totals["funding"]
        if made != totals["cash"]:
            yield f"cash is {totals['cash']}, the accounts say {made}"
        if not engine.portfolio.positions() and totals["cash"] != totals["capital"] + self._nets:
            yield f"flat with {totals['cash']}, capital and trades say {totals['capital'] + self._nets}"

    def the_service_goes_on(self, evidence: Evidence) -> Iterator[str]:
        """Nothing in this world makes it give up; only waiting for a venue or for the clocks to agree is allowed."""
        yield from evidence.refusals

    def there_is_one_writer(self, evidence: Evidence) -> Iterator[str]:
        """A second instance was turned away and changed nothing."""
        yield from evidence.intruders

    def no_bar_is_skipped_that_could_be_had(self, evidence: Evidence) -> Iterator[str]:
        """A bar is only missing if the venue never made it or would not give it, whatever the host's clock says."""
        for one in evidence.fresh:
            event = one.entry.event
            if isinstance(event, BarMissing):
                key = (event.symbol, event.ts_close)
                if key in evidence.venue.by_close and key not in evidence.venue.withheld:
                    what = f"{event.symbol} {event.ts_close} is called missing"
                    yield f"entry {one.entry.seq}: {what} (clock {evidence.clock.error / 1e9:+.0f} s)"

    def nothing_grows_without_bound(self, evidence: Evidence) -> Iterator[str]:
        """Everything that is remembered has a size that no length of the run moves."""
        for what, size in evidence.sizes.items():
            if size > BOUNDS[what]:
                yield f"{what} holds {size}, at most {BOUNDS[what]} are allowed"

    def every_due_close_has_one_decision(self, evidence: Evidence) -> Iterator[str]:
        """Every close of every timeframe decided on ends in exactly one signal, no-trade or no-decision.

        No close of the base timeframe is passed over. A longer bar that had begun before the first bar of the run is
        owed nothing.
        """
        for one in evidence.fresh:
            close = one.close
            if close is None:
                continue
            symbol, base, ts = close
            plan = evidence.plans[symbol]
            calendar = calendar_of(plan.instrument.calendar)
            begun = self._begun.setdefault(symbol, ts - base.ns)
            before = self._decided.get(symbol, ts - 1)
            self._decided[symbol] = ts
            if calendar.closes or ts - before > base.ns:
                for _, due_ts in calendar.expected_closes(before, ts - 1, base):
                    yield f"entry {one.entry.seq}: {symbol} {ts} follows, {due_ts} was passed over"
            if calendar.closes:
                ends = [(tf, calendar.expected_closes(ts - 1, ts, tf)) for tf in plan.timeframes]
                due = [tf for tf, bounds in ends if bounds and bounds[0][0] >= begun]
            else:  # UTC without a pause: arithmetic
                due = [tf for tf in plan.timeframes if not ts % tf.ns and ts - tf.ns >= begun]
            made = [d for d in one.outputs if isinstance(d, (NoTrade, NoDecision, Signal))]
            got = [d.timeframe for d in made if d.symbol == symbol and d.ts == ts]
            if (got != due and sorted(got) != sorted(due)) or len(made) != len(due):
                stated = [str(d.timeframe) for d in made]
                yield f"entry {one.entry.seq}: {symbol} {ts} owes decisions on {[*map(str, due)]}, got {stated}"


_VERBS: Final = {"kill": "kill_on", "reduce": "reduce", "liquidate": "liquidate", "rollback": "rollback"}
BOUNDS: Final = {
    "released bars remembered": 512,
    "snapshots": 3,
    "candles a series": 5_256,
    "leases": 1,
    "orders that are over": 1_024,
    "orders that may matter": 64,
    "requests without an answer": 64,
    "strangers' executions": 8_192,
    "requests to leave": 64,
    "state bytes": 1_000_000,
}
"""What may be remembered, however long the run."""


def name(bar: Bar) -> str:
    """``BTC/USDT 1h 1577836800``, the close in seconds."""
    return f"{bar.symbol} {bar.timeframe} {bar.ts_close // 10**9}"


def _seen_forming(one: Durable, evidence: Evidence) -> bool:
    """Whether a bar was taken as last seen forming, as the journal says, because history would not give it."""
    event = one.entry.event
    if not isinstance(event, BarClosed) or event.cause not in ("successor", "grace"):
        return False
    return (event.bar.symbol, event.bar.ts_close) in evidence.venue.withheld


def _insane(bar: Bar, true: Bar | None) -> bool:
    """Whether nobody may trade on the bar."""
    if bar.fault():
        return True
    return true is not None and not (true.close / SCALE < bar.close < true.close * SCALE)


def _bad(one: Durable, evidence: Evidence) -> str:
    """Why there must be no decision on the entry, or ``""``."""
    if isinstance(one.entry.event, BarMissing):
        return "it is missing"
    bar = one.bar
    if bar is None:
        return ""
    true = evidence.venue.by_close.get((bar.symbol, bar.ts_close))
    if bar is not true and _insane(bar, true):  # what the venue made is sane
        return "its prices are insane"
    return "the feed is stale" if one.stale else ""
