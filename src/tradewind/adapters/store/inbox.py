"""Orders to the running service, put by any process: a row here, a command in the journal, the answer back here.

The run asks for waiting rows every tick, journals each as a ``Command`` and writes what was done in the transaction of
that entry. A row that nobody answered waits for the next start. Rows are never deleted by the run, so an id names one
order for good.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tradewind.adapters.store.database import Database
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.schema import utc_text
from tradewind.model.event import Command

_PUT = (
    "INSERT INTO command_inbox (timestamp, ts, verb, actor, argument, reason, status)"
    " VALUES (?, ?, ?, ?, ?, ?, 'waiting') RETURNING id"
)
_ANSWER = "SELECT status, state, answer, answered_ts, journal_seq FROM command_inbox WHERE id = ?"
_WAITING = "SELECT id, verb, actor, ts, argument, reason FROM command_inbox WHERE status = 'waiting' ORDER BY id"


class Answer(NamedTuple):
    """What the run did: ``result`` is done, unchanged or refused; ``state`` is the guard's after it.

    ``detail`` says which positions or orders, or why not; ``ts`` is the run's time, ``journal_seq`` the entry.
    """

    result: str
    state: str
    detail: str
    ts: int
    journal_seq: int


class Inbox:
    """The inbox of the store at ``location`` (a path, a URL or an open ``Database``). A context manager."""

    def __init__(self, location: str | Path | Database) -> None:
        """Opens nothing yet.

        Raises:
            Unavailable: there is no store.
            Misconfigured: its schema is not this version's.
        """
        self._own = not isinstance(location, Database)
        self._database = database_at(location)
        self._database.require()

    def put(self, verb: str, *, argument: str = "", actor: str, reason: str = "", now: int) -> str:
        """Adds an order and returns its request id; durable on return. ``now`` is UTC nanoseconds.

        Raises:
            Retryable: the store is locked for longer than the busy timeout.
        """
        row = (utc_text(now), now, verb, actor, argument, reason)
        with self._database.transaction() as cursor:
            return str(cursor.execute(_PUT, row).fetchall()[0][0])

    def answer(self, request: str) -> Answer | None:
        """What the run did about a request; None while it waits, or where there is none of that id."""
        if not request.isdigit():
            return None
        _, rows = self._database.query(_ANSWER, (int(request),))
        if not rows or rows[0][0] == "waiting":
            return None
        status, state, answer, answered_ts, journal_seq = rows[0]
        return Answer(status, state or "", answer or "", answered_ts or 0, journal_seq or 0)

    def close(self) -> None:
        """Closes the connections, unless the database was given open."""
        if self._own:
            self._database.close()

    def __enter__(self) -> Inbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def waiting(database: Database, ts: int) -> list[Command]:
    """The orders that nobody has answered, oldest first, stamped ``ts``: when the run hears of them."""
    _, rows = database.query(_WAITING)
    return [
        Command(str(verb), str(actor), ts, str(argument), str(number), str(reason))
        for number, verb, actor, _, argument, reason in rows
    ]
