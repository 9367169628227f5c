"""Whether what lies behind a run is still what was written: looked at beside the run, in a process of its own.

A start trusts its newest snapshot and the entries after it, and verifies both; older entries decide nothing any more
and would cost a second for some 300,000 of them. They are the record all the same, so a child process reads them while
the run goes on: SQLite's ``quick_check`` of all pages, then the hash chain of every entry that was there at the start.

The child prints one ``HistoryFound`` as JSON and ends with its parent.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess  # nosec B404: this module of this program, with a path as its argument
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec

import tradewind
from tradewind.adapters.process_urgency import less_urgent
from tradewind.adapters.store.chain import EMPTY, Head, Row, followed
from tradewind.adapters.store.faults import translated
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.seat import PostgresSeat
from tradewind.errors import Corrupt, TimedOut, TradewindError, Unavailable

SLICE: Final = 20_000
"""Entries that are read under one lock on the log: the writer may copy its log back in between."""
_PARENT_ASKED_EVERY: Final = 100_000  # steps of SQLite's machine
_NICE: Final = 5
_LAST: Final = "SELECT coalesce(max(seq), 0) FROM journal"
_READ: Final = (
    "SELECT seq, kind, ts, event, outputs, digest, hash FROM journal WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
)


class HistoryFound(msgspec.Struct, frozen=True):
    """``entries`` whose bytes hold, from the first; ``found`` is the damage and ``next_step`` what to do about it."""

    entries: int
    found: str = ""
    next_step: str = ""


def look(path: Path, orphaned: Callable[[], bool] = lambda: False) -> HistoryFound:
    """Reads all pages and the whole chain of the database at ``path``; gives up when ``orphaned``.

    Raises:
        Unavailable: the file cannot be read now, or the process that asked has ended.
    """
    if isinstance(path, PostgresSeat):
        return _look_on_server(path, orphaned)
    head = EMPTY
    try:
        with translated(str(path), sqlite3.Error):
            connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=rw", uri=True, isolation_level=None)
            try:
                connection.set_progress_handler(orphaned, _PARENT_ASKED_EVERY)
                connection.execute("PRAGMA query_only=ON")
                last = connection.execute(_LAST).fetchone()[0]
                said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
                if said != "ok":
                    raise Corrupt(f"a page is damaged ({said})", where=str(path), next_step=_RESTORE)
                while head.seq < last:
                    head = _followed(head, connection.execute(_READ, (head.seq, last, SLICE)).fetchall(), path)
            finally:
                connection.close()
    except (Corrupt, TimedOut) as damage:
        if orphaned():
            raise Unavailable("the process that asked has ended", where=str(path)) from damage
        return HistoryFound(head.seq, damage.found, _RESTORE)
    return HistoryFound(head.seq)


def _look_on_server(seat: PostgresSeat, orphaned: Callable[[], bool]) -> HistoryFound:
    """The chain alone: pages are the server's to check, and it refuses what it finds damaged."""
    database = database_at(seat)
    head = EMPTY
    try:
        last = int(database.query(_LAST)[1][0][0])
        while head.seq < last:
            if orphaned():
                raise Unavailable("the process that asked has ended", where=seat.shown)
            head = _followed(head, database.query(_READ, (head.seq, last, SLICE))[1], seat)
    except Corrupt as damage:
        return HistoryFound(head.seq, damage.found, _RESTORE)
    finally:
        database.close()
    return HistoryFound(head.seq)


def _followed(head: Head, rows: Sequence[Sequence[Any]], path: Path) -> Head:
    if not rows:
        raise Corrupt(f"entry {head.seq + 1} is missing", where=str(path), next_step=_RESTORE)
    for stored in rows:
        head = followed(head, Row(*stored))
    return head


class HistoryCheck:
    """The look at a database's history while somebody writes it. A context manager, which ends it.

    ``damaged`` turns true when something was found. ``warn`` hears when the look itself failed, which says nothing
    about the history.
    """

    def __init__(self, path: Path, warn: Callable[[str], None] = lambda _: None) -> None:
        self.path = path
        self.damaged = False
        self._warn = warn
        self._found: HistoryFound | None = None
        self._failed = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._listener = threading.Thread(target=self._listen, name="history-check", daemon=True)

    def begin(self) -> None:
        """Starts the child."""
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this module, and a path that is one argument  # nosec B603
                # -P: nothing in the working folder can stand in for a module of the library
                [sys.executable, "-P", "-c", _CHILD, _package(), str(self.path), str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl+C is for the run, which then ends this in order
            )
        except OSError as fault:
            self._failed = fault.strerror or str(fault)
            return
        self._listener.start()

    def finish(self, *, wait: bool = True) -> int | None:
        """Entries whose bytes hold; None where it was not begun, or had not ended and nobody was to ``wait`` for it.

        Raises:
            Corrupt: something is damaged; the message names the first broken entry or page.
        """
        given_up = not wait and self._stop()
        if self._process is not None:
            self._listener.join()
        found = self._found
        if found is None:
            if self._failed and not given_up:
                self._warn(f"WARNING: the journal's older entries were not checked ({self._failed}). Next: {_CHECK}")
            return None
        if found.found:
            raise Corrupt(found.found, where=str(self.path), next_step=found.next_step)
        return found.entries

    def _stop(self) -> bool:
        """Ends the child; whether it was still at work."""
        if self._process is None or self._process.poll() is not None:
            return False
        self._process.kill()
        return True

    def __enter__(self) -> HistoryCheck:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        if self._process is not None:
            self._listener.join()

    def _listen(self) -> None:
        assert self._process is not None
        # The URL of a server may hold a password, so it goes where no list of processes shows it.
        server = self.path.url.encode() if isinstance(self.path, PostgresSeat) else b""
        said, failed = self._process.communicate(server)
        try:
            self._found = msgspec.json.decode(said, type=HistoryFound)
            self.damaged = bool(self._found.found)
        except msgspec.DecodeError:
            lines = failed.decode(errors="replace").strip().splitlines()
            self._failed = lines[-1] if lines else f"it ended with code {self._process.returncode}"


def main(arguments: Sequence[str]) -> None:
    """The child's work: the database's path and the parent's process id in, one JSON object out.

    The URL of a server comes by the standard input.
    """
    parent = int(arguments[1])
    path = Path(arguments[0])
    server = sys.stdin.read()
    less_urgent(_NICE)
    try:
        found = look(PostgresSeat.at(path, server) if server else path, lambda: os.getppid() != parent)
    except TradewindError as fault:
        sys.stderr.write(f"{fault}\n")
        raise SystemExit(fault.exit_code) from fault
    sys.stdout.buffer.write(msgspec.json.encode(found))


def _package() -> str:
    return str(Path(tradewind.__file__).parents[1])


_CHILD: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from tradewind.adapters.store.history_check import main;"
    " main(sys.argv[2:])"
)
_CHECK: Final = "tradewind db check"
_RESTORE: Final = f"keep a copy of the file, {_CHECK} tells the extent of the damage, then restore the last backup"
