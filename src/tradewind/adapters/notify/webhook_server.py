"""The webhook on a loopback port; TLS and the public address are the proxy's in front of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from tradewind.adapters.market.stand_in.wire import read_request, reply_bytes
from tradewind.adapters.notify.webhook_gate import WebhookGate
from tradewind.errors import Unavailable
from tradewind.ports.clock import Clock
from tradewind.ports.transport import Response

_PATIENCE_S: Final = 10.0
_MOST: Final = 64


class WebhookServer:
    """Hands updates that pass ``gate`` to ``take``; a context manager. The answer goes out when ``take`` returned."""

    def __init__(
        self,
        gate: WebhookGate,
        take: Callable[[dict[str, Any]], Awaitable[None]],
        clock: Clock,
        port: int,
        host: str = "127.0.0.1",
    ) -> None:
        self._gate = gate
        self._take = take
        self._clock = clock
        self._host = host
        self.port = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> WebhookServer:
        try:
            self._server = await asyncio.start_server(self._client, self._host, self.port, limit=1 << 16)
        except OSError as error:
            raise Unavailable(
                f"cannot listen on {self._host}:{self.port} ({error.strerror or error})",
                where="telegram.webhook_port",
                next_step="choose another port, also in the proxy",
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()
            await self._server.wait_closed()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._writers) >= _MOST:
            writer.transport.abort()
            return
        self._writers.add(writer)
        try:
            while True:
                async with asyncio.timeout(_PATIENCE_S):
                    arrived = await read_request(reader)
                if arrived is None:
                    return
                ask = arrived.request
                path = f"/{arrived.host}{ask.path}".rstrip("/")
                judged = self._gate.judge(ask.method, path, ask.headers, ask.body, self._clock.now())
                if judged.update is not None:
                    await self._take(judged.update)
                writer.write(reply_bytes(Response(judged.status, {"content-type": "text/plain"}, b"")))
                await writer.drain()
                if judged.status != 200:
                    return
        except (OSError, TimeoutError):
            return
        finally:
            self._writers.discard(writer)
            writer.transport.abort()
