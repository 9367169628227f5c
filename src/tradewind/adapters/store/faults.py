"""What a failing database means to the caller: wait, look at the disk, or stop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tradewind.errors import Corrupt, DiskFull, Misconfigured, StoreAway, TimedOut, TradewindError, Unavailable

_SQL_ERROR, _PERM, _BUSY, _LOCKED, _READONLY, _INTERRUPT, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _CONSTRAINT, _NOTADB = (
    1, 3, 5, 6, 8, 9, 10, 11, 13, 14, 19, 26,
)  # fmt: skip
_TEXTS = {
    "is locked": _BUSY,
    "is full": _FULL,
    "disk I/O": _IOERR,
    "malformed": _CORRUPT,
    "not a database": _NOTADB,
    "unable to open": _CANTOPEN,
    "readonly": _READONLY,
}


@contextmanager
def translated(where: str, *driver_errors: type[Exception], reading: bool = False) -> Iterator[None]:
    """Turns what the driver raises inside the block into an error of ``tradewind.errors`` that names ``where``.

    An error that wraps the driver's own under ``orig``, as SQLAlchemy's do, is judged by that one.
    """
    try:
        yield
    except driver_errors as fault:
        raise error_of(getattr(fault, "orig", None) or fault, where, reading=reading) from fault


def error_of(fault: BaseException, where: str, *, reading: bool = False) -> TradewindError:
    """The error to raise for a driver's fault, by SQLite's result code where the driver gives it, else by its text.

    ``reading`` says that the connection was told to refuse writes, so that a refused one is the statement's fault.
    """
    text = str(fault)
    code = getattr(fault, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else next((c for t, c in _TEXTS.items() if t in text), 0)
    if primary in (_BUSY, _LOCKED):
        return StoreAway(
            f"the database is locked by another process ({text})",
            where=where,
            next_step="nothing is lost; try again, or end the backup or dashboard that holds a write transaction",
            retry_after_s=1.0,
        )
    if primary == _FULL:
        return DiskFull(
            f"the disk is full ({text})", where=where, next_step="nothing committed is lost; free space and try again"
        )
    if primary == _IOERR:
        return Unavailable(
            f"the disk failed to read or write ({text})",
            where=where,
            next_step="nothing committed is lost; see whether the disk is full or a file may not grow (df, ulimit -f),"
            " look at the disk (dmesg), then run tradewind db check",
        )
    if primary == _INTERRUPT:
        return TimedOut(
            "the statement took too long and was stopped", where=where, next_step="ask for less: a WHERE, a LIMIT"
        )
    if primary == _READONLY and reading:
        return Misconfigured(
            "the statement writes", where=where, allowed="statements that read", next_step="write a SELECT"
        )
    if primary in (_CANTOPEN, _READONLY, _PERM):
        return Unavailable(
            f"the database cannot be opened for this ({text})",
            where=where,
            next_step="check that the folder exists and that this user may write to it",
        )
    if primary == _SQL_ERROR or (reading and not primary):
        return Misconfigured(f"SQLite refused the statement ({text})", where=where, allowed="one statement that reads")
    if primary == _NOTADB:
        return Corrupt(
            f"the file is no database, or its first page is damaged ({text})",
            where=where,
            next_step="name the database of a project; if this is one, keep a copy and restore the last backup",
        )
    if primary == _CORRUPT:
        return Corrupt(
            f"the file is damaged ({text})",
            where=where,
            next_step="keep a copy, run tradewind db check, then restore the last backup",
        )
    return Corrupt(f"the database refused ({type(fault).__name__}: {text})", where=where)
