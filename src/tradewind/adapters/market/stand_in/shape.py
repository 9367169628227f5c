"""What every wire format of the stand-in offers, and what it is given."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from tradewind.adapters.market.stand_in.market import Tick
from tradewind.model.timeframe import SECOND
from tradewind.ports.transport import Response


class Request(msgspec.Struct, frozen=True):
    """One HTTP request to a venue; ``path`` without the host's prefix, header names in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


class Session(msgspec.Struct):
    """One open stream: what the client asked for. ``topics`` keeps the venue's own subscription keys in order."""

    path: str
    topics: dict[str, Any]
    sequence: int = 0

    def next(self) -> int:
        """The next number of a gapless sequence, from 0."""
        number = self.sequence
        self.sequence += 1
        return number


class Keys(msgspec.Struct, frozen=True):
    """Credentials the stand-in accepts; every other one is refused as the venue would."""

    accepted: str = "stand-in-key"
    account: str = "101-001-0000001-001"


class QuietShape:
    """A venue that only answers requests; shapes that also stream override what they do."""

    def refused(self, refusal: Response) -> Response:
        """A fault's reply in the venue's own words; most send it as HTTP has it."""
        return refusal

    def opens(self, request: Request) -> Session | None:
        """No request starts a stream."""
        return None

    def greeting(self, session: Session) -> list[bytes]:
        """Nothing is said first."""
        return []

    def received(self, message: bytes, session: Session) -> list[bytes]:
        """Nothing can be asked for on a stream."""
        return []

    def told(self, tick: Tick, session: Session) -> list[bytes]:
        """Nobody is told anything."""
        return []

    def heartbeat(self, session: Session) -> list[bytes]:
        """No sign of life."""
        return []


class VenueShape(Protocol):
    """One venue's wire format over the common market."""

    hosts: tuple[str, ...]

    def answer(self, request: Request) -> Response:
        """The reply to a REST request."""
        ...

    def refused(self, refusal: Response) -> Response:
        """A fault's reply in the venue's own words."""
        ...

    def opens(self, request: Request) -> Session | None:
        """A session when the request starts a long-lived HTTP answer; None when it is an ordinary one."""
        ...

    def greeting(self, session: Session) -> list[bytes]:
        """Messages sent as soon as a stream is open."""
        ...

    def received(self, message: bytes, session: Session) -> list[bytes]:
        """Takes a client's message; what is said back."""
        ...

    def told(self, tick: Tick, session: Session) -> list[bytes]:
        """What this session hears of a tick."""
        ...

    def heartbeat(self, session: Session) -> list[bytes]:
        """What the venue says when nothing happens; empty for venues that say nothing."""
        ...


def json_response(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON reply."""
    found = {"content-type": "application/json", **(headers or {})}
    return Response(status, found, msgspec.json.encode(document))


def decimals(value: float, places: int) -> str:
    """Fixed-point text, the way venues write prices."""
    return f"{value:.{places}f}"


def moment(ts: int, places: int) -> str:
    """RFC 3339 in UTC with ``places`` decimals of the second."""
    seconds, rest = divmod(ts, SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}"[: 20 + places] + "Z"
