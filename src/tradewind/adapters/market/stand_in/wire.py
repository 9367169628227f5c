"""HTTP/1.1 and web sockets on asyncio streams, as much of them as a local venue needs."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Handshake
from websockets.protocol import State
from websockets.server import ServerProtocol

from tradewind.adapters.market.stand_in.shape import Request
from tradewind.ports.transport import Response

_MAX_HEAD = 64 * 1024
_MAX_BODY = 1024 * 1024


class Arrived(NamedTuple):
    """A request with the host segment taken off its path, and its head as it was sent."""

    host: str
    request: Request
    head: bytes


async def read_request(reader: asyncio.StreamReader) -> Arrived | None:
    """The next request on a connection; None when the peer is done or speaks something else.

    The first path segment names the venue: ``/api.binance.com/api/v3/ping`` is ``/api/v3/ping`` of api.binance.com.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        length = int(headers.get("content-length", "0") or "0")
        body = await reader.readexactly(length) if 0 < length <= _MAX_BODY else b""
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
        return None
    parts = urlsplit(target)
    host, _, rest = parts.path.lstrip("/").partition("/")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Arrived(unquote(host), Request(method, "/" + unquote(rest), query, headers, body), head)


def reply_bytes(answer: Response) -> bytes:
    """A whole reply with its length."""
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Refused"
    head = [f"HTTP/1.1 {answer.status} {phrase}", f"content-length: {len(answer.body)}"]
    head += [f"{name}: {value}" for name, value in answer.headers.items()]
    return ("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + answer.body


def stream_head() -> bytes:
    """The start of a chunked, endless reply."""
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Link:
    """One open stream to a client, a web socket or a chunked HTTP reply."""

    def __init__(self, writer: asyncio.StreamWriter, protocol: ServerProtocol | None) -> None:
        self._writer = writer
        self._protocol = protocol
        self._pinged = 0
        self._ponged = 0
        self._pong = asyncio.Event()

    def send(self, message: bytes) -> None:
        """Puts one message (a line, for HTTP) on the way."""
        if self._writer.is_closing():
            return
        if self._protocol is None:
            chunk = message + b"\n"
            self._writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        elif self._protocol.state is State.OPEN:
            self._protocol.send_text(message)
            self._flush()

    async def acknowledged(self, timeout_s: float) -> None:
        """Returns when the client has read all sent so far: a ping sent last has been answered. HTTP: when flushed."""
        try:
            await self._writer.drain()
            if self._protocol is None or self._protocol.state is not State.OPEN:
                return
            self._pinged += 1
            goal = self._pinged
            self._protocol.send_ping(str(goal).encode())
            self._flush()
            async with asyncio.timeout(timeout_s):
                while self._ponged < goal and self._protocol.state is State.OPEN:
                    self._pong.clear()
                    await self._pong.wait()
        except (ConnectionError, TimeoutError):
            return  # a client that is gone or does not read holds nobody up

    def take(self, data: bytes) -> list[bytes]:
        """Bytes from the client; the text messages among them."""
        if self._protocol is None:
            return []
        self._protocol.receive_data(data)
        out = []
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY):
                out.append(bytes(event.data))
            elif isinstance(event, Frame) and event.opcode is Opcode.PONG:
                self._ponged = max(self._ponged, int(event.data or b"0"))
        self._pong.set()
        self._flush()
        return out

    def abort(self) -> None:
        """Cuts the connection without a goodbye."""
        self._pong.set()
        self._writer.transport.abort()

    def _flush(self) -> None:
        if self._protocol is not None and not self._writer.is_closing():
            for data in self._protocol.data_to_send():
                self._writer.write(data) if data else self._writer.write_eof()


def upgraded(head: bytes, writer: asyncio.StreamWriter) -> Link | None:
    """Answers a web-socket handshake; None when it is not a valid one."""
    protocol = ServerProtocol()
    protocol.receive_data(head)
    for event in protocol.events_received():
        if isinstance(event, Handshake):
            answer = protocol.accept(event)
            protocol.send_response(answer)
            link = Link(writer, protocol)
            link._flush()
            return link if answer.status_code == HTTPStatus.SWITCHING_PROTOCOLS else None
    return None
