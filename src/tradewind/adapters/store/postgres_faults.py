"""What a PostgreSQL server's refusal means to the caller: wait, look at the server, or stop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tradewind.errors import Corrupt, Misconfigured, StoreAway, TimedOut, TradewindError, Unavailable

_LOCKED: Final = ("40001", "40P01", "55P03")
_FULL: Final = ("53100",)
_DISK: Final = ("58030", "58P01")
_CANCELED: Final = "57014"
_READ_ONLY: Final = "25006"
_DENIED: Final = ("28", "3D", "42501")
_LOST: Final = ("08", "53", "57P")
_STATEMENT: Final = ("42", "22", "0A", "26", "34")
_DAMAGED: Final = "XX"


@contextmanager
def server_faults(where: str, *driver_errors: type[Exception], reading: bool = False) -> Iterator[None]:
    """Turns what the driver raises inside the block into an error of ``tradewind.errors`` that names ``where``."""
    try:
        yield
    except driver_errors as fault:
        raise error_of(getattr(fault, "orig", None) or fault, where, reading=reading) from fault


def error_of(fault: BaseException, where: str, *, reading: bool = False) -> TradewindError:
    """The error to raise for a driver's fault, by the server's SQLSTATE; without one the server was not reached.

    ``reading`` says that the transaction was read only, so that a refused write is the statement's fault.
    """
    code = str(getattr(fault, "sqlstate", None) or "")
    text = str(fault).strip().split("\n")[0]
    if code in _LOCKED:
        return StoreAway(
            f"the database is locked by another process ({text})",
            where=where,
            next_step="nothing is lost; try again, or end the backup or dashboard that holds a transaction",
            retry_after_s=1.0,
        )
    if code in _FULL or code in _DISK:
        what = "is full" if code in _FULL else "failed to read or write"
        advice = "nothing committed is lost; look at the server's disk, then try again"
        return Unavailable(f"the server's disk {what} ({text})", where=where, next_step=advice)
    if code == _CANCELED:
        return TimedOut(
            "the statement took too long and was stopped", where=where, next_step="ask for less: a WHERE, a LIMIT"
        )
    if code == _READ_ONLY:
        if reading:
            return Misconfigured(
                "the statement writes", where=where, allowed="statements that read", next_step="write a SELECT"
            )
        return Unavailable(
            f"the server takes no writes ({text})", where=where, next_step="name the primary server, not a replica"
        )
    if code.startswith(_DENIED):
        return Unavailable(
            f"the server does not let this user in ({text})",
            where=where,
            next_step="check user, password and database name in DB_URL; the user needs CREATE in its schema",
        )
    if not code or code.startswith(_LOST):
        return StoreAway(
            f"the server cannot be reached, or ended the session ({text})",
            where=where,
            next_step="nothing committed is lost; check that the server runs and that DB_URL names it",
            retry_after_s=1.0,
        )
    if code.startswith(_STATEMENT):
        found = f"PostgreSQL refused the statement ({text})"
        return Misconfigured(found, where=where, allowed="one statement that reads")
    if code.startswith(_DAMAGED):
        advice = "look at the server's log, then restore the last backup"
        return Corrupt(f"the server found damage ({text})", where=where, next_step=advice)
    return Corrupt(f"the database refused ({type(fault).__name__}: {text})", where=where)
