"""Carries requests to a venue after they are durable, and brings back what it says as events.

A desk decides nothing but when: it keeps the venue's request budget, is silent while the venue wants silence, and lets
what reduces risk go first. Everything that cannot be told for certain is reported as unknown; asking again is the order
manager's decision. A new process owes nothing from the one before: it reports that the link is up, and the manager,
whose state comes from the journal, asks about everything that was under way.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Sequence

from tradewind.engine.orders.book import NEVER
from tradewind.engine.orders.manager import OrderManager
from tradewind.errors import TradewindError
from tradewind.model.event import Asked, BarClosed, InputEvent
from tradewind.model.output import Output
from tradewind.model.timeframe import SECOND
from tradewind.model.venue import Action, ReportKind, VenueReport, VenueRequest
from tradewind.ports.clock import Clock
from tradewind.ports.scheduler import Scheduler
from tradewind.ports.venue import ExecutionVenue, SteppedVenue, report_of

ADDS_RISK, ASKS, REDUCES = 2, 1, 0


def rank(request: VenueRequest) -> int:
    """0 for what reduces risk, 1 for questions, 2 for what adds risk: the order in which requests leave."""
    if request.action in (Action.INQUIRE, Action.SNAPSHOT, Action.DEAD_MAN):
        return ASKS
    return ADDS_RISK if request.action is Action.PLACE and not request.reduce_only else REDUCES


class RequestQueue:
    """Which request may leave when. ``budget`` requests (0: any number) in every window of ``window`` nanoseconds."""

    def __init__(self, budget: int = 0, window: int = SECOND) -> None:
        self._budget = budget
        self._window = window
        self._waiting: list[tuple[int, int, VenueRequest]] = []
        self._left: deque[int] = deque()
        self._silent_until = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, request: VenueRequest) -> None:
        """Adds a request, or one that has to wait again."""
        heapq.heappush(self._waiting, (rank(request), request.id, request))

    def silence(self, until: int) -> None:
        """Nothing leaves before ``until``."""
        self._silent_until = max(self._silent_until, until)

    def ready_at(self, now: int) -> int | None:
        """When the next request may leave; None where none waits."""
        if not self._waiting:
            return None
        while self._left and self._left[0] <= now - self._window:
            self._left.popleft()
        full = self._budget > 0 and len(self._left) >= self._budget
        return max(now, self._silent_until, self._left[0] + self._window if full else 0)

    def take(self, now: int) -> VenueRequest | None:
        """The next request that may leave now."""
        at = self.ready_at(now)
        if at is None or at > now:
            return None
        self._left.append(now)
        return heapq.heappop(self._waiting)[2]

    def drop(self) -> list[VenueRequest]:
        """Takes everything that waits out of the queue."""
        dropped = [request for _, _, request in sorted(self._waiting, key=lambda one: one[:2])]
        self._waiting.clear()
        return dropped


class Desk:
    """What both desks share: the queue, the reports that wait to become events, the manager's time."""

    def __init__(self, manager: OrderManager, clock: Clock, queue: RequestQueue) -> None:
        self.manager = manager
        self.clock = clock
        self.queue = queue
        self.reports: deque[VenueReport] = deque()
        self._asked_at = -1

    def take(self, outputs: Sequence[Output]) -> None:
        """Takes the requests among the outputs of an event that is durable now."""
        for output in outputs:
            if isinstance(output, VenueRequest):
                self.queue.put(output)

    def connected(self) -> None:
        """The connection is up, for the first time in this life of the process or again."""
        self._drop()
        self.queue.silence(self.manager.book.silent_until)  # a ban outlives the process it was meant for
        self.reports.append(VenueReport(ReportKind.LINK, self.clock.now(), code="up"))

    def begin(self) -> None:
        """The run stands where its journal ends; from now on the venue is asked and heard."""
        raise NotImplementedError

    def disconnected(self, why: str) -> None:
        """The connection is gone."""
        self._drop()
        self.reports.append(VenueReport(ReportKind.LINK, self.clock.now(), code="down", detail=why[:200]))

    def _drop(self) -> None:
        """What waited for the old connection never leaves: the manager asks for what it then still wants."""
        now = self.clock.now()
        for request in self.queue.drop():
            self.reports.append(VenueReport(ReportKind.UNSENT, now, request.id, code="connection_lost"))

    def heard(self, event: InputEvent | None = None) -> Sequence[InputEvent]:
        """What is to be decided on before ``event``, empty when there is no more; asked again after each answer."""
        raise NotImplementedError

    def _told(self, now: int) -> Sequence[InputEvent]:
        """Reports that came, else the manager's alarm clock."""
        if self.reports:
            found = tuple(self.reports)
            self.reports.clear()
            return found
        if self.manager.due <= now and self._asked_at < now:
            self._asked_at = now
            return (Asked(now),)
        return ()

    def _stale(self, request: VenueRequest, now: int) -> bool:
        if request.valid_until and now > request.valid_until:
            detail = "it was not sent in time"
            self.reports.append(VenueReport(ReportKind.UNSENT, now, request.id, code="not_sent_in_time", detail=detail))
            return True
        return False

    def _failed(self, error: TradewindError, request: VenueRequest, now: int) -> None:
        report = report_of(error, request, now)
        if report.kind is ReportKind.LIMITED:
            self.queue.silence(report.until)
            self.queue.put(request)
        self.reports.append(report)


class SteppedDesk(Desk):
    """A desk before a venue in this process; ``heard`` does everything, in the order of the calls.

    Where the clock jumps from bar to bar, the desk walks through the time between: each alarm of the manager rings at
    its own moment and its requests are answered then, so that time-outs mean the same on stored bars and on live ones.
    """

    def __init__(
        self, manager: OrderManager, venue: SteppedVenue, clock: Clock, queue: RequestQueue | None = None
    ) -> None:
        super().__init__(manager, clock, RequestQueue() if queue is None else queue)
        self.venue = venue
        self._moment = 0
        self._shown: BarClosed | None = None

    def begin(self) -> None:
        """A venue in this process is connected at once."""
        self._moment = self.clock.now()
        self.connected()

    def heard(self, event: InputEvent | None = None) -> Sequence[InputEvent]:
        """Sends what may leave, shows the venue the bar that is about to be decided on, and tells what came of it."""
        clock = self.clock.now()
        if not self.queue and self.manager.due > clock:  # nothing waits to leave, nobody wants to be woken
            self._moment = clock
            self.reports.extend(self.venue.due(clock))
            if not self.reports and isinstance(event, BarClosed) and event is not self._shown:
                self._shown = event
                self.reports.extend(self.venue.on_bar(event.bar))
                self.reports.extend(self.venue.due(clock))
            return self._told(clock) if self.reports else ()
        at = self._moment = min(max(self._moment, min(self.manager.due, self._ready())), clock)
        self._send(at)
        self.reports.extend(self.venue.due(at))
        if found := self._told(at):
            return found
        if self._ready() <= clock or self._asked_at < self.manager.due <= clock:
            return self.heard(event)
        self._moment = clock
        if isinstance(event, BarClosed) and event is not self._shown:
            self._shown = event
            self.reports.extend(self.venue.on_bar(event.bar))
        self.reports.extend(self.venue.due(clock))
        return self._told(clock)

    def _ready(self) -> int:
        at = self.queue.ready_at(self._moment)
        return NEVER if at is None else at

    def _send(self, now: int) -> None:
        while (request := self.queue.take(now)) is not None:
            if not self._stale(request, now):
                try:
                    self.reports.extend(self.venue.execute(request, now))
                except TradewindError as error:
                    self._failed(error, request, now)


class OrderDesk(Desk):
    """A desk before a venue at the other end of a network: one task sends, one listens, ``heard`` never waits.

    Requests leave one after the other: their order is part of their meaning. ``timeout_s`` ends a request that gets no
    answer; it is unknown then, whatever the connection did with it.
    """

    def __init__(
        self,
        manager: OrderManager,
        venue: ExecutionVenue,
        clock: Clock,
        scheduler: Scheduler,
        queue: RequestQueue | None = None,
        *,
        timeout_s: float = 10.0,
    ) -> None:
        super().__init__(manager, clock, RequestQueue() if queue is None else queue)
        self._venue = venue
        self._scheduler = scheduler
        self._timeout_s = timeout_s
        self._work = asyncio.Event()
        self.news = asyncio.Event()

    def begin(self) -> None:
        """Spawns the two tasks; the stream says when the connection is up."""
        self._scheduler.spawn("orders-send", self._send)
        self._scheduler.spawn("orders-listen", self._listen)

    def take(self, outputs: Sequence[Output]) -> None:
        """As ``Desk.take``; wakes the sender."""
        super().take(outputs)
        if len(self.queue):
            self._work.set()

    def heard(self, event: InputEvent | None = None) -> Sequence[InputEvent]:
        """What came in the meantime."""
        self.news.clear()
        return self._told(self.clock.now())

    async def _send(self) -> None:
        while True:
            now = self.clock.now()
            at = self.queue.ready_at(now)
            if at is None:
                self._work.clear()
                await self._work.wait()
            elif at > now:
                await self.clock.sleep_until(self.clock.monotonic() + at - now)
            elif (request := self.queue.take(now)) is not None and not self._stale(request, now):
                await self._execute(request)
            self._tell()

    async def _execute(self, request: VenueRequest) -> None:
        try:
            answer = await asyncio.wait_for(self._venue.execute(request), self._timeout_s)
        except TimeoutError:
            now = self.clock.now()
            self.reports.append(VenueReport(ReportKind.UNKNOWN, now, request.id, code="TimedOut"))
        except TradewindError as error:
            self._failed(error, request, self.clock.now())
        else:
            self.reports.extend(answer)

    async def _listen(self) -> None:
        while True:
            try:
                async for report in self._venue.stream():
                    if report.kind is ReportKind.LINK and report.code == "up":
                        self.connected()
                    else:
                        self.reports.append(report)
                    self._tell()
            except TradewindError as error:
                self.disconnected(error.found)
            else:
                self.disconnected("the venue closed the stream")
            self._tell()
            await self.clock.sleep_until(self.clock.monotonic() + SECOND)

    def _tell(self) -> None:
        if self.reports:
            self.news.set()
