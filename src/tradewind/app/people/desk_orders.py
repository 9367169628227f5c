"""Orders from the chat go the way every order goes: a row of the inbox, a command in the journal, the answer back."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from tradewind.adapters.store.database import Database
from tradewind.adapters.store.inbox import Answer, Inbox
from tradewind.adapters.store.lease import WriterLock
from tradewind.app.ask.fate import find_signal
from tradewind.app.control.asking import Asked, asked_line, one_line
from tradewind.errors import Misconfigured, Rejected
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock

WAIT: Final = 5 * SECOND
_LOOK_EVERY: Final = SECOND // 10
_USAGE: Final = "Usage: /report <signal_id> <profit|loss> <amount>"
_REPORTED: Final = (
    "SELECT actor, timestamp FROM command_inbox WHERE verb = 'report' AND argument LIKE ? AND status <> 'refused'"
    " ORDER BY id LIMIT 1"
)


class InboxOrders:
    """Implements ``bot_desk.Orders`` on the inbox of an open ``database``."""

    def __init__(self, database: Database, path: Path, clock: Clock) -> None:
        self._database = database
        self._path = path
        self._clock = clock

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

    async def _answer(self, inbox: Inbox, request: str) -> Answer | None:
        until = self._clock.monotonic() + WAIT
        while (answer := inbox.answer(request)) is None and self._clock.monotonic() < until:
            await self._clock.sleep_until(self._clock.monotonic() + _LOOK_EVERY)
        return answer
