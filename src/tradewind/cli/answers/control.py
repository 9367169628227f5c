"""Orders to a run and what became of them."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from tradewind.adapters.wall_clock import WallClock
from tradewind.app.control.asking import Asked, asked_line, give, what_became
from tradewind.app.control.kill_switch import lay_down, take_up
from tradewind.app.control.rolling_back import rollback_lines, rolled_back
from tradewind.app.database import database_path
from tradewind.cli.contract import DONE, NEGATIVE, Report
from tradewind.cli.control_options import Ordering
from tradewind.cli.overrides import configured
from tradewind.errors import Unavailable


def order_answer(verb: str, ordering: Ordering, argument: str = "", notes: tuple[str, ...] = ()) -> Report:
    """Gives the order and reports what became of it: exit 4 where the run refused it."""
    given = give(
        _store(ordering), verb, argument=argument, actor=ordering.by, reason=ordering.reason, now=WallClock().now()
    )
    return _report(what_became(given, wait_s=ordering.wait_s, waiter=Event()), notes)


def kill_answer(ordering: Ordering) -> Report:
    """The kill switch on: a row in the inbox and the kill file, each of which is enough."""
    store = _store(ordering)
    given, absent = None, ""
    try:
        reason = ordering.reason or "no reason given"
        given = give(store, "kill_on", actor=ordering.by, reason=reason, now=WallClock().now())
    except Unavailable as error:
        absent = error.found
    path = lay_down(store, ordering.reason)
    note = f"{path} is there: it stops every run on this store until `tradewind kill off`."
    if given is not None:
        return _report(what_became(given, wait_s=ordering.wait_s, waiter=Event()), (note,))
    said = f"{note}\nThe inbox cannot be written ({absent}); the next look of a run finds the file and takes no risk."
    return Report({"order": None, "notes": [note], "file": str(path)}, said)


def kill_off_answer(ordering: Ordering) -> Report:
    """The kill switch off: the file goes first, or it would set the latch again."""
    removed = take_up(_store(ordering))
    return order_answer("kill_off", ordering, notes=(f"{removed} was removed.",) if removed is not None else ())


def rollback_answer(ordering: Ordering) -> Report:
    """Four lines: trading and learning, positions, providers, data; each says what is known and no more."""
    store = _store(ordering)
    given = give(store, "rollback", actor=ordering.by, reason=ordering.reason or "rollback", now=WallClock().now())
    asked = what_became(given, wait_s=ordering.wait_s, waiter=Event())
    state = rolled_back(store, asked, wait_s=min(ordering.wait_s, 3.0), waiter=Event())
    return Report({"order": asked, "rollback": state, "notes": []}, "\n".join(rollback_lines(asked, state)))


def _store(ordering: Ordering) -> Path:
    return ordering.store or database_path(configured(ordering.config))


def _report(asked: Asked, notes: tuple[str, ...]) -> Report:
    exit_code = NEGATIVE if asked.result == "refused" else DONE
    return Report({"order": asked, "notes": list(notes)}, "\n".join((*notes, asked_line(asked))), exit_code)
