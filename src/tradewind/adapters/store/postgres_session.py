"""A session with a PostgreSQL server that is given up when the server stands still.

A frozen host refuses nothing: the kernel takes what is sent, and the answer never comes. Limits that the server keeps
(``statement_timeout``) do not help then, and a limit on the statement alone would end slow ones. So while an answer is
waited for the server is asked on a connection of its own, by the question of eight bytes that a session begins with.
Where it answers, the statement is slow and is waited for. Where it does not, the session is closed, which leaves a
commit in doubt that whoever opens the next one asks for, and for a moment nobody else waits for that server either.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Generator
from contextlib import suppress
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen

from tradewind.adapters.wall_clock import WallClock
from tradewind.model.timeframe import SECOND

PATIENCE_S: Final = 0.8
"""How long an answer is waited for before the server is asked whether it is there."""
LEAST_PROBE_S: Final = 0.7
"""How long it may take to say so: with the patience before it no thread stands still for two seconds."""
LEFT_ALONE_S: Final = 2.0
"""How long a server that did not answer is not asked again."""
_A_MOMENT_AGO: Final = "the server did not answer a moment ago"
_SSL_REQUEST: Final = struct.pack("!ii", 8, 80_877_103)
GIVEN_UP: Final[set[int]] = set()
"""Sessions of this process, by their number on the server, that were closed here and may go on there for a while."""
RV = TypeVar("RV")
_silent: dict[str, float] = {}
"""Until when (monotonic seconds) a server is left alone, by its URL."""


class AttendedConnection(psycopg.Connection[tuple[Any, ...]]):
    """``place`` is the URL; ``probe_s`` how long the server may take to answer the question whether it is there."""

    place = ""
    probe_s = LEAST_PROBE_S

    @classmethod
    def to(cls, url: str, *, within_s: int, probe_s: float, **options: Any) -> AttendedConnection:
        """A session with the server at ``url``, within two seconds at least: libpq knows no less.

        Raises:
            psycopg.OperationalError: it cannot be reached, or did not answer a moment ago.
        """
        if _now_s() < _silent.get(url, 0.0):
            raise psycopg.OperationalError(_A_MOMENT_AGO)
        try:
            made = cls.connect(url, autocommit=True, connect_timeout=within_s, **options)
        except psycopg.errors.ConnectionTimeout:
            _silent[url] = _now_s() + LEFT_ALONE_S
            raise
        made.place, made.probe_s = url, probe_s
        return made

    def wait(self, gen: PQGen[RV], *args: Any, **options: Any) -> RV:
        """As psycopg's.

        Raises:
            psycopg.OperationalError: the server does not answer; the session is closed, nothing is known of what ran.
        """
        return super().wait(self._attended(gen), *args, **options)

    def _attended(self, gen: PQGen[RV]) -> Generator[Any, Any, RV]:
        self._require_answers()
        heard = _now_s()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    heard = _now_s()
                elif _now_s() - heard >= PATIENCE_S:
                    self._ask()
                    heard = _now_s()
                wanted = gen.send(ready)
        except StopIteration as done:
            found: RV = done.value
            return found

    def _require_answers(self) -> None:
        if _silent and _now_s() < _silent.get(self.place, 0.0):
            self._give_up(_A_MOMENT_AGO)

    def _ask(self) -> None:
        peer = self._peer()
        if peer is None or answers(peer, self.probe_s):
            return
        _silent[self.place] = _now_s() + LEFT_ALONE_S
        self._give_up("the server stands still: it takes what is sent and answers nothing")

    def _peer(self) -> Any:
        """The address of the other end; None of a session that is closed."""
        with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(self.pgconn.socket)) as end:
            return end.getpeername()
        return None

    def _give_up(self, why: str) -> None:
        if self.pgconn.status == psycopg.pq.ConnStatus.OK:
            GIVEN_UP.add(self.pgconn.backend_pid)
        self.pgconn.finish()
        raise psycopg.OperationalError(why)


def _now_s() -> float:
    return WallClock().monotonic() / SECOND


def answers(peer: Any, within_s: float) -> bool:
    """Whether a PostgreSQL server behind the address of a socket says anything within ``within_s`` seconds."""
    until = _now_s() + within_s
    family = socket.AF_UNIX if isinstance(peer, str | bytes) else socket.AF_INET6 if len(peer) == 4 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as end:
            end.settimeout(within_s)
            end.connect(peer)
            end.sendall(_SSL_REQUEST)
            end.settimeout(max(0.001, until - _now_s()))
            return bool(end.recv(1))
    except OSError:
        return False
