"""Is the store whole? Everything that can be known about a database file without trusting it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from operator import methodcaller
from typing import Any, Final, NamedTuple

from sqlalchemy import StaticPool, create_engine

from tradewind.adapters.store.chain import Head
from tradewind.adapters.store.codec import decode_outputs
from tradewind.adapters.store.database import Database
from tradewind.adapters.store.head_mark import HeadMark
from tradewind.adapters.store.journal import SqlJournal
from tradewind.adapters.store.location import SCHEMA_REVISION
from tradewind.adapters.store.snapshots import SqlSnapshots
from tradewind.adapters.store.tables import SqlTables
from tradewind.adapters.store.whole_schema import metadata
from tradewind.errors import Corrupt, TradewindError

_BATCH: Final = 2_000
# Columns that follow from the journal alone; lots and price of an open position need the instrument as well.
_PROJECTED: Final = {
    "signals": "SELECT * FROM signals ORDER BY id",
    "positions": "SELECT signal_id, symbol, timeframe, direction, status, ts_entry, ts_exit, steps, entry_ticks, exit,"
    " pnl, net FROM positions ORDER BY signal_id",
    "trade_outcomes": "SELECT * FROM trade_outcomes ORDER BY id",
    "guard_state": "SELECT * FROM guard_state ORDER BY cause",
    "equity_marks": "SELECT * FROM equity_marks ORDER BY id",
    "orders": "SELECT * FROM orders ORDER BY client_id",
    "venue_requests": "SELECT * FROM venue_requests ORDER BY id",
    "signal_outcomes": "SELECT * FROM signal_outcomes ORDER BY signal_id",
    "outcome_audit": "SELECT * FROM outcome_audit ORDER BY id",
    "drift_alarms": "SELECT * FROM drift_alarms ORDER BY id",
    "member_changes": "SELECT * FROM member_changes ORDER BY id",
    "learning_states": "SELECT timestamp, state, reason, symbol, timeframe, confidence, version, detail, journal_seq"
    " FROM learning_states WHERE journal_seq IS NOT NULL ORDER BY journal_seq, symbol, timeframe, state",
    "retraining_history": "SELECT triggered_at, trigger_reason, symbol, timeframe, detail, ended_at, version, fault,"
    " validation_confidence, calibration_error, passed, promoted, duration_s, journal_seq FROM retraining_history"
    " WHERE journal_seq IS NOT NULL ORDER BY journal_seq, symbol, timeframe",
}
# Retention may have taken the oldest rows of these: from the first that is kept on, all must be there.
_AGED: Final = {
    "decisions": ("SELECT min(ts) FROM decisions",
                  "SELECT * FROM decisions WHERE ts >= ? ORDER BY symbol, timeframe, ts"),
    "forecasts": ("SELECT min(ts) FROM forecasts",
                  "SELECT * FROM forecasts WHERE ts >= ? ORDER BY symbol, timeframe, seat, ts"),
    # Those of decisions and of seats are numbered as they were written, which is a matter of transactions.
    "confidence_history": ("SELECT min(journal_seq) FROM confidence_history",
                           "SELECT timestamp, symbol, timeframe, confidence_score, journal_seq, source, detail"
                           " FROM confidence_history WHERE journal_seq >= ? ORDER BY journal_seq, symbol, timeframe,"
                           " coalesce(source, ''), confidence_score"),
}  # fmt: skip
# And any row of these, so every row must follow and none need be there.
_OUTBOX: Final = (
    "SELECT topic, key, ts, severity, confidence, payload, valid_until, journal_seq FROM outbox"
    " WHERE journal_seq IS NOT NULL AND condition = ''"
)
_CANDLES: Final = "SELECT * FROM candles ORDER BY symbol, timeframe, ts_open"


class Finding(NamedTuple):
    """One check and what it found."""

    check: str
    ok: bool
    detail: str


def inspect(database: Database) -> list[Finding]:
    """Every check, in an order in which the first failure explains the later ones.

    Raises:
        Unavailable: there is no database file.
    """
    if not database.path.is_file():
        database.require()
    checks: tuple[tuple[str, Callable[[Database], str]], ...] = (
        ("schema", _schema),
        ("pages", methodcaller("check_pages")),
        ("foreign keys", methodcaller("check_references")),
        ("journal chain", _chain),
        ("acknowledged", _acknowledged),
        ("tables", _tables),
        ("snapshots", _snapshots),
    )
    first = _finding(*checks[0], database)
    if not first.ok and _finding("tables", _has_tables, database).detail == _NO_TABLES:
        return [first]  # every other check would say the same in the words of the database
    return [first, *(_finding(name, run, database) for name, run in checks[1:])]


def _finding(name: str, run: Callable[[Database], str], database: Database) -> Finding:
    try:
        return Finding(name, True, run(database))
    except TradewindError as fault:
        return Finding(name, False, str(fault))


def _schema(database: Database) -> str:
    database.require()
    return f"revision {SCHEMA_REVISION}"


def _has_tables(database: Database) -> str:
    return _NO_TABLES if database.revision() is None else ""


def _chain(database: Database) -> str:
    count = 0
    for entry in SqlJournal(database).read():
        count = entry.seq
    return f"{count} entries, every hash and digest holds"


def _acknowledged(database: Database) -> str:
    mark = HeadMark(database.path)
    journal = SqlJournal(database)
    journal.refuse_older_file(mark)
    remembered = mark.read()
    return "no mark beside the file" if remembered is None else f"up to entry {remembered[0]}, all here"


def _tables(database: Database) -> str:
    """Projects the journal again and compares."""
    rebuilt = _rebuilt(database)
    try:
        for table, statement in _PROJECTED.items():
            _, stored = database.query(statement)
            _compare(table, stored, rebuilt.execute(statement).fetchall(), database)
        for table, (oldest, statement) in _AGED.items():
            first = (database.query(oldest)[1][0][0] or 0,)
            _, stored = database.query(statement, first)
            derived = rebuilt.execute(statement, first).fetchall()
            if table == "confidence_history":  # of the oldest entry one row may be left
                kept = set(map(tuple, stored))
                derived = [row for row in derived if row[4] != first[0] or row in kept]
            _compare(table, stored, derived, database)
        for table, statement in (("candles", _CANDLES), ("outbox", _OUTBOX)):
            _, stored = database.query(statement)
            known = set(rebuilt.execute(statement))
            strange = next((row for row in stored if row not in known), None)
            if strange is not None:
                raise _disagrees(table, strange, None, database)
    finally:
        rebuilt.close()
    return (
        "signals, decisions, positions, outcomes, forecasts, modes, trainings, confidences, candles and the outbox"
        " follow from the journal"
    )


def _rebuilt(database: Database) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    metadata.create_all(engine)
    tables = SqlTables(hot_tail_bars=2**62)
    cursor = connection.cursor()
    for number, entry in enumerate(SqlJournal(database).read(), start=1):
        tables.record(entry, decode_outputs(entry.outputs))
        if number % _BATCH == 0:
            tables.write(cursor)
            tables.clear()
    tables.write(cursor)
    return connection


def _compare(table: str, stored: list[tuple[Any, ...]], derived: list[tuple[Any, ...]], database: Database) -> None:
    if stored == derived:
        return
    for found, wanted in _pairs(stored, derived):
        if found != wanted:
            raise _disagrees(table, found, wanted, database)


def _pairs(one: list[Any], two: list[Any]) -> Iterator[tuple[Any, Any]]:
    for place in range(max(len(one), len(two))):
        yield (one[place] if place < len(one) else None), (two[place] if place < len(two) else None)


def _disagrees(table: str, found: object, wanted: object, database: Database) -> Corrupt:
    return Corrupt(
        f"{table} does not follow from the journal: it has {_short(found)}, the journal gives {_short(wanted)}",
        where=str(database.path),
        next_step="the journal is right; the row was changed by hand or by another program",
    )


def _short(row: object) -> str:
    return "no such row" if row is None else str(row)[:120]


def _snapshots(database: Database) -> str:
    snapshots = SqlSnapshots(database)
    _, rows = database.query("SELECT DISTINCT config_hash FROM snapshots")
    head: Head = SqlJournal(database).head
    for (config_hash,) in rows:
        if snapshots.latest(str(config_hash), head.seq) is None or snapshots.notes:
            notes = "; ".join(snapshots.notes) or "a snapshot lies beyond the end of the journal"
            raise Corrupt(notes, where=str(database.path), next_step=_SNAPSHOT)
    return f"usable for {len(rows)} configurations"


_NO_TABLES: Final = "no tables"
_SNAPSHOT: Final = (
    "nothing is lost: the next run replays the journal instead and writes new ones; that bytes changed on this disk is"
    " worth a look (dmesg)"
)
