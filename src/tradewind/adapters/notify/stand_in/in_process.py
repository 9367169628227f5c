"""The stand-in as a transport in the same process, with a menu of what a network does to a request."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Literal
from urllib.parse import urlencode

from tradewind.adapters.notify.stand_in.bot_api import BotApi, Reply
from tradewind.adapters.notify.stand_in.wire import fields_of, response_of, target_of
from tradewind.errors import Misconfigured, Retryable
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock
from tradewind.ports.transport import Channel, NotSent, Response, Traffic

Fault = Literal["refuse", "lose_request", "lose_answer", "hold_request", "hold_answer", "bad_gateway", "limit"]
_STEP = SECOND // 20


class StandInTransport:
    """Implements ``ports.transport.Transport`` for one bot.

    ``faults`` are taken one for each request that sends something, in order: ``refuse`` (no connection),
    ``lose_request`` and ``lose_answer`` (reset before and after it was accepted), ``hold_request`` and ``hold_answer``
    (the connection stays open before and after, and nothing comes), ``bad_gateway``, ``limit`` (429). ``held`` counts
    those that are held. ``clock`` is slept on by a long poll; without one a poll answers at once.
    """

    def __init__(self, api: BotApi, clock: Clock | None = None) -> None:
        self.api = api
        self.faults: deque[Fault | None] = deque()
        self.traffic = Traffic()
        self.held = 0
        self._clock = clock

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
        """What the stand-in answers, or what the network makes of it."""
        full = f"{url}?{urlencode(dict(params))}" if params else url
        token, name, query = target_of(full)
        fields, files = fields_of(headers or {}, body or b"")
        fields |= query
        fault = self.faults.popleft() if self.faults and name.lower().startswith("send") else None
        if fault == "refuse":
            raise NotSent("the connection was refused", where="stand-in")
        if fault == "lose_request":
            raise Retryable("the connection was reset", where="stand-in")
        if fault == "bad_gateway":
            return Response(502, {}, b"Bad Gateway")
        if fault == "limit":
            refusal = b'{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":3}}'
            return Response(429, {}, refusal)
        if fault == "hold_request":
            await self._hold()
        reply = self.api.call(token, name, fields, files)
        if fault == "hold_answer":
            await self._hold()
        if name.lower() == "getupdates" and reply.status == 200 and not reply.document["result"]:
            reply = await self._polled(fields, reply)
        if fault == "lose_answer":
            raise Retryable("the connection was reset", where="stand-in")
        return response_of(reply)

    async def _hold(self) -> None:
        """Never ends by itself: whoever asked gives up, or dies."""
        self.held += 1
        await asyncio.get_running_loop().create_future()

    async def _polled(self, fields: Mapping[str, str], reply: Reply) -> Reply:
        """Waits as a long poll does."""
        clock = self._clock
        if clock is None:
            return reply
        own = self.api.poller
        until = clock.monotonic() + int(float(fields.get("timeout", "0") or "0") * SECOND)
        while clock.monotonic() < until:
            await clock.sleep_until(clock.monotonic() + _STEP)
            if self.api.poller != own:
                return self.api.conflict()
            if self.api.updates:
                break
        return Reply(200, {"ok": True, "result": self.api.waiting(fields)})

    async def connect(self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 10.0) -> Channel:
        """There is no web socket here."""
        raise Misconfigured("the Bot API has no web socket", where="stand-in")

    def lines(
        self, url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 10.0
    ) -> AsyncIterator[bytes]:
        """There is no stream here."""
        raise Misconfigured("the Bot API has no stream", where="stand-in")
