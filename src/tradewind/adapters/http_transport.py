"""HTTP and web sockets behind the Transport port, on httpx and websockets."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidHandshake, InvalidURI

from tradewind.errors import Misconfigured, Retryable
from tradewind.ports.transport import NotSent, Response, Traffic

for _talkative in ("httpx", "httpcore"):  # at INFO they write every URL, and the Bot API's URLs hold the token
    logging.getLogger(_talkative).setLevel(logging.WARNING)

_MAX_MESSAGE = 16 * 1024 * 1024  # a venue's full snapshot is a few MiB; more is a fault, not data
LARGEST_BODY = 64 << 20
"""Bytes of an answer as decoded: a body that unpacks to more is no data, and memory is not for it."""
_BOT = re.compile(r"/bot\d+:[^/]*")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SocketChannel:
    """One web socket. Text and binary frames both arrive as bytes."""

    def __init__(self, connection: ClientConnection, url: str, traffic: Traffic) -> None:
        self._connection = connection
        self._url = url
        self._traffic = traffic

    async def send(self, message: bytes) -> None:
        """Sends one text frame; raises ``Retryable`` when the peer is gone."""
        self._traffic.sent += len(message)
        try:
            await self._connection.send(message, text=True)
        except ConnectionClosed as error:
            raise _lost(self._url, error) from error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Frames until a normal close; an abnormal one raises ``Retryable``."""
        while True:
            try:
                message = await self._connection.recv(decode=False)
            except ConnectionClosedOK:
                return
            except ConnectionClosed as error:
                raise _lost(self._url, error) from error
            self._traffic.received += len(message)
            yield message

    async def close(self) -> None:
        """Closes with a handshake; closing twice is harmless."""
        await self._connection.close()


class HttpTransport:
    """One pool of connections for all peers; closing twice is harmless.

    The proxy of the environment is honoured, except for this machine itself.
    """

    def __init__(self) -> None:
        self.traffic = Traffic()
        direct: dict[str, httpx.AsyncBaseTransport | None] = {
            f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")
        }
        self._client = httpx.AsyncClient(follow_redirects=False, trust_env=True, mounts=direct)

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
        """One request; every status comes back, only the network raises ``Retryable``."""
        held = bytearray()
        try:
            async with self._client.stream(
                method, url, params=params, headers=headers, content=body, timeout=timeout_s
            ) as answer:
                async for part in answer.aiter_bytes():
                    held += part
                    if len(held) > LARGEST_BODY:
                        raise Retryable(f"an answer above {LARGEST_BODY >> 20} MiB", where=_peer(url))
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise _bad_url(url) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise _lost(url, error, NotSent) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _lost(url, error) from error
        self.traffic.asked(str(answer.request.url), answer.request.headers, body)
        self.traffic.answered(answer.headers, held)
        return Response(answer.status_code, dict(answer.headers), bytes(held))

    async def connect(
        self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 10.0
    ) -> SocketChannel:
        """Opens a web socket; a refused handshake is ``Retryable``, a URL that is none is ``Misconfigured``."""
        try:
            connection = await open_socket(
                url,
                additional_headers=dict(headers or {}),
                open_timeout=timeout_s,
                max_size=_MAX_MESSAGE,
                proxy=None if urlsplit(url).hostname in _LOOPBACK else True,
            )
        except InvalidURI as error:
            raise _bad_url(url) from error
        except (OSError, TimeoutError, InvalidHandshake) as error:
            raise _lost(url, error) from error
        self.traffic.asked(url, headers, None)
        return SocketChannel(connection, url, self.traffic)

    async def lines(
        self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 10.0
    ) -> AsyncIterator[bytes]:
        """Lines of a long-lived answer. Silence above ``timeout_s``, a cut or a status other than 200 is ``Retryable``.

        A status of 401 or 403 is not distinguished here: ask the same credentials over ``request`` first.
        """
        try:
            async with self._client.stream("GET", url, headers=headers, timeout=timeout_s) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise Retryable(f"the stream answered {answer.status_code}", where=_peer(url))
                self.traffic.asked(url, answer.request.headers, None)
                self.traffic.answered(answer.headers, None)
                async for text in answer.aiter_lines():
                    line = text.encode()
                    self.traffic.received += len(line) + 1
                    yield line
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise _bad_url(url) from error
        except httpx.TransportError as error:
            raise _lost(url, error) from error

    async def close(self) -> None:
        """Closes the pool."""
        await self._client.aclose()


def _peer(url: str) -> str:
    """Scheme, host and path of a URL; queries may hold keys and never reach a message, nor does a bot's token."""
    return _BOT.sub("/bot***", url.split("?", 1)[0])


def _lost(url: str, error: BaseException, kind: type[Retryable] = Retryable) -> Retryable:
    reason = str(error) or type(error).__name__
    return kind(
        f"no answer ({reason})", where=_peer(url), next_step="check the network and that the venue is up; it is retried"
    )


def _bad_url(url: str) -> Misconfigured:
    return Misconfigured("not a usable address", where=_peer(url) or "(empty)", allowed="http, https, ws or wss URLs")
