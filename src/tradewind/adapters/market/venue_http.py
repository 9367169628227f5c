"""One HTTP client per venue: the budget in front, the venue's refusals turned into Tradewind's errors behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from tradewind.adapters.market.rate_budget import RateBudget
from tradewind.errors import Corrupt, Retryable, Unavailable
from tradewind.ports.clock import Clock
from tradewind.ports.transport import Response, Transport

T = TypeVar("T")

_NS = 1_000_000_000
_DEFAULT_WAIT_S = 60.0
_LEAST_WAIT_S = 0.1
_YEAR_2100 = 4_102_444_800 * _NS
TOO_MANY = (418, 429)  # 418 is Binance's word for a ban that follows ignored 429s
REFUSED = (401, 403)
SERVER_FAULT = 500


def through(gateway: str, url: str) -> str:
    """The address of ``url`` behind a gateway; unchanged when there is none.

    ``https://api.kraken.com/0/public/Time`` behind ``http://127.0.0.1:8765`` becomes
    ``http://127.0.0.1:8765/api.kraken.com/0/public/Time``; ws and wss keep being web sockets. So one gateway (the
    stand-in, a recording proxy) serves every venue and still sees which one was meant.

    >>> through("http://127.0.0.1:8765", "wss://ws.kraken.com/v2")
    'ws://127.0.0.1:8765/ws.kraken.com/v2'
    """
    if not gateway:
        return url
    target, door = urlsplit(url), urlsplit(gateway)
    secure = door.scheme in ("https", "wss")
    plain = target.scheme in ("ws", "wss")
    scheme = ("wss" if secure else "ws") if plain else ("https" if secure else "http")
    query = f"?{target.query}" if target.query else ""
    return f"{scheme}://{door.netloc}{door.path.rstrip('/')}/{target.netloc}{target.path}{query}"


def retry_after_s(headers: Mapping[str, str], now: int) -> float | None:
    """Seconds a Retry-After header asks to wait (either of its two forms); None without a readable one."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now / _NS)
    except (ValueError, TypeError):
        return None


def decoded(body: bytes, kind: type[T], where: str) -> T:
    """The payload as ``kind``; raises ``Corrupt`` naming the field that does not fit."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        start = body[:60].decode("utf-8", "replace")
        raise Corrupt(
            f"unreadable payload ({error}): {start!r}", where=where, next_step="nothing was stored; ask again later"
        ) from error


def plausible(ts: int, where: str) -> int:
    """``ts`` (UTC nanoseconds) if it lies between 1970 and 2100; ``Corrupt`` for a stamp no bar can have."""
    if not 0 <= ts < _YEAR_2100:
        raise Corrupt(f"time stamp {ts} ns is outside 1970 to 2100", where=where)
    return ts


class VenueHttp:
    """GET requests to one venue, never beyond its budget and never while it has shut us out."""

    def __init__(self, name: str, transport: Transport, clock: Clock, budget: RateBudget, gateway: str = "") -> None:
        self.name = name
        self.budget = budget
        self._transport = transport
        self._clock = clock
        self._gateway = gateway

    async def get(
        self, url: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """The answer, for any status the venue-specific caller has to read itself.

        Raises:
            Retryable: 429, 418 (with the wait asked for), any 5xx, HTML where JSON was due, or no network.
            Unavailable: 401 or 403, the key is refused.
        """
        await self.budget.acquire()
        answer = await self._transport.request("GET", through(self._gateway, url), params=params, headers=headers)
        if answer.status in TOO_MANY:
            wait = retry_after_s(answer.headers, self._clock.now())
            self.budget.ban(_DEFAULT_WAIT_S if wait is None else wait)
            raise Retryable(
                f"rate limit reached (HTTP {answer.status})",
                where=self.name,
                next_step="it is asked again after the wait the venue named",
                retry_after_s=_DEFAULT_WAIT_S if wait is None else wait,
            )
        if answer.status in REFUSED:
            raise Unavailable(
                f"the key was refused (HTTP {answer.status})",
                where=self.name,
                next_step="check the key, its permissions and whether it is for this environment",
            )
        html = "html" in answer.headers.get("content-type", "") or answer.body.lstrip()[:1] == b"<"
        if answer.status >= SERVER_FAULT or html:
            raise Retryable(
                f"the venue is not serving (HTTP {answer.status}{', an HTML page' if html else ''})",
                where=self.name,
                next_step="it is asked again later",
                retry_after_s=retry_after_s(answer.headers, self._clock.now()),
            )
        return answer


async def persist(
    call: Callable[[], Awaitable[T]],
    clock: Clock,
    *,
    attempts: int = 8,
    first_wait_s: float = 1.0,
    longest_wait_s: float = 60.0,
    on_wait: Callable[[Retryable, float], None] = lambda error, wait_s: None,
) -> T:
    """The answer of ``call``, asked again after each ``Retryable`` until it comes or ``attempts`` are used up.

    Wait after attempt k (k = 1, 2, ...): the venue's Retry-After where it gave one, and at least 0.1 s; else
    ``min(longest_wait_s, first_wait_s * 2**(k-1))``. ``on_wait`` is told the error and the seconds before each wait.
    The last error is raised as it came.
    """
    wait_s = first_wait_s
    for _ in range(attempts - 1):
        try:
            return await call()
        except Retryable as error:
            wait = wait_s if error.retry_after_s is None else max(_LEAST_WAIT_S, error.retry_after_s)
            on_wait(error, wait)
        await clock.sleep_until(clock.monotonic() + round(wait * _NS))
        wait_s = min(longest_wait_s, wait_s * 2)
    return await call()
