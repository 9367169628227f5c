"""A chat that keeps its own truth: what people read in it, and whether it was on disk before its first byte left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from tradewind.adapters.notify.stand_in.bot_api import BotApi, Chat
from tradewind.adapters.notify.stand_in.in_process import Fault, StandInTransport
from tradewind.adapters.notify.telegram_client import TelegramClient
from tradewind.adapters.notify.telegram_sender import TelegramSender
from tradewind.adapters.store.outbox import Parcel
from tradewind.adapters.store.outbox_rows import OutboxRows
from tradewind.adapters.store.store import Store
from tradewind.app.people.channels import chat_limits
from tradewind.app.people.courier import Courier
from tradewind.app.people.posts import Posts
from tradewind.fleetsim.clock import VirtualClock
from tradewind.fleetsim.faults import FaultKind, ScheduledFault
from tradewind.model.channel import TOPICS, Channel
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock
from tradewind.ports.process import Crashed, Process
from tradewind.ports.sender import Post

CHAT: Final = "5"
TOKEN: Final = "1:" + 35 * "a"
CHANNEL: Final = Channel(f"telegram:{CHAT}", "telegram", TOPICS, chat_limits(CHAT))
RETRY_AFTER: Final = 3 * SECOND
"""What the stand-in asks for with a 429."""
_FLYING: Final = (
    "SELECT o.topic, o.key FROM deliveries AS d JOIN outbox AS o ON o.id = d.outbox_id WHERE d.state = 'sending'"
)
_FAULTS: Final[dict[FaultKind, tuple[Fault, ...]]] = {
    FaultKind.CHAT_DOWN: ("refuse",),
    FaultKind.CHAT_LIMITED: ("limit",),
    FaultKind.CHAT_ANSWER_LOST: ("lose_answer", "lose_request"),
}


class Read(NamedTuple):
    """One message that stands in the chat; ``late`` when it came past its validity."""

    key: str
    repeat: bool
    missed: bool
    late: bool


class ChatRoom:
    """The Bot API with one chat; ``read`` is what stands there, ``breaches`` what should not have happened."""

    def __init__(self, clock: VirtualClock) -> None:
        self.api = BotApi(TOKEN, lambda: clock.true, (Chat(int(CHAT)),))
        self.network = StandInTransport(self.api)
        self.breaches: list[str] = []
        self.times: Counter[str] = Counter()
        self.silent_until = 0

    def strike(self, fault: ScheduledFault) -> None:
        """The next requests meet a fault."""
        kinds = _FAULTS[fault.kind]
        self.network.faults.extend([kinds[int(fault.share * len(kinds))]] * fault.size)

    def stands(self, one: Read) -> None:
        """A message was accepted."""
        self.times[one.key] += 1
        if self.times[one.key] > 1 and not one.repeat:
            self.breaches.append(f"INV-06 {one.key} stands in the chat {self.times[one.key]} times without a word")
        if one.late and not one.missed:
            self.breaches.append(f"INV-06 {one.key} was sent as if it could still be acted on")


class Mouth:
    """One life's couriers: everything that this life owes to the chat."""

    def __init__(self, room: ChatRoom, store: Store, clock: Clock, process: Process, stamp: str) -> None:
        self._room = room
        self._store = store
        self._process = process
        self._clock = clock
        self.outbox = store.outbox(clock.now())
        self._parcel: Parcel | None = None
        self._posts = Posts(INSTRUMENTS, stamp)
        self._sender = TelegramSender(TelegramClient(TOKEN, room.network, "http://stand-in"), CHAT)
        self._courier = Courier(self.outbox, CHANNEL, self, self._write, _Impatient(clock))

    def next_in(self) -> int | None:
        """Nanoseconds until something may leave; None where nothing is owed."""
        now = self._clock.now()
        at = self.outbox.next_at(now)
        return None if at is None else max(at - now, 0)

    async def carry(self) -> None:
        """Sends everything that may leave now."""
        while await self._courier.carry():
            pass

    async def send(self, post: Post) -> str:
        """Implements ``ports.sender.Sender``, and looks at the disk first."""
        room, parcel = self._room, self._parcel
        assert parcel is not None
        key = f"{post.topic} {post.key}"
        if (post.topic, post.key) not in self._store.database.query(_FLYING)[1]:
            room.breaches.append(f"INV-04 {key} left before the disk knew that it would")
        before, now = len(room.api.messages), self._clock.now()
        if now < room.silent_until:
            room.breaches.append(f"INV-20 {key} left while the chat wanted to hear nothing")
        if room.network.faults and room.network.faults[0] == "limit":
            room.silent_until = now + RETRY_AFTER
        try:
            return await self._sender.send(post)
        finally:
            if len(room.api.messages) > before:
                late = parcel.valid_until is not None and self._clock.now() > parcel.valid_until
                room.stands(Read(key, parcel.delivery.repeat, parcel.delivery.missed, late))
            self._process.checkpoint("sent")

    def _write(self, parcel: Parcel, picture: bytes) -> Post:
        self._parcel = parcel
        return self._posts.post(parcel, picture)


class _Impatient:
    """A clock on which nobody waits: what cannot be noted because the disk is gone ends the process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> int:
        """As the clock."""
        return self._clock.now()

    def monotonic(self) -> int:
        """As the clock."""
        return self._clock.monotonic()

    async def sleep_until(self, monotonic_ns: int) -> None:
        """Ends the process."""
        raise Crashed("a disk that takes no note")


def rows() -> OutboxRows:
    """What the store is opened with, so that the chat is owed everything."""
    return OutboxRows((CHANNEL,))


def unheard(room: ChatRoom, mouth: Mouth | None, posts: Iterable[str]) -> Iterator[str]:
    """INV-06 at the end: everything durable stands in the chat, and nothing is owed any more."""
    for post in posts:
        if not room.times[post]:
            yield f"INV-06 {post} never came to the chat"
    if mouth is not None and mouth.outbox.owed():
        yield f"INV-06 {mouth.outbox.owed()} messages are still owed at the end"
