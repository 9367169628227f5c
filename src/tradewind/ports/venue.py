"""Where orders really go, and what an answer proves.

A result is definitive when the venue's own word says what became of the request: it was done, or it was refused. All
others are ambiguous: time-out, lost connection, 5xx, a page instead of a document, an empty success. An ambiguous
request may have been done. It is never called refused, and never repeated under another id.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from tradewind.errors import Rejected, Retryable, TradewindError
from tradewind.model.bar import Bar
from tradewind.model.timeframe import SECOND
from tradewind.model.venue import ReportKind, VenueReport, VenueRequest

DUPLICATE: Final = "duplicate"
"""Code of a refusal because the client id is known: the order exists, so nothing was refused."""
DEFAULT_WAIT_S: Final = 1.0


class VenueRefused(Rejected):
    """The venue's own word that it did not do what was asked; ``code`` is why."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"the venue refused: {code}" + (f" ({detail})" if detail else ""))
        self.code = code
        self.detail = detail


class VenueLimited(Retryable):
    """Too many requests: not done, and nothing may be asked for ``retry_after_s``. ``banned``: the venue hangs up."""

    def __init__(self, retry_after_s: float, *, banned: bool = False) -> None:
        super().__init__("banned" if banned else "too many requests", retry_after_s=retry_after_s)
        self.banned = banned


class NotSent(Retryable):
    """The request certainly never left: no connection could be made."""


class Verdict(StrEnum):
    """What an HTTP answer proves of a request."""

    DONE = "done"
    REFUSED = "refused"
    AMBIGUOUS = "ambiguous"
    LIMITED = "limited"
    BANNED = "banned"


def verdict_on(status: int, body: bytes) -> Verdict:
    """What an answer proves. 2xx with a document is done; 4xx is refused, apart from 408, 409, 425 and the limits.

    A success without a document, or with an empty one, proves nothing; 409 is a conflict with something that exists.
    """
    if status == 429:
        return Verdict.LIMITED
    if status == 418:
        return Verdict.BANNED
    if 200 <= status < 300:
        return Verdict.DONE if _document(body) else Verdict.AMBIGUOUS
    if 400 <= status < 500 and status not in (408, 409, 425) and not body.lstrip().startswith(b"<"):
        return Verdict.REFUSED
    return Verdict.AMBIGUOUS


def _document(body: bytes) -> bool:
    try:
        found = json.loads(body)
    except ValueError:
        return False
    return (
        isinstance(found, dict | list) and bool(found) and not (isinstance(found, dict) and found == {"result": None})
    )


def report_of(error: TradewindError, request: VenueRequest, now: int) -> VenueReport:
    """The report of a request that ended in an error: refused, unsent, limited, or, for all others, unknown."""
    detail = error.found[:200]
    if isinstance(error, VenueRefused) and error.code != DUPLICATE:
        return VenueReport(ReportKind.REFUSED, now, request.id, code=error.code, detail=error.detail)
    if isinstance(error, NotSent):
        return VenueReport(ReportKind.UNSENT, now, request.id, code="not_sent", detail=detail)
    if isinstance(error, VenueLimited):
        until = now + round((error.retry_after_s or DEFAULT_WAIT_S) * SECOND)
        code = "banned" if error.banned else "limited"
        return VenueReport(ReportKind.LIMITED, now, request.id, until=until, code=code, detail=detail)
    return VenueReport(ReportKind.UNKNOWN, now, request.id, code=type(error).__name__, detail=detail)


class Capabilities(msgspec.Struct, frozen=True):
    """What a venue can do. ``visible_within_s``: how long an accepted order may be missing from its answers."""

    attached_brackets: bool = False
    hedging: bool = False
    dead_man: bool = False
    repeated_ids_known: bool = True
    visible_within_s: float = 60.0


class SteppedVenue(Protocol):
    """A venue in this process, moved by its caller: no waiting, no event loop."""

    capabilities: Capabilities

    def execute(self, request: VenueRequest, now: int) -> Sequence[VenueReport]:
        """What the venue answers.

        Raises:
            VenueRefused: it certainly did not do it.
            VenueLimited: it asks for silence first.
            TradewindError: nobody knows.
        """
        ...

    def due(self, now: int) -> Sequence[VenueReport]:
        """What it tells unasked by ``now``."""
        ...

    def on_bar(self, bar: Bar) -> Sequence[VenueReport]:
        """What a bar of the market does to its orders, for venues that live on bars; others say nothing."""
        ...


class ExecutionVenue(Protocol):
    """A venue at the other end of a network. Real brokers implement this, the stand-ins are wrapped into it."""

    capabilities: Capabilities

    async def execute(self, request: VenueRequest) -> Sequence[VenueReport]:
        """As ``SteppedVenue.execute``; the request's client id goes to the venue as it is, in the field that the venue
        really reads."""
        ...

    def stream(self) -> AsyncIterator[VenueReport]:
        """What the venue tells unasked: connection up, executions, states; ends when the connection does."""
        ...

    async def close(self) -> None:
        """Lets the connection go."""
        ...
