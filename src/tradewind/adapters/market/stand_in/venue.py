"""The stand-in as one object without sockets: requests in, replies out, and what each open stream hears."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from email.utils import formatdate
from typing import Any

import msgspec

from tradewind.adapters.market.stand_in.alpha_vantage import AlphaVantageShape
from tradewind.adapters.market.stand_in.binance import BinanceShape
from tradewind.adapters.market.stand_in.coinbase import CoinbaseShape
from tradewind.adapters.market.stand_in.faults import Fault, FaultDesk
from tradewind.adapters.market.stand_in.kraken import KrakenShape
from tradewind.adapters.market.stand_in.market import Series, StandInMarket
from tradewind.adapters.market.stand_in.oanda import OandaShape
from tradewind.adapters.market.stand_in.shape import Keys, Request, Session, VenueShape, json_response
from tradewind.adapters.market.stand_in.yahoo import YahooShape
from tradewind.errors import Misconfigured
from tradewind.ports.transport import Response

_BAD_REQUEST = (ValueError, KeyError, TypeError, AttributeError)


class Counters(msgspec.Struct):
    """What happened at the door, for tests and for ``GET /control``."""

    requests: int = 0
    refused: int = 0
    too_early: int = 0
    streams: int = 0
    subscriptions: list[str] = []


class StandInVenue:
    """Every venue shape over one market, one fault desk and one set of keys.

    ``monotonic`` (nanoseconds) is the real time base on which clients' patience is judged: a request that comes before
    a Retry-After has passed is counted in ``counters.too_early``. ``label`` says what bars that are not real are.
    """

    def __init__(
        self,
        series: Sequence[Series],
        monotonic: Callable[[], int],
        *,
        now: int | None = None,
        time: Callable[[], int] | None = None,
        plan: Sequence[Fault] = (),
        keys: Keys | None = None,
        label: str = "",
    ) -> None:
        self.market = StandInMarket(series, now, time)
        self.faults = FaultDesk(self.market, plan)
        self.counters = Counters()
        self.label = label
        self._monotonic = monotonic
        self._closed_until = 0
        self._shut: dict[str, int] = {}
        shapes: tuple[VenueShape, ...] = shapes_over(self.market, keys or Keys())
        self._shapes = {host: shape for shape in shapes for host in shape.hosts}
        self._sessions: dict[int, tuple[VenueShape, Session]] = {}
        self._opened = 0

    @property
    def hosts(self) -> tuple[str, ...]:
        """Host names of the real venues this stands for."""
        return tuple(sorted(self._shapes))

    def answer(self, host: str, request: Request) -> Response:
        """The reply of venue ``host``, after the faults had their say."""
        shape = self._shapes.get(host)
        if shape is None:
            return json_response({"error": f"no such venue; there are {', '.join(self.hosts)}"}, 404)
        self.counters.requests += 1
        now = self._monotonic()
        if now < self._shut.get(host, 0):
            self.counters.too_early += 1
        refusal = self.faults.reply(host)
        if refusal is None:
            self.market.skew_ns = self.faults.skew_ns
            try:
                answer = shape.answer(request)
            except _BAD_REQUEST as error:
                answer = json_response({"error": f"the request cannot be read ({error!r})"}, 400)
            answer.headers["date"] = formatdate(self.market.venue_time() / 1e9, usegmt=True)
            return answer
        self.counters.refused += 1
        refusal = shape.refused(refusal)
        if "retry-after" in refusal.headers:
            self._shut[host] = now + round(float(refusal.headers["retry-after"]) * 1e9)
        return refusal

    def open(self, host: str, request: Request, *, socket: bool) -> int | None:
        """Starts a stream; its number, or None where there is none to open (or the venue is down)."""
        shape = self._shapes.get(host)
        if shape is None or self._monotonic() < self._closed_until:
            return None
        session = Session(request.path, {}) if socket else shape.opens(request)
        if session is None:
            return None
        self._opened += 1
        self.counters.streams += 1
        self._sessions[self._opened] = (shape, session)
        return self._opened

    def greeting(self, number: int) -> list[bytes]:
        """What the venue says first."""
        shape, session = self._sessions[number]
        return shape.greeting(session)

    def received(self, number: int, message: bytes) -> list[bytes]:
        """A client's message on stream ``number``."""
        shape, session = self._sessions[number]
        before = set(session.topics)
        try:
            out = shape.received(message, session)
        except _BAD_REQUEST as error:
            return [msgspec.json.encode({"error": f"the message cannot be read ({error!r})"})]
        self.counters.subscriptions.extend(sorted(str(key) for key in set(session.topics) - before))
        return out

    def closed(self, number: int) -> None:
        """The stream ended."""
        self._sessions.pop(number, None)

    def heartbeats(self) -> list[tuple[int, bytes]]:
        """One heartbeat for every stream, unless the venue has gone silent."""
        if self.faults.silent():
            return []
        return [
            (number, one) for number, (shape, session) in self._sessions.items() for one in shape.heartbeat(session)
        ]

    def step(self) -> list[tuple[int, bytes]] | None:
        """The market moves to its next instant; who hears what, in order. None when the data is over."""
        ticks = self.market.step()
        if not ticks:
            return None
        self.faults.reached(self.market.steps)
        out: list[tuple[int, bytes]] = []
        for item in self.faults.bent(ticks):
            for number, (shape, session) in self._sessions.items():
                heard = [item] if isinstance(item, bytes) else shape.told(item, session)
                out.extend((number, message) for message in heard)
        return out

    def cut(self) -> int:
        """0, or how many bars the market makes unheard after all streams are torn down, which the caller does now.

        New streams are refused for the seconds the fault names.
        """
        if not self.faults.disconnects:
            return 0
        faults, self.faults.disconnects = self.faults.disconnects, []
        self._closed_until = self._monotonic() + round(max(fault.seconds for fault in faults) * 1e9)
        return max(1, *(fault.bars for fault in faults))

    def audience(self) -> int:
        """Streams that have subscribed to something."""
        return sum(bool(session.topics) for _, session in self._sessions.values())

    def control(self, method: str, body: bytes) -> tuple[Response, int]:
        """The control endpoint: GET shows the state, POST arms a fault or advances; second value: steps asked for."""
        if method == "POST":
            try:
                order: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
                if "advance" in order:
                    return json_response(self._state()), int(order["advance"])
                self.faults.arm(msgspec.convert(order, Fault))
            except (msgspec.MsgspecError, Misconfigured, TypeError, ValueError) as error:
                return json_response({"error": str(error)}, 400), 0
        return json_response(self._state()), 0

    def _state(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "clock": "host" if self.market.host_time else "virtual",
            "now": self.market.now,
            "steps": self.market.steps,
            "symbols": self.market.symbols,
            "hosts": self.hosts,
            "streams_open": len(self._sessions),
            "counters": self.counters,
        }


def shapes_over(market: StandInMarket, keys: Keys) -> tuple[VenueShape, ...]:
    """Every wire format there is, over ``market``."""
    return (
        BinanceShape(market),
        CoinbaseShape(market, keys),
        KrakenShape(market),
        OandaShape(market, keys),
        YahooShape(market),
        AlphaVantageShape(market, keys),
    )
