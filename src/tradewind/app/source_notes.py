"""What a running process leaves in its store about its providers, for ``status`` to show beside it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tradewind.adapters.market.failover import SourceStatus
from tradewind.adapters.store.reader import Queryable
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock

KEY = "sources"
AT_MOST_EVERY = SECOND
AT_LEAST_EVERY = 60 * SECOND


class SourceNote(msgspec.Struct, frozen=True):
    """One group of series and the providers behind it, in order of priority."""

    symbols: tuple[str, ...]
    feed: str
    providers: tuple[SourceStatus, ...]


class SourcesNote(msgspec.Struct, frozen=True):
    """All sources of a run at ``ts`` (UTC ns of the host)."""

    ts: int
    sources: tuple[SourceNote, ...]


class SourceNotes:
    """Hands what ``look`` sees to ``note``: when a state changed, else once a minute, at most once a second."""

    def __init__(
        self, note: Callable[[str, str], None], look: Callable[[], tuple[SourceNote, ...]], clock: Clock
    ) -> None:
        self._note = note
        self._look = look
        self._clock = clock
        self._written_at: int | None = None
        self._states: list[tuple[object, ...]] = []

    def write(self, *, last: bool = False) -> None:
        """Writes it if it is time to."""
        now = self._clock.monotonic()
        since = None if self._written_at is None else now - self._written_at
        if since is not None and since < AT_MOST_EVERY and not last:
            return
        found = self._look()
        states = [_state(one) for note in found for one in note.providers]
        if since is not None and states == self._states and since < AT_LEAST_EVERY and not last:
            return
        self._written_at, self._states = now, states
        self._note(KEY, msgspec.json.encode(SourcesNote(self._clock.now(), found)).decode())


def noted_sources(database: Queryable) -> SourcesNote | None:
    """What the last run left; None where no live run was."""
    _, rows = database.query("SELECT value FROM meta WHERE key = ?", (KEY,))
    return msgspec.json.decode(rows[0][0], type=SourcesNote) if rows else None


def _state(one: SourceStatus) -> tuple[object, ...]:
    """What counts as a change; requests used and bars served change all the time."""
    bans = 0 if one.budget is None else one.budget.bans
    return one.name, one.breaker.state, one.stream.state, one.stream.failures, one.streaming, bans
