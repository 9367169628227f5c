"""Orders from the chat go the way every order goes: a row of the inbox, a command in the journal, the answer back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

import msgspec

from tradewind.adapters.store.database import Database
from tradewind.adapters.store.inbox import Answer, Inbox
from tradewind.adapters.store.lease import WriterLock
from tradewind.app.ask.fate import find_signal
from tradewind.app.control.asking import Asked, asked_line
from tradewind.app.control.free_text import one_line
from tradewind.app.people.approval_words import order_lines, order_text
from tradewind.app.people.chat_text import labelled
from tradewind.errors import Misconfigured, Rejected
from tradewind.model.instrument import Instrument
from tradewind.model.order import ApprovalAsked
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock

WAIT: Final = 5 * SECOND
_LOOK_EVERY: Final = SECOND // 10
_USAGE: Final = "Usage: /report <signal_id> <profit|loss> <amount>"
_REPORTED: Final = (
    "SELECT actor, timestamp FROM command_inbox WHERE verb = 'report' AND argument LIKE ? AND status <> 'refused'"
    " ORDER BY id LIMIT 1"
)


_ENTRY: Final = (
    "SELECT client_id, signal_id, state, detail, updated FROM orders WHERE leg = 'entry' AND (client_id = ? OR"
    " signal_id = ?)"
)
_SAID: Final = "SELECT payload FROM outbox WHERE topic = 'alert' AND key = ?"
_ENDED: Final = {"not_approved": "nobody approved it in time", "rejected_by_person": "it was rejected"}


class InboxOrders:
    """Implements ``bot_desk.Orders`` on the inbox of an open ``database``; ``instruments`` are the run's."""

    def __init__(
        self, database: Database, path: Path, clock: Clock, instruments: Mapping[str, Instrument] | None = None
    ) -> None:
        self._database = database
        self._path = path
        self._clock = clock
        self._instruments = instruments or {}

    async def order(self, verb: str, argument: str, actor: str, reason: str) -> Sequence[str]:
        """Puts the order down and waits up to five seconds for the run's answer."""
        why = one_line(reason, "the reason")
        with Inbox(self._database) as inbox:
            request = inbox.put(verb, argument=argument, actor=actor, reason=why, now=self._clock.now())
            answer = await self._answer(inbox, request)
        alive = answer is not None or WriterLock(self._path).holder() is not None
        known = (verb, request, actor, why)
        if answer is None:
            return [asked_line(Asked(*known, alive=alive, answered=False))]
        done = Asked(*known, alive, True, answer.result, answer.state, answer.detail, answer.journal_seq)
        return [asked_line(done)]

    async def report(self, words: tuple[str, ...], actor: str) -> Sequence[str]:
        """``ID profit|loss AMOUNT``: checked here, so that a slip is answered at once and in words."""
        name, result, amount = words
        if result.lower() not in ("profit", "loss"):
            raise Misconfigured(f"{result!r} is neither profit nor loss", next_step=_USAGE)
        try:
            value = Decimal(amount.lstrip("+").replace(",", ""))
        except InvalidOperation:
            raise Misconfigured(
                f"{amount!r} is no amount", allowed="a number such as 12.50", next_step=_USAGE
            ) from None
        if not value.is_finite() or value < 0:
            raise Misconfigured(f"{amount!r} is no amount", allowed="0 or more; profit or loss says which")
        signal, _ = find_signal(self._database, name)
        before = self._database.query(_REPORTED, (f"{signal.id} %",))[1]
        if before:
            raise Rejected(f"{signal.id} was reported already, by {before[0][0]} at {before[0][1]} UTC")
        return await self.order("report", f"{signal.id} {result.lower()} {value}", actor, "reported in Telegram")

    async def waiting(self, name: str) -> Sequence[str]:
        """What ``/approve`` would let go.

        Raises:
            Misconfigured: there is no such order.
            Rejected: it waits no more, and why.
        """
        rows = self._database.query(_ENTRY, (name, name))[1]
        if not rows:
            raise Misconfigured(f"there is no order {name!r} that waits", next_step="tradewind orders list --open")
        client, signal, state, detail, updated = rows[0]
        if state != "waiting":
            why = _ENDED.get(detail, detail)
            raise Rejected(f"{signal} does not wait any more: {state} at {updated} UTC" + (f", {why}" if why else ""))
        key = f"approval {client}"
        if self._database.query(_SAID, (f"{key} approved",))[1]:
            raise Rejected(f"{signal} was approved already and leaves as soon as it may")
        payload = self._database.query(_SAID, (key,))[1]
        if not payload:
            raise Rejected(f"{signal} waits for the venue, nobody is asked for it")
        asked = msgspec.json.decode(payload[0][0], type=ApprovalAsked)
        instrument = self._instruments[asked.symbol]
        return [f"Send it? {order_text(asked, instrument)}", *map(labelled, order_lines(asked, instrument))]

    async def _answer(self, inbox: Inbox, request: str) -> Answer | None:
        until = self._clock.monotonic() + WAIT
        while (answer := inbox.answer(request)) is None and self._clock.monotonic() < until:
            await self._clock.sleep_until(self._clock.monotonic() + _LOOK_EVERY)
        return answer
