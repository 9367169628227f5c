"""Puts an order into the inbox and waits a moment for the run's answer."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from tradewind.adapters.store.inbox import Inbox
from tradewind.adapters.store.lease import WriterLock
from tradewind.app.control.free_text import one_line
from tradewind.app.pacing import Waiter

LOOK_EVERY_S: Final = 0.05


class Asked(msgspec.Struct, frozen=True):
    """What became of an order: ``request`` its id, ``alive`` whether a run is at work on the store.

    ``answered`` False: nobody has obeyed yet; with no run alive the order waits for the next start. ``result``,
    ``state`` and ``detail`` are the run's words, empty until then.
    """

    verb: str
    request: str
    actor: str
    reason: str
    alive: bool
    answered: bool
    result: str = ""
    state: str = ""
    detail: str = ""
    journal_seq: int | None = None


class Given(NamedTuple):
    """An order in the inbox of ``store``."""

    store: Path
    verb: str
    request: str
    actor: str
    reason: str


def give(store: Path, verb: str, *, argument: str = "", actor: str = "", reason: str = "", now: int) -> Given:
    """Puts an order into the inbox of ``store``; durable on return.

    Raises:
        Unavailable: there is no store.
        Misconfigured: its schema is not this version's, or a text is no line.
    """
    who, why = one_line(actor, "--by") or this_user(), one_line(reason, "--reason")
    with Inbox(store) as inbox:
        return Given(store, verb, inbox.put(verb, argument=argument, actor=who, reason=why, now=now), who, why)


def what_became(given: Given, *, wait_s: float, waiter: Waiter) -> Asked:
    """Waits up to ``wait_s`` seconds for the run's answer, and not at all where no run is alive."""
    lock = WriterLock(given.store)
    alive = lock.holder() is not None
    with Inbox(given.store) as inbox:
        answer = inbox.answer(given.request)
        for _ in range(round(wait_s / LOOK_EVERY_S) if alive else 0):
            if answer is not None:
                break
            waiter.wait(LOOK_EVERY_S)
            answer = inbox.answer(given.request)
    known = (given.verb, given.request, given.actor, given.reason)
    if answer is None:
        return Asked(*known, alive=lock.holder() is not None, answered=False)
    return Asked(*known, alive, True, answer.result, answer.state, answer.detail, answer.journal_seq)


def asked_line(asked: Asked) -> str:
    """What became of it, for a person; never more than is known."""
    if asked.answered:
        detail = f"; {asked.detail}" if asked.detail else ""
        if asked.verb == "pause" and asked.result != "refused":
            return f"pause: {asked.result}. The run is paused; its account is {asked.state}{detail}."
        if asked.verb == "kill_on" and asked.result == "unchanged":
            return f"kill_on: set already, by the kill file or before. The run is {asked.state}{detail}."
        return f"{asked.verb}: {asked.result}. The run is {asked.state}{detail}."
    if asked.alive:
        return (
            f"{asked.verb}: ordered (request {asked.request}); a run is at work and has not answered yet."
            " It obeys before its next close; ask `tradewind risk status`."
        )
    return f"{asked.verb}: ordered (request {asked.request}); no run is alive, so the order waits for the next start."


def this_user() -> str:
    """The user of this process."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container without a user database
        return f"uid {os.getuid()}"
