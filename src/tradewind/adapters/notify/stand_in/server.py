"""The stand-in on a loopback port, for whole processes: any Bot API client can be pointed at it."""

from __future__ import annotations

import asyncio

from tradewind.adapters.market.stand_in.wire import read_request, reply_bytes
from tradewind.adapters.notify.stand_in.bot_api import BotApi
from tradewind.adapters.notify.stand_in.in_process import StandInTransport
from tradewind.errors import Retryable
from tradewind.ports.clock import Clock


class StandInServer:
    """Serves ``api`` at ``url``; a context manager. A connection whose answer was to be lost is cut."""

    def __init__(self, api: BotApi, clock: Clock, host: str = "127.0.0.1", port: int = 0) -> None:
        self.transport = StandInTransport(api, clock)
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """What to give as ``telegram.base_url``."""
        return f"http://{self._host}:{self._port}"

    async def __aenter__(self) -> StandInServer:
        self._server = await asyncio.start_server(self._client, self._host, self._port, limit=1 << 20)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()
            await self._server.wait_closed()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while (arrived := await read_request(reader)) is not None:
                ask = arrived.request
                answer = await self.transport.request(
                    ask.method,
                    f"{self.url}/{arrived.host}{ask.path}",
                    params=ask.query,
                    headers=ask.headers,
                    body=ask.body,
                )
                writer.write(reply_bytes(answer))
                await writer.drain()
        except (OSError, Retryable, asyncio.CancelledError):
            return  # cancelled where the loop of a test ends while somebody polls
        finally:
            self._writers.discard(writer)
            writer.transport.abort()
