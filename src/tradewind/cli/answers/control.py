"""Orders to a run and what became of them."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from tradewind.adapters.store.inbox import Inbox
from tradewind.adapters.store.location import lost
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.control.asking import Asked, asked_line, give, this_user, what_became
from tradewind.app.control.desk import UNSAID
from tradewind.app.control.free_text import LONGEST, legible, one_line
from tradewind.app.control.kill_switch import LaidDown, lay_down, take_up
from tradewind.app.control.rolling_back import rollback_lines, rolled_back
from tradewind.app.database import database_path
from tradewind.cli.contract import DONE, NEGATIVE, Report
from tradewind.cli.control_options import Ordering
from tradewind.cli.overrides import in_emergency
from tradewind.errors import TradewindError, Unavailable


def order_answer(verb: str, ordering: Ordering, argument: str = "", notes: tuple[str, ...] = ()) -> Report:
    """Gives the order and reports what became of it: exit 4 where the run refused it."""
    given = give(
        _store(ordering), verb, argument=argument, actor=ordering.by, reason=ordering.reason, now=WallClock().now()
    )
    return _report(what_became(given, wait_s=ordering.wait_s, waiter=Event()), notes)


def kill_answer(ordering: Ordering) -> Report:
    """The kill switch on: the kill file and a row in the inbox, each of which is enough; the file first.

    Whatever the store says, the file is tried, and what could not be done is said. No text holds the order up: what
    cannot be kept of it is left out, and that is said too.

    Raises:
        Unavailable: neither could be written.
    """
    store = _store(ordering)
    cut = _cut(("--reason", ordering.reason), ("--by", ordering.by))
    ordering = ordering._replace(reason=legible(ordering.reason), by=legible(ordering.by))
    laid: LaidDown | None = None
    refused: Unavailable | None = None
    try:
        laid = lay_down(store, ordering.reason, ordering.by or this_user())
    except Unavailable as error:
        refused = error
    note = laid.line() if laid is not None else f"WARNING: {refused}"
    path = str(laid.path) if laid is not None else None
    try:
        reason = ordering.reason or UNSAID
        given = give(store, "kill_on", actor=ordering.by, reason=reason, now=WallClock().now())
        report = _report(what_became(given, wait_s=ordering.wait_s, waiter=Event()), (note, *cut))
        return report._replace(document={**report.document, "file": path})
    except (TradewindError, OSError) as error:
        if refused is not None:
            raise refused from error
        absent = error.found if isinstance(error, TradewindError) else str(error)
    rest = f"The inbox cannot be written ({absent}); the next look of a run finds the file and takes no risk."
    return Report({"order": None, "notes": [note, *cut], "file": path, "inbox": absent}, "\n".join((note, *cut, rest)))


def _cut(*typed: tuple[str, str]) -> list[str]:
    """What is said of texts that cannot be kept as they were typed."""
    return [
        f"{option} is kept as {legible(text)!r}: up to {LONGEST} printable characters."
        for option, text in typed
        if text.strip() != legible(text)
    ]


def kill_off_answer(ordering: Ordering) -> Report:
    """The kill switch off: the file goes first, or it would set the latch again.

    Raises:
        TradewindError: the store cannot take the order, or a text is no line; the file stays.
    """
    store = _store(ordering)
    ordering = ordering._replace(reason=one_line(ordering.reason, "--reason"), by=one_line(ordering.by, "--by"))
    if not store.exists() and lost(store, "the database is gone") is None:
        removed = take_up(store)
        if removed is not None:
            note = f"{removed} was removed. Nothing has run on {store} yet, so there is nothing else to clear."
            return Report({"order": None, "notes": [note]}, note)
    Inbox(store).close()
    removed = take_up(store)
    notes = (f"{removed} was removed.",) if removed is not None else ()
    try:
        return order_answer("kill_off", ordering, notes=notes)
    except TradewindError as error:
        if not notes:
            raise
        said = f"{notes[0]} The order that clears the switch could not be given: {error}"
        return Report({"order": None, "notes": [*notes], "fault": str(error)}, said, error.exit_code)


def rollback_answer(ordering: Ordering) -> Report:
    """Four lines: trading and learning, positions, providers, data; each says what is known and no more."""
    store = _store(ordering)
    given = give(store, "rollback", actor=ordering.by, reason=ordering.reason or "rollback", now=WallClock().now())
    asked = what_became(given, wait_s=ordering.wait_s, waiter=Event())
    state = rolled_back(store, asked, wait_s=min(ordering.wait_s, 3.0), waiter=Event())
    return Report({"order": asked, "rollback": state, "notes": []}, "\n".join(rollback_lines(asked, state)))


def _store(ordering: Ordering) -> Path:
    return ordering.store or database_path(in_emergency(ordering.config))


def _report(asked: Asked, notes: tuple[str, ...]) -> Report:
    exit_code = NEGATIVE if asked.result == "refused" else DONE
    return Report({"order": asked, "notes": list(notes)}, "\n".join((*notes, asked_line(asked))), exit_code)
