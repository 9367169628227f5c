"""The stand-in on a socket: one loopback port for every venue, over REST, web socket and long-lived HTTP."""

from __future__ import annotations

import asyncio
import ipaddress

from tradewind.adapters.market.stand_in.venue import StandInVenue
from tradewind.adapters.market.stand_in.wire import Arrived, Link, read_request, reply_bytes, stream_head, upgraded
from tradewind.errors import Misconfigured, Unavailable
from tradewind.ports.clock import Clock
from tradewind.ports.scheduler import Scheduler
from tradewind.ports.transport import Response

_NS = 1_000_000_000
_ACK_S = 2.0
_LULL = 5_000_000
_UNSERVED = Response(503, {"content-type": "text/plain", "connection": "close"}, b"the stand-in is disconnected\n")


class StandInServer:
    """Serves ``venue`` at ``http://host:port/<venue host>/<path>``, and ``/control`` beside it.

    ``bars_per_s`` is the pace of the market: a number; ``"ack"`` for as fast as every client reads, and not at all
    while nobody has subscribed, except for the bars a disconnect lets pass unheard; or 0 to stand still until
    ``POST /control {"advance": n}``. Only loopback addresses are bound unless ``exposed``.
    """

    def __init__(
        self,
        venue: StandInVenue,
        clock: Clock,
        scheduler: Scheduler,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        bars_per_s: float | str = 0,
        heartbeat_s: float = 1.0,
        exposed: bool = False,
    ) -> None:
        if not exposed and not _is_loopback(host):
            raise Misconfigured(
                f"{host} is reachable from other machines",
                where="stand-in venue",
                allowed="a loopback address such as 127.0.0.1",
                next_step="give --host explicitly if you really want that; there is no authentication",
            )
        self.venue = venue
        self.host = host
        self.port = port
        self._clock = clock
        self._scheduler = scheduler
        self._pace = bars_per_s
        self._heartbeat = round(heartbeat_s * _NS)
        self._links: dict[int, Link] = {}
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._unheard = 0
        self.finished = asyncio.Event()

    @property
    def url(self) -> str:
        """What to give as gateway."""
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Binds the port (0 takes a free one) and starts the market."""
        try:
            self._server = await asyncio.start_server(self._client, self.host, self.port, limit=1 << 20)
        except OSError as error:
            raise Unavailable(
                f"cannot listen on {self.host}:{self.port} ({error.strerror or error})",
                where="stand-in venue",
                next_step="choose another --port; 0 takes a free one",
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]
        self._scheduler.spawn(f"stand-in heartbeat {self.port}", self._beat)
        if self._pace:
            self._scheduler.spawn(f"stand-in market {self.port}", self._run)

    async def stop(self) -> None:
        """Closes the port and every connection; stopping twice is harmless."""
        self._scheduler.cancel()
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()
            await self._server.wait_closed()
            while self._writers:
                await asyncio.sleep(0.001)  # until 3.12 wait_closed does not wait for the connections' handlers
            self._server = None

    async def advance(self, steps: int) -> int:
        """Moves the market ``steps`` instants, each only when every client has read the one before; those made."""
        for made in range(steps):
            heard = self.venue.step()
            if heard is None:
                self.finished.set()
                return made
            for number, message in heard:
                if number in self._links:
                    self._links[number].send(message)
            self._cut_if_told()
            await self._acknowledged()
        return steps

    async def _run(self) -> None:
        due = self._clock.monotonic()
        while not self.finished.is_set():
            if not isinstance(self._pace, str):
                due += round(_NS / self._pace)
                await self._clock.sleep_until(due)
            elif self.venue.audience() == 0 and self._unheard == 0:
                await self._clock.sleep_until(self._clock.monotonic() + _LULL)
                continue
            self._unheard = max(0, self._unheard - 1)
            await self.advance(1)

    async def _beat(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.monotonic() + self._heartbeat)
            for number, message in self.venue.heartbeats():
                if number in self._links:
                    self._links[number].send(message)

    async def _acknowledged(self) -> None:
        for link in list(self._links.values()):
            await link.acknowledged(_ACK_S)

    def _cut_if_told(self) -> None:
        unheard = self.venue.cut()
        if unheard:
            self._unheard = unheard
            for link in self._links.values():
                link.abort()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while (arrived := await read_request(reader)) is not None:
                if not await self._handled(arrived, reader, writer):
                    return
        except ConnectionError:
            return  # the client left in the middle
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _handled(self, arrived: Arrived, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers one request; whether the connection goes on."""
        host, request = arrived.host, arrived.request
        if host == "control":
            answer, steps = self.venue.control(request.method, request.body)
            self._cut_if_told()
            if steps:
                await self.advance(steps)
                answer, _ = self.venue.control("GET", b"")
            writer.write(reply_bytes(answer))
            await writer.drain()
            return True
        if request.headers.get("upgrade", "").lower() == "websocket":
            number = self.venue.open(host, request, socket=True)
            link = None if number is None else upgraded(arrived.head, writer)
            if number is None or link is None:
                writer.write(reply_bytes(_UNSERVED))
                await writer.drain()
                return False
            await self._talk(number, link, reader)
            return False
        number = self.venue.open(host, request, socket=False)
        if number is not None:
            writer.write(stream_head())
            await self._talk(number, Link(writer, None), reader)
            return False
        writer.write(reply_bytes(self.venue.answer(host, request)))
        await writer.drain()
        return True

    async def _talk(self, number: int, link: Link, reader: asyncio.StreamReader) -> None:
        self._links[number] = link
        try:
            for message in self.venue.greeting(number):
                link.send(message)
            while data := await reader.read(65536):
                for message in link.take(data):
                    for answer in self.venue.received(number, message):
                        link.send(answer)
        finally:
            del self._links[number]
            self.venue.closed(number)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
