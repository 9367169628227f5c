"""Moves a store from one database to another, from SQLite to PostgreSQL above all: all rows, counted and hashed.

It can be repeated: a target that holds the same is left alone, one that holds an earlier state of the same history is
brought up to date, one that holds another history is refused.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec

from tradewind.adapters.store.backup import Manifest
from tradewind.adapters.store.database import Database
from tradewind.adapters.store.head_mark import HeadMark
from tradewind.adapters.store.opening import database_at
from tradewind.adapters.store.table_copy import TableSum, copy_all, sums
from tradewind.errors import Corrupt, Misconfigured, Rejected

FRESH_S = 3_600
_HEAD = "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1"


class Moved(msgspec.Struct, frozen=True):
    """What was moved: ``changed`` is False where the target held it already; ``tables`` are equal on both sides."""

    source: str
    target: str
    changed: bool
    backup: str
    tables: dict[str, TableSum]


def move(source: Path, target: Path, backups: list[Manifest], now: int) -> Moved:
    """Copies the store at ``source`` into the database ``target`` and compares every table; the source stays.

    ``backups`` are those there are of the source, the newest first; ``now`` is UTC nanoseconds.

    Raises:
        Unavailable: one of them is not there, or a run is writing to one.
        Rejected: there is no backup of the source of the last hour or of all it holds.
        Misconfigured: they are the same database, or the target holds another history.
        Corrupt: after copying the tables differ.
    """
    with closing(database_at(source)) as one, closing(database_at(target)) as two:
        one.require()
        if getattr(source, "url", str(source.absolute())) == getattr(target, "url", str(target.absolute())):
            raise Misconfigured("source and target are the same database", where=str(source))
        backup = _fresh(one, backups, now)
        with one.writer(now):  # nobody writes to it meanwhile
            two.prepare(now)
            with one.reading() as seen:
                wanted = sums(one, seen)
            with two.reading() as cursor:
                changed = sums(two, cursor) != wanted
            if changed:
                _refuse_another_history(one, two)
                with two.writer(now) as writer, one.reading() as seen, writer.transaction() as cursor:
                    copy_all(one, seen, two, cursor)
                with two.reading() as cursor:
                    _same(wanted, sums(two, cursor), target)
            _take_marks_along(source, target)
    return Moved(str(source), getattr(target, "shown", str(target)), changed, backup.name, wanted)


def _fresh(database: Database, backups: list[Manifest], now: int) -> Manifest:
    seq, own = _head(database)
    for one in backups:
        if Path(one.source).absolute() == database.path.absolute() and now - one.ts <= FRESH_S * 1_000_000_000:
            return one
    newest = f"the newest one is of {backups[0].timestamp} UTC" if backups else "there is none"
    raise Rejected(
        f"no backup of the last hour ({newest}); the journal is at entry {seq} {own.hex()[:8]}",
        where=str(database.path),
        allowed="a store with a fresh backup",
        next_step="tradewind db backup --kind pre-migration, then repeat this",
    )


def _head(database: Database) -> tuple[int, bytes]:
    _, rows = database.query(_HEAD)
    return (int(rows[0][0]), bytes(rows[0][1])) if rows else (0, b"")


def _refuse_another_history(source: Database, target: Database) -> None:
    seq, own = _head(target)
    if seq == 0:
        return
    _, rows = source.query("SELECT hash FROM journal WHERE seq = ?", (seq,))
    if not rows or bytes(rows[0][0]) != own:
        raise Misconfigured(
            f"the target holds another history: its entry {seq} is not in the source",
            where=str(target.path),
            allowed="an empty database, or an earlier state of the same store",
            next_step="name another database, or back that one up and empty it",
        )


def _same(wanted: dict[str, TableSum], found: dict[str, TableSum], target: Path) -> None:
    differing = [(name, one.rows, found[name].rows) for name, one in wanted.items() if found[name] != one]
    wrong = [f"{name} ({rows} rows, {there} there)" for name, rows, there in differing]
    if wrong:
        raise Corrupt(
            f"{', '.join(wrong)} differ after copying",
            where=str(target),
            next_step="the source is untouched; look at the server's log and repeat",
        )


def _take_marks_along(source: Path, target: Path) -> None:
    """What was acknowledged and told stays so."""
    for suffix in (".head", ".told"):
        remembered = HeadMark(source, suffix).read()
        if remembered is not None:
            mark = HeadMark(target, suffix)
            mark.write(*remembered)
            mark.close()
