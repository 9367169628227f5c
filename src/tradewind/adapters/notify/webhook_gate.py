"""What may come in through the bot's webhook: only what carries the secret, is small, and comes at a human pace."""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from tradewind.model.timeframe import SECOND

LARGEST_BODY: Final = 256 * 1024
A_SECOND: Final = 30
_HEADER: Final = "x-telegram-bot-api-secret-token"


class Judged(NamedTuple):
    """The status to answer with, and the update where it is 200."""

    status: int
    update: dict[str, Any] | None = None


class WebhookGate:
    """``secret`` is compared in constant time and appears in no answer and no log; an empty one admits nobody."""

    def __init__(self, path: str, secret: str) -> None:
        self._path = path
        self._secret = secret.encode()
        self._arrived: deque[int] = deque()

    def judge(self, method: str, path: str, headers: Mapping[str, str], body: bytes, now: int) -> Judged:
        """403 without the secret, whatever else is wrong; then 404, 405, 413, 429, 400. ``now`` is UTC nanoseconds."""
        given = headers.get(_HEADER, "").encode()
        if not self._secret or not hmac.compare_digest(given, self._secret):
            return Judged(403)
        if path != self._path:
            return Judged(404)
        if method != "POST":
            return Judged(405)
        length = headers.get("content-length", "0")
        if len(body) > LARGEST_BODY or not length.isdigit() or int(length) > LARGEST_BODY:
            return Judged(413)
        while self._arrived and self._arrived[0] <= now - SECOND:
            self._arrived.popleft()
        if len(self._arrived) >= A_SECOND:
            return Judged(429)
        self._arrived.append(now)
        try:
            update = msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.MsgspecError:
            return Judged(400)
        return Judged(200, update)
