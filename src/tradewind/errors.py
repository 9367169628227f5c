"""Every error Tradewind raises on purpose, sorted by what the caller should do about it.

::

    TradewindError
    +-- Misconfigured      the user must change a setting, a flag or a name          exit 2
    +-- Unavailable        a needed service, file or venue is not there right now    exit 3
    |   +-- Retryable      the same call may succeed later (feed, rate limit, lock)
    |   |   +-- StoreAway  the store is locked, or its server is away; nothing can be written down meanwhile
    |   |   +-- VenueAway  a venue does not answer; nothing can be decided on it meanwhile
    +-- Rejected           a gate, a filter, a risk rule or a broker said no         exit 4
    +-- TimedOut           a wait that had a limit reached it                        exit 5
    +-- Corrupt            stored or received bytes are not what they must be; stop  exit 1

A message says what was found, where, what is allowed and what to do next.
"""

from __future__ import annotations

from copy import copy
from typing import Self


class TradewindError(Exception):
    """Base of the tree.

    ``found``, ``where``, ``allowed`` and ``next_step`` are joined into one sentence a person can act on; only
    ``found`` is required. ``faults`` holds the single faults of an error that reports several at once.
    """

    exit_code = 1
    faults: tuple[str, ...] = ()

    def __init__(self, found: str, *, where: str = "", allowed: str = "", next_step: str = "") -> None:
        self.found = found
        self.where = where
        self.allowed = allowed
        self.next_step = next_step
        parts = [found if not where else f"{where}: {found}"]
        if allowed:
            parts.append(f"Allowed: {allowed}.")
        if next_step:
            parts.append(f"Next: {next_step}.")
        super().__init__(" ".join(part if part.endswith((".", "?", "!")) else part + "." for part in parts))

    def about(self, where: str, next_step: str = "") -> Self:
        """The same error as it is said of ``where``, with another next step where one is given."""
        again = copy(self)
        TradewindError.__init__(
            again, self.found, where=where, allowed=self.allowed, next_step=next_step or self.next_step
        )
        return again


class Misconfigured(TradewindError):
    """A setting, flag or name is wrong; nothing was changed."""

    exit_code = 2


class Unavailable(TradewindError):
    """A needed thing is not running, not reachable or not there."""

    exit_code = 3


class DiskFull(Unavailable):
    """There is no room left where something must be written down; nothing that was committed is lost."""


class Retryable(Unavailable):
    """The same call may succeed later; ``retry_after_s`` is the venue's own word where it gave one."""

    def __init__(
        self, found: str, *, where: str = "", allowed: str = "", next_step: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(found, where=where, allowed=allowed, next_step=next_step)
        self.retry_after_s = retry_after_s


class StoreAway(Retryable):
    """The store is locked by somebody else, or its server does not answer; nothing that was committed is lost."""


class VenueAway(Retryable):
    """A venue does not answer before there is a run on it; a venue that goes away later is the feed's business."""


class Rejected(TradewindError):
    """A gate, filter, risk rule or broker refused; a normal negative answer."""

    exit_code = 4


class TimedOut(TradewindError):
    """A bounded wait ended without its event."""

    exit_code = 5


class Corrupt(TradewindError):
    """Bytes on disk or on the wire are not what they must be; the operation stopped before using them."""

    exit_code = 1
