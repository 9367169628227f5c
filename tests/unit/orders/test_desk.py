"""The desk before a venue at the other end of a network, and what an answer proves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from tests.fakes.order_room import PRICE, START
from tradewind.adapters.execution.hostile import HostileMix, HostileVenue
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.task_scheduler import TaskScheduler
from tradewind.app.order_desk import OrderDesk, RequestQueue
from tradewind.engine.orders.manager import OrderManager
from tradewind.engine.orders.params import OrderParams
from tradewind.errors import Corrupt, Retryable, TimedOut, TradewindError
from tradewind.model.event import Asked
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.order import Leg, OrderIntent
from tradewind.model.timeframe import SECOND
from tradewind.model.venue import Action, ReportKind, VenueReport, VenueRequest
from tradewind.ports.venue import DUPLICATE, NotSent, VenueLimited, VenueRefused, Verdict, report_of, verdict_on

REQUEST = VenueRequest(7, Action.PLACE, 0, "EUR/USD", "abc")


@pytest.mark.parametrize(
    ("status", "body", "proves"),
    [
        (200, b'{"orderId": 1}', Verdict.DONE),
        (201, b"[1]", Verdict.DONE),
        (200, b"", Verdict.AMBIGUOUS),
        (200, b"{}", Verdict.AMBIGUOUS),
        (200, b'{"result": null}', Verdict.AMBIGUOUS),
        (200, b"<html>maintenance</html>", Verdict.AMBIGUOUS),
        (400, b'{"code": -2010}', Verdict.REFUSED),
        (401, b'{"code": -2015}', Verdict.REFUSED),
        (403, b"<html>blocked by a proxy</html>", Verdict.AMBIGUOUS),
        (408, b"{}", Verdict.AMBIGUOUS),
        (409, b'{"code": "conflict"}', Verdict.AMBIGUOUS),
        (418, b"", Verdict.BANNED),
        (429, b"", Verdict.LIMITED),
        (500, b'{"error": 1}', Verdict.AMBIGUOUS),
        (502, b"<html></html>", Verdict.AMBIGUOUS),
        (503, b"", Verdict.AMBIGUOUS),
    ],
)
def test_only_the_venues_own_word_is_definitive(status: int, body: bytes, proves: Verdict) -> None:
    assert verdict_on(status, body) is proves


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (VenueRefused("margin"), ReportKind.REFUSED),
        (VenueRefused(DUPLICATE), ReportKind.UNKNOWN),
        (NotSent("connection refused"), ReportKind.UNSENT),
        (VenueLimited(3.0), ReportKind.LIMITED),
        (TimedOut("no answer"), ReportKind.UNKNOWN),
        (Retryable("503"), ReportKind.UNKNOWN),
        (Corrupt("half a document"), ReportKind.UNKNOWN),
    ],
)
def test_an_error_that_proves_nothing_is_unknown(error: TradewindError, kind: ReportKind) -> None:
    report = report_of(error, REQUEST, 5)
    assert (report.kind, report.request) == (kind, 7)
    assert report.until == (5 + 3 * SECOND if kind is ReportKind.LIMITED else 0)


def test_the_queue_lets_exits_go_before_questions_and_questions_before_entries() -> None:
    queue = RequestQueue(budget=1)
    entry = VenueRequest(1, Action.PLACE, 0, leg=Leg.ENTRY)
    question = VenueRequest(2, Action.INQUIRE, 0)
    stop = VenueRequest(3, Action.PLACE, 0, leg=Leg.STOP, reduce_only=True)
    for one in (entry, question, stop):
        queue.put(one)
    assert [queue.take(at * SECOND) for at in (1, 1, 2, 3)] == [stop, None, question, entry]


def test_the_queue_is_silent_while_the_venue_wants_silence() -> None:
    queue = RequestQueue()
    queue.put(REQUEST)
    queue.silence(9)
    assert (queue.ready_at(3), queue.take(3), queue.take(9)) == (9, None, REQUEST)


class Wired:
    """The hostile venue behind waits, as a network would have it."""

    def __init__(self, venue: HostileVenue, clock: ManualClock) -> None:
        self.capabilities = venue.capabilities
        self.venue = venue
        self.clock = clock
        self.hangs = False

    async def execute(self, request: VenueRequest) -> Sequence[VenueReport]:
        await asyncio.sleep(0)
        if self.hangs:
            await asyncio.sleep(3600)
        return self.venue.execute(request, self.clock.now())

    async def stream(self) -> AsyncIterator[VenueReport]:
        yield VenueReport(ReportKind.LINK, self.clock.now(), code="up")
        while True:
            await asyncio.sleep(0)
            for report in self.venue.due(self.clock.now()):
                yield report

    async def close(self) -> None:
        """Nothing to close."""


class Office:
    """A manager and its desk on an event loop; the test moves the clock."""

    def __init__(self, mix: HostileMix, timeout_s: float = 10.0) -> None:
        self.clock = ManualClock(START)
        self.venue = HostileVenue(np.random.default_rng(3), mix)
        self.venue.tick("EUR/USD", PRICE, START)
        self.wired = Wired(self.venue, self.clock)
        self.manager = OrderManager(INSTRUMENTS, OrderParams())
        self.scheduler = TaskScheduler()
        self.desk = OrderDesk(self.manager, self.wired, self.clock, self.scheduler, timeout_s=timeout_s)
        self.heard: list[ReportKind] = []

    async def works(self, seconds: int) -> None:
        for _ in range(seconds * 2):
            for _ in range(40):
                await asyncio.sleep(0)
                for event in self.desk.heard():
                    if isinstance(event, VenueReport):
                        self.heard.append(event.kind)
                        self.manager.on_report(event)
                    elif isinstance(event, Asked):
                        self.manager.on_time(event.ts)
                    self.desk.take(self.manager.drain())
            self.clock.advance_to(self.clock.now() + SECOND // 2)

    def buys(self) -> None:
        now = self.clock.now()
        intent = OrderIntent("S-entry", "S", "EUR/USD", 1, 5, PRICE - 300, PRICE + 600, 0, now)
        self.manager.submit(intent)
        self.desk.take(self.manager.drain())

    async def ends(self) -> None:
        self.scheduler.cancel()
        await self.scheduler.join()


def test_the_waiting_desk_does_what_the_stepped_one_does() -> None:
    """Connect, reconcile, enter, protect, over an event loop with faults in between."""

    async def day() -> Office:
        office = Office(HostileMix(lost_answer=0.3, page=0.2, doubled_message=0.5))
        office.desk.begin()
        await office.works(30)
        office.buys()
        await office.works(90)
        await office.ends()
        return office

    office = asyncio.run(day())
    exposure = office.manager.book.exposures["S"]
    assert exposure.held == 5
    working = [one for one in office.venue.truth.orders.values() if one.request.leg is Leg.STOP and one.left]
    assert [one.left for one in working] == [5]
    assert ReportKind.UNKNOWN in office.heard
    assert office.venue.truth.positions == {("EUR/USD", ""): 5}


def test_a_request_that_hangs_is_unknown_after_its_time() -> None:
    async def day() -> Office:
        office = Office(HostileMix(), timeout_s=0.01)
        office.desk.begin()
        await office.works(2)
        office.wired.hangs = True
        office.buys()
        await office.works(1)
        await asyncio.sleep(0.05)
        office.wired.hangs = False
        await office.works(1)
        await office.ends()
        return office

    office = asyncio.run(day())
    assert ReportKind.UNKNOWN in office.heard
    assert office.manager.book.own["S-entry"].doubt
