"""From a decision to the chat: what a hostile network may do to it, and what people read in the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from tests.fakes.clock import VirtualClock
from tests.fakes.session_script import START, bar_closed, signal
from tests.unit.people.bot import ADMIN, CHAT, TOKEN
from tradewind.adapters.notify.console import REPEATED
from tradewind.adapters.notify.stand_in.bot_api import BotApi, Chat
from tradewind.adapters.notify.stand_in.in_process import Fault, StandInTransport
from tradewind.adapters.notify.telegram_client import TelegramClient
from tradewind.adapters.notify.telegram_sender import TelegramSender
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.outbox import Outbox
from tradewind.adapters.store.outbox_rows import OutboxRows
from tradewind.adapters.store.store import Store
from tradewind.app.people.channels import chat_limits
from tradewind.app.people.courier import Courier
from tradewind.app.people.posts import Posts
from tradewind.model.channel import ALARMS, Channel
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.notice import Notice
from tradewind.model.timeframe import HOUR, MINUTE, SECOND

MENU: tuple[Fault | None, ...] = (None, None, "refuse", "lose_request", "lose_answer", "bad_gateway", "limit")


class Scene:
    """A store, an outbox and couriers to two chats of one bot, all in virtual time."""

    def __init__(self, folder: Path, *, chats: int = 0) -> None:
        self.clock = VirtualClock(START)
        names = [CHAT, ADMIN, *range(1000, 1000 + chats)]
        self.api = BotApi(TOKEN, self.clock.now, tuple(Chat(name) for name in names))
        self.network = StandInTransport(self.api)
        self._folder = folder
        self.channels = []
        for name in names:
            topics = ("signal", "trade") if name == CHAT else ALARMS
            self.channels.append(Channel(f"telegram:{name}", "telegram", topics, chat_limits(f"{name}")))
        self.open()

    def open(self) -> None:
        self.store = Store.open(self._folder / "t.db", self.clock.now(), outbox=OutboxRows(self.channels))
        self.outbox: Outbox = self.store.outbox(self.clock.now())
        client = TelegramClient(TOKEN, self.network, "http://stand-in")
        posts = Posts(INSTRUMENTS, "SIMULATED")
        self.couriers = [
            Courier(
                self.outbox,
                one,
                TelegramSender(client, one.name.partition(":")[2]),
                posts.post,
                self.clock,
            )
            for one in self.channels
        ]

    def decide(self, index: int) -> None:
        made = signal(index)
        made = replace(made, valid_until=self.clock.now() + 15 * MINUTE)
        self.store.journal.append(bar_closed(index), encode_outputs([made]))
        self.store.journal.commit()

    async def carry(self, until: int) -> None:
        """Everything that is owed by ``until``, sleeping from one moment to the next."""
        while True:
            moved = [await courier.carry() for courier in self.couriers]
            if any(moved):
                continue
            at = self.outbox.next_at(self.clock.now())
            if at is None or at > until:
                return
            self.clock.advance(max(at - self.clock.now(), SECOND // 100))


async def test_a_signal_is_in_the_chat_with_everything_a_person_acts_on(tmp_path: Path) -> None:
    """Side, pair, zone, stop, target, size, both numbers, until when and the id, without a repeat's mark."""
    scene = Scene(tmp_path)
    with scene.store:
        scene.decide(3)
        await scene.carry(START + MINUTE)
        (text,) = scene.api.said_in(CHAT)
        for part in ("SIGNAL BUY EUR/USD 1h", "Entry zone: 1.09900 - 1.10100", "Stop: 1.09500", "Target: 1.11000",
                     "Size: 0.2 lots", "Win chance: 45.00%", "Confidence: 85.00%", "Id: s3"):  # fmt: skip
            assert part in text
        assert REPEATED not in text


@pytest.mark.req("N09", "N13")
async def test_a_burst_of_200_alerts_loses_none_and_never_passes_30_a_second(tmp_path: Path) -> None:
    """The strict stand-in refuses the 31st of a second and the second to one chat within one: it refused nothing."""
    scene = Scene(tmp_path, chats=39)
    with scene.store:
        for number in range(5):
            scene.outbox.notice(Notice("feed_stale", START, "warning", f"symbol {number}"), START)
        await scene.carry(START + HOUR)
        assert len(scene.api.messages) == 200
        assert scene.api.refused == 0
        times = [message.ts for message in scene.api.messages]
        assert max(sum(1 for other in times if ts <= other < ts + SECOND) for ts in times) <= 30
        assert scene.outbox.owed() == 0


@pytest.mark.parametrize("seed", range(8))
async def test_no_network_and_no_death_loses_a_signal_or_repeats_one_without_saying_so(
    tmp_path: Path, seed: int
) -> None:
    """Random refusals, lost requests, lost answers, 429s, 502s and kills: each signal is read plainly at most once."""
    rng = np.random.default_rng(seed)
    scene = Scene(tmp_path)
    doubts = 0
    for index in range(3, 15):
        scene.decide(index)
        plan = [MENU[number] for number in rng.integers(0, len(MENU), 4)]
        doubts += sum(fault in ("lose_request", "lose_answer", "bad_gateway") for fault in plan)
        scene.network.faults.extend(plan)
        if rng.random() < 0.4:
            parcel = scene.outbox.due(scene.clock.now())
            if parcel is not None:
                scene.outbox.sending(parcel.id, scene.clock.now())
                doubts += 1
            scene.store.close()
            scene.open()
        await scene.carry(scene.clock.now() + 5 * SECOND)
    await scene.carry(scene.clock.now() + HOUR)
    with scene.store:
        assert scene.outbox.owed() == 0
        for index in range(3, 15):
            said = [text for text in scene.api.said_in(CHAT) if f"Id: s{index}\n" in text + "\n"]
            assert said, f"signal {index} was lost"
            plain = [text for text in said if not text.startswith(REPEATED)]
            assert len(plain) <= 1
        total = len(scene.api.said_in(CHAT))
        assert total <= 12 + doubts


async def test_a_signal_that_could_not_be_sent_in_time_is_read_as_missed(tmp_path: Path) -> None:
    """Telegram was down for longer than the signal is good for: told when it is back, never as something to act on."""
    scene = Scene(tmp_path)
    with scene.store:
        scene.decide(3)
        scene.network.faults.extend(["refuse"] * 40)
        await scene.carry(START + HOUR)
        (text,) = scene.api.said_in(CHAT)
        assert text.startswith("MISSED, do not act")
        assert scene.store.database.query("SELECT state FROM deliveries WHERE outbox_id = 1")[1] == [("missed",)]


async def test_a_chat_that_blocked_the_bot_is_told_of_on_the_others(tmp_path: Path) -> None:
    """What cannot be delivered is an alert, not a silence."""
    scene = Scene(tmp_path)
    with scene.store:
        scene.api.chats[CHAT].blocked = True
        scene.decide(3)
        await scene.carry(START + MINUTE)
        (alert,) = scene.api.said_in(ADMIN)
        assert "could not be delivered (telegram:100)" in alert
        assert "signal s3" in alert
