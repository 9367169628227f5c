"""Carries what one channel is owed: asks the outbox, sends, says how it went. One task a channel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from tradewind.adapters.store.outbox import Outbox, Parcel
from tradewind.errors import Retryable, Unavailable
from tradewind.model.channel import Channel
from tradewind.model.notice import Notice
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock
from tradewind.ports.sender import Doubtful, Post, Refused, Sender, Undeliverable

LOOK_EVERY: Final = SECOND // 20
SILENT_AFTER: Final = 5
"""Requests in a row without an answer after which a peer is reported as silent."""


class Courier:
    """``write`` makes the post of a parcel that is about to leave, ``illustrate`` its picture before that.

    The picture comes first, because it may take a moment: whether a signal is still in time is asked when its bytes
    leave. ``beat`` is called at every look.
    """

    def __init__(
        self,
        outbox: Outbox,
        channel: Channel,
        sender: Sender,
        write: Callable[[Parcel, bytes], Post],
        clock: Clock,
        *,
        illustrate: Callable[[Parcel], Awaitable[bytes]] | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.channel = channel
        self._outbox = outbox
        self._sender = sender
        self._write = write
        self._clock = clock
        self._illustrate = illustrate
        self._say = say
        self._drawn: tuple[int, bytes] = (0, b"")

    async def run(self, stop: Callable[[], bool] = lambda: False, beat: Callable[[], None] = lambda: None) -> None:
        """Carries until ``stop``; what is on its way then is brought to its end first."""
        while not stop():
            beat()
            if not await self.carry():
                now = self._clock.now()
                at = self._outbox.next_at(now, self.channel.name)
                wait = LOOK_EVERY if at is None else min(LOOK_EVERY, max(at - now, 0))
                await self._clock.sleep_until(self._clock.monotonic() + wait)

    async def carry(self) -> bool:
        """Carries one thing if one is due; whether one was."""
        parcel = self._outbox.due(self._clock.now(), self.channel.name)
        if parcel is None:
            return False
        if self._illustrate is not None and self._drawn[0] != parcel.id:
            self._drawn = (parcel.id, await self._illustrate(parcel))
            return True  # time has passed, and others may have spoken to the peer: asked again
        picture = self._drawn[1]
        parcel = self._outbox.sending(parcel.id, self._clock.now())
        try:
            message_id = await self._sender.send(self._write(parcel, picture))
        except (Refused, Undeliverable, Doubtful) as error:
            await self._noted(self._verdict(parcel, error))
            self._told_of(parcel, error)
        except BaseException:
            # Cancelled, or an error of ours in the middle of a send: whether it was heard is not known.
            self._outbox.ambiguous(parcel.id, self._clock.now(), "the sender was interrupted")
            raise
        else:
            await self._noted(partial(self._outbox.sent, parcel.id, message_id, self._clock.now()))
        return True

    def _verdict(self, parcel: Parcel, error: Refused | Undeliverable | Doubtful) -> Callable[[], None]:
        now = self._clock.now()
        if isinstance(error, Undeliverable):
            return partial(self._outbox.failed, parcel.id, now, error.found)
        if isinstance(error, Doubtful):
            return partial(self._outbox.ambiguous, parcel.id, now, error.found)
        wait = None if error.retry_after_s is None else round(error.retry_after_s * SECOND)
        return partial(self._outbox.refused, parcel.id, now, wait, error.found)

    async def _noted(self, note: Callable[[], None]) -> None:
        """Writes how a send went, until the store takes it: a full disk must not make one message two."""
        while True:
            try:
                note()
            except (Retryable, Unavailable) as fault:
                self._say(f"WARNING: what became of a message cannot be noted yet: {fault}")
                await self._clock.sleep_until(self._clock.monotonic() + SECOND)
            else:
                return

    def _told_of(self, parcel: Parcel, error: Refused | Undeliverable | Doubtful) -> None:
        """Says what a person can do something about: a message nobody will take, a peer that stays silent."""
        peer, now = self.channel.peer, self._clock.now()
        if isinstance(error, Undeliverable):
            detail = f"{parcel.topic} {parcel.key}: {error.found}"
            self._say(f"WARNING: {self.channel.name} will not take {detail}")
            self._tell(Notice("delivery_failed", now, "warning", self.channel.name, detail=detail))
        elif self._outbox.pace.failures(peer) == SILENT_AFTER:
            self._say(f"WARNING: {peer} does not answer ({error.found}); messages wait for it")
            self._tell(Notice("peer_silent", now, "warning", peer, float(SILENT_AFTER), detail=error.found))

    def _tell(self, notice: Notice) -> None:
        try:
            self._outbox.notice(notice, self._clock.now())
        except Unavailable as fault:
            self._say(f"WARNING: an alert cannot be kept: {fault}")


async def in_thread(work: Callable[[], bytes]) -> bytes:
    """Runs what would hold up the event loop in a thread of its own."""
    return await asyncio.to_thread(work)
