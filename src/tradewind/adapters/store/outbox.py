"""The transactional outbox: what people are to be told, and what became of it on every channel.

What is told is on disk before its first byte leaves; that a send begins is on disk before it does; what came of it is
on disk before the next one. So a process that dies anywhere loses nothing, and repeats, marked, at most what it was
sending. Nothing here waits or sends: a sender asks ``due``, says ``sending``, sends, and says how it went.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

from tradewind.adapters.notify.pace import Pace
from tradewind.adapters.store.codec import encode_text
from tradewind.adapters.store.database import Writer
from tradewind.adapters.store.outbox_rows import OutboxRows, Said, changed, said_of_notice
from tradewind.adapters.store.schema import utc_text
from tradewind.model import delivery as steps
from tradewind.model.announcement import Announcement
from tradewind.model.channel import Channel, Topic
from tradewind.model.delivery import Delivery, DeliveryState
from tradewind.model.notice import Notice, Severity

_COLUMNS: Final = (
    "d.id, d.outbox_id, d.channel, d.state, d.ts, d.not_before, d.attempts, d.doubts, d.repeat, d.missed, d.message_id,"
    " d.detail, o.topic, o.key, o.ts, o.severity, o.payload, o.valid_until, o.suppressed"
)
_FROM: Final = f"SELECT {_COLUMNS} FROM deliveries AS d JOIN outbox AS o ON o.id = d.outbox_id"  # noqa: S608  constants
_OWED: Final = f"{_FROM} WHERE d.state IN ('pending', 'sending', 'ambiguous') AND d.id > ? ORDER BY d.id"
_SAVE: Final = (
    "UPDATE deliveries SET state = ?, timestamp = ?, ts = ?, not_before = ?, attempts = ?, doubts = ?, repeat = ?,"
    " missed = ?, message_id = ?, detail = ? WHERE id = ?"
)
_RECENT: Final = "SELECT channel, ts FROM deliveries WHERE attempts > 0 AND ts > ? ORDER BY ts"
_COUNTS: Final = "SELECT channel, state, count(*) FROM deliveries GROUP BY channel, state ORDER BY channel, state"
_MINUTE: Final = 60_000_000_000


class Parcel(msgspec.Struct, frozen=True):
    """A delivery with what it carries. ``suppressed`` alerts of the condition were held back before this one."""

    delivery: Delivery
    topic: Topic
    key: str
    ts: int
    severity: Severity
    payload: str
    valid_until: int | None
    suppressed: int

    @property
    def id(self) -> int:
        """The delivery's id."""
        return self.delivery.id


class Outbox:
    """The sender's side of the outbox, for the one writer of the store.

    Opening it is recovering: what was being sent when the last process died is ambiguous, what is owed to a channel
    that is not configured any more has failed. ``pace`` holds the rate budgets, shared with whatever else speaks to the
    same peers. Every method that changes something is durable on return, or raises and has changed nothing.
    """

    def __init__(
        self,
        writer: Writer,
        rows: OutboxRows,
        now: int,
        pace: Pace | None = None,
        market_time: Callable[[int], int] = lambda now: now,
    ) -> None:
        self.market_time = market_time
        self.pace = pace if pace is not None else Pace()
        self._writer = writer
        self._rows = rows
        self._channels: dict[str, Channel] = {channel.name: channel for channel in rows.channels}
        self._waiting: dict[str, dict[int, Parcel]] = {name: {} for name in self._channels}
        self._sending: dict[str, Parcel] = {}
        self._last_id = 0
        self._seen = -1
        self._recover(now)

    @property
    def channels(self) -> Sequence[Channel]:
        """The channels that are told."""
        return self._rows.channels

    def put(
        self,
        topic: Topic,
        key: str,
        payload: Announcement | Notice,
        *,
        now: int,
        valid_until: int | None = None,
        severity: Severity = "info",
    ) -> None:
        """Something to be told that no output of the engine says; the same topic and key again is the same message."""
        self._put(Said(topic, key, payload.ts, encode_text(payload), severity, valid_until=valid_until), now)

    def notice(self, notice: Notice, now: int) -> None:
        """An alert that does not come from the engine; de-duplicated like those that do."""
        self._put(said_of_notice(notice), now)

    def due(self, now: int, channel: str = "") -> Parcel | None:
        """What may leave now, on ``channel`` or on any; None where nothing may.

        Critical things go first, what can still be acted on before what can not, else the older one. A channel carries
        one message at a time.
        """
        self._refresh()
        market = self.market_time(now)
        best: tuple[int, int] | None = None
        found: Parcel | None = None
        for name, waiting in self._of(channel):
            if not waiting or name in self._sending or self._free_at(name, now) > now:
                continue
            for parcel in waiting.values():
                rank = (_rank(parcel, market), parcel.id)
                if parcel.delivery.not_before <= now and (best is None or rank < best):
                    best, found = rank, parcel
        return found

    def next_at(self, now: int, channel: str = "") -> int | None:
        """When to ask again; None where nothing is owed, ``now`` where something is due."""
        if self._seen != self._rows.changes:
            self._refresh()
        if not any(self._waiting.values()):
            return None
        first: int | None = None
        for name, waiting in self._of(channel):
            if not waiting or name in self._sending:
                continue
            ready = min(parcel.delivery.not_before for parcel in waiting.values())
            at = max(now, ready, self._free_at(name, now))
            first = at if first is None else min(first, at)
        return first

    def sending(self, delivery_id: int, now: int) -> Parcel:
        """The first byte leaves after this returned; the parcel says whether it is a repeat or comes too late."""
        waiting = self._find(delivery_id)
        late = waiting.valid_until is not None and self.market_time(now) > waiting.valid_until
        parcel = self._moved(waiting, steps.begun(waiting.delivery, now, missed=late))
        channel = self._channels[parcel.delivery.channel]
        del self._waiting[channel.name][delivery_id]
        self._sending[channel.name] = parcel
        self.pace.took(channel.limits, now)
        return parcel

    def sent(self, delivery_id: int, message_id: str, now: int) -> None:
        """The channel accepted it under ``message_id``."""
        parcel = self._flying(delivery_id)
        self._moved(parcel, steps.sent(parcel.delivery, now, message_id))
        self._landed(parcel)
        self.pace.recovered(self._channels[parcel.delivery.channel].peer)

    def refused(self, delivery_id: int, now: int, retry_after: int | None = None, detail: str = "") -> None:
        """The channel did not take it, or nothing reached it; ``retry_after`` nanoseconds is the channel's own word.

        Its peer is left alone until then, or for a growing while.
        """
        parcel = self._flying(delivery_id)
        peer = self._channels[parcel.delivery.channel].peer
        until = self.pace.fail(peer, now) if retry_after is None else now + retry_after
        again = self._moved(parcel, steps.refused(parcel.delivery, now, until, detail))
        self.pace.hold(peer, until)
        self._landed(parcel, again)

    def failed(self, delivery_id: int, now: int, detail: str) -> None:
        """The channel will never take it; it is told as such and not tried again."""
        parcel = self._flying(delivery_id)
        self._moved(parcel, steps.undone(parcel.delivery, now, detail))
        self._landed(parcel)

    def ambiguous(self, delivery_id: int, now: int, detail: str = "") -> None:
        """Nobody knows whether it was accepted: it goes out once more, marked, when its peer answers again."""
        parcel = self._flying(delivery_id)
        until = self.pace.fail(self._channels[parcel.delivery.channel].peer, now)
        self._landed(parcel, self._moved(parcel, steps.doubted(parcel.delivery, now, until, detail)))

    def owed(self) -> int:
        """Deliveries that have not reached their end."""
        self._refresh()
        return len(self._sending) + sum(map(len, self._waiting.values()))

    def counts(self) -> dict[str, dict[str, int]]:
        """``{channel: {state: deliveries}}``."""
        found: dict[str, dict[str, int]] = {}
        for channel, state, count in self._writer.database.query(_COUNTS)[1]:
            found.setdefault(channel, {})[state] = count
        return found

    def _put(self, said: Said, now: int) -> None:
        statements = list(self._rows.statements(said, now))
        with self._writer.transaction() as cursor:
            for statement, row in statements:
                cursor.execute(statement, row)
        if changed(statements):
            self._rows.changes += 1

    def _recover(self, now: int) -> None:
        for name, ts in self._writer.database.query(_RECENT, (now - _MINUTE,))[1]:
            if name in self._channels:
                self.pace.took(self._channels[name].limits, min(ts, now))
        for parcel in map(_parcel, self._writer.database.query(_OWED, (0,))[1]):
            delivery = parcel.delivery
            if delivery.channel not in self._channels:
                gone = steps.undone(_settled(delivery, now), now, "the channel is not configured any more")
                self._moved(parcel, gone)
            elif delivery.state is DeliveryState.SENDING:
                doubt = steps.doubted(delivery, now, now, "the process ended while it was being sent")
                self._moved(parcel, doubt)

    def _refresh(self) -> None:
        if self._seen == self._rows.changes:
            return
        changes = self._rows.changes
        for parcel in map(_parcel, self._writer.database.query(_OWED, (self._last_id,))[1]):
            self._last_id = parcel.id
            if parcel.delivery.channel in self._waiting:
                self._waiting[parcel.delivery.channel][parcel.id] = parcel
        self._seen = changes

    def _of(self, channel: str) -> Iterable[tuple[str, dict[int, Parcel]]]:
        return ((channel, self._waiting[channel]),) if channel else self._waiting.items()

    def _free_at(self, name: str, now: int) -> int:
        channel = self._channels[name]
        return max(self.pace.held_until(channel.peer), self.pace.earliest(channel.limits, now))

    def _find(self, delivery_id: int) -> Parcel:
        return next(waiting[delivery_id] for waiting in self._waiting.values() if delivery_id in waiting)

    def _flying(self, delivery_id: int) -> Parcel:
        return next(parcel for parcel in self._sending.values() if parcel.id == delivery_id)

    def _landed(self, parcel: Parcel, again: Parcel | None = None) -> None:
        name = parcel.delivery.channel
        del self._sending[name]
        if again is not None:
            self._waiting[name][again.id] = again

    def _moved(self, parcel: Parcel, delivery: Delivery) -> Parcel:
        d = delivery
        marks = (d.attempts, d.doubts, int(d.repeat), int(d.missed), d.message_id, d.detail)
        with self._writer.transaction() as cursor:
            cursor.execute(_SAVE, (d.state.value, utc_text(d.ts), d.ts, d.not_before, *marks, d.id))
        return msgspec.structs.replace(parcel, delivery=delivery)


def _settled(delivery: Delivery, now: int) -> Delivery:
    """A delivery from which ``failed`` may follow, whatever it was."""
    return steps.doubted(delivery, now, now) if delivery.state is DeliveryState.SENDING else delivery


def _rank(parcel: Parcel, now: int) -> int:
    if parcel.severity == "critical":
        return 0
    return 2 if parcel.valid_until is not None and now > parcel.valid_until else 1


def _parcel(row: Sequence[Any]) -> Parcel:
    values = (*row[:3], DeliveryState(row[3]), *row[4:8], bool(row[8]), bool(row[9]), row[10], row[11])
    return Parcel(Delivery(*values), *row[12:])
