"""Messages as signed JSON to an address of one's own.

``X-Tradewind-Signature: v1=HEX`` is HMAC-SHA256 over ``TIMESTAMP.BODY`` with the shared key; ``X-Tradewind-Timestamp``
are Unix seconds, so that an old request cannot be played again; ``X-Tradewind-Id`` is the same for a repeat, so that a
receiver can tell one message from two.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from tradewind.errors import Misconfigured, Retryable
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock
from tradewind.ports.sender import Doubtful, Post, Refused, Undeliverable
from tradewind.ports.transport import NotSent, Transport

TOLERANCE_S: Final = 300
_BUSY: Final = (429, 503)


class WebhookSender:
    """Implements ``ports.sender.Sender``."""

    def __init__(self, url: str, key: str, transport: Transport, clock: Clock) -> None:
        self._url = url
        self._key = key.encode()
        self._transport = transport
        self._clock = clock

    async def send(self, post: Post) -> str:
        """One POST; any 2xx is taken as accepted, and the body of the answer is not read."""
        stamp = str(self._clock.now() // SECOND)
        name = message_id(post)
        headers = {
            "content-type": "application/json",
            "x-tradewind-timestamp": stamp,
            "x-tradewind-id": name,
            "x-tradewind-signature": signature(self._key, stamp, post.document),
        }
        try:
            answer = await self._transport.request("POST", self._url, headers=headers, body=post.document)
        except NotSent as error:
            raise Refused(error.found) from None
        except Retryable as error:
            raise Doubtful(error.found) from None
        except Misconfigured as error:
            raise Undeliverable(error.found) from None
        if 200 <= answer.status < 300:
            return name
        if answer.status in _BUSY:
            raise Refused(f"status {answer.status}", _wait_s(answer.headers))
        if answer.status >= 500:
            raise Doubtful(f"status {answer.status}")
        raise Undeliverable(f"status {answer.status}")


def message_id(post: Post) -> str:
    """A stable name of a message: the same for every repeat of it."""
    return hashlib.sha256(f"{post.topic} {post.key}".encode()).hexdigest()[:32]


def signature(key: bytes, stamp: str, body: bytes) -> str:
    """The value of the signature header."""
    return "v1=" + hmac.new(key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def verified(key: bytes, headers: Mapping[str, str], body: bytes, now: int) -> bool:
    """Whether a request is ours and of the last five minutes: what a receiver does. ``now`` is UTC nanoseconds."""
    stamp, given = headers.get("x-tradewind-timestamp", ""), headers.get("x-tradewind-signature", "")
    if not stamp.isascii() or not stamp.isdigit() or abs(now // SECOND - int(stamp)) > TOLERANCE_S:
        return False
    return hmac.compare_digest(signature(key, stamp, body).encode(), given.encode())


def _wait_s(headers: Mapping[str, str]) -> float | None:
    wait = headers.get("retry-after", "")
    return float(wait) if wait.isascii() and wait.isdigit() else None
