"""The network seam: requests and streams by peer, so that a hostile venue can live in the same process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

import msgspec


class Response(msgspec.Struct, frozen=True):
    """An HTTP answer; headers have lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes


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
    """Talks to peers. Network failures and time-outs raise ``Retryable``; every HTTP status is returned, not raised."""

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
