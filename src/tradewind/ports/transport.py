"""The network seam: requests and streams by peer, so that a hostile venue can live in the same process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

import msgspec

from tradewind.errors import Retryable


class Traffic(msgspec.Struct):
    """What went over the network: request and header lines, bodies as decoded, web-socket messages; bytes.

    The framing of TLS, TCP and web sockets is not in it, and neither is what compression saved.
    """

    sent: int = 0
    received: int = 0
    requests: int = 0

    def asked(self, url: str, headers: Mapping[str, str] | None, body: bytes | str | None) -> None:
        """Counts a request."""
        self.requests += 1
        target = url.partition("://")[2].partition("/")[2]
        self.sent += len(f"GET /{target} HTTP/1.1") + head_size(headers) + len(body or b"")

    def answered(self, headers: Mapping[str, str] | None, body: bytes | bytearray | str | None) -> None:
        """Counts an answer."""
        self.received += head_size(headers) + len(body or b"")

    def text(self) -> str:
        """``12.3 KiB received, 1.2 KiB sent in 9 requests``."""
        return f"{self.received / 1024:.1f} KiB received, {self.sent / 1024:.1f} KiB sent in {self.requests} requests"


def head_size(headers: Mapping[str, str] | None) -> int:
    """Bytes of header lines."""
    return sum(len(name) + len(value) + 4 for name, value in (headers or {}).items())


class Response(msgspec.Struct, frozen=True):
    """An HTTP answer; headers have lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes


class NotSent(Retryable):
    """The network failed before a byte of the request had left: the peer cannot have acted on it."""


class Channel(Protocol):
    """One open stream of messages."""

    async def send(self, message: bytes) -> None:
        """Sends one message; raises ``Retryable`` when the peer is gone."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Messages until the peer closes; an abnormal close raises ``Retryable``."""
        ...

    async def close(self) -> None:
        """Closes the stream; closing twice is harmless."""
        ...


class Transport(Protocol):
    """Talks to peers and counts the bytes in ``traffic``.

    Network failures and time-outs raise ``Retryable``, and ``NotSent`` where no connection came about; every HTTP
    status is returned, not raised.
    """

    traffic: Traffic

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout_s: float = 10.0,
    ) -> Response:
        """One request, one answer."""
        ...

    async def connect(self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 10.0) -> Channel:
        """Opens a web socket."""
        ...

    def lines(
        self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 10.0
    ) -> AsyncIterator[bytes]:
        """A long-lived HTTP answer, line by line; ``timeout_s`` is the longest silence allowed."""
        ...
