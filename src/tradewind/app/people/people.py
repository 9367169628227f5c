"""Everything that speaks to people in one life of a run: the outbox, one courier a channel, the bot's client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from tradewind.adapters.confirm_code import confirm_code
from tradewind.adapters.notify.mail import MailSender, MailServer
from tradewind.adapters.notify.pace import Pace
from tradewind.adapters.notify.signed_webhook import WebhookSender
from tradewind.adapters.notify.sns import SnsSender
from tradewind.adapters.notify.telegram_sender import TelegramSender
from tradewind.adapters.notify.webhook_gate import WebhookGate
from tradewind.adapters.notify.webhook_server import WebhookServer
from tradewind.adapters.store.outbox import Parcel
from tradewind.adapters.store.outbox_rows import said_of_notice, subscribed
from tradewind.adapters.store.store import Store
from tradewind.adapters.verb_process import VerbProcess
from tradewind.app.environment import process_environment
from tradewind.app.people.access import Access, access_of
from tradewind.app.people.bot import Bot
from tradewind.app.people.bot_desk import BotDesk
from tradewind.app.people.channels import CORNIX, MAIL, SNS, TELEGRAM, WEBHOOK
from tradewind.app.people.chat_desk import ChatDesk
from tradewind.app.people.courier import Courier
from tradewind.app.people.desk_orders import InboxOrders
from tradewind.app.people.illustration import Illustrator
from tradewind.app.people.posts import Posts
from tradewind.app.people.telegram_link import TelegramLink, client_of
from tradewind.app.settings.root import AppConfig
from tradewind.app.settings.secret import Secret
from tradewind.app.stored_run import Configure
from tradewind.engine.plan import EnginePlan
from tradewind.errors import TradewindError
from tradewind.model.channel import Channel
from tradewind.model.delivery import Delivery, DeliveryState
from tradewind.model.notice import Notice
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock
from tradewind.ports.sender import Post, Refused, Sender
from tradewind.ports.transport import Transport

_UPDATE: Final = "telegram_update"
_SHOUTS: Final = 4


class Reread(NamedTuple):
    """``configure`` reads the configuration again, under a preset and an interval; ``file`` is the one named."""

    configure: Configure
    file: Path | None = None


class People:
    """``clock`` is the host's and ``market`` the run's own; ``transport`` carries what HTTP carries.

    ``reread`` reads the configuration again: the bot asks it who is allowed now.
    """

    def __init__(
        self,
        config: AppConfig,
        store: Store,
        plan: EnginePlan,
        clock: Clock,
        market: Clock,
        transport: Transport,
        say: Callable[[str], None],
        reread: Reread | None = None,
    ) -> None:
        self.config = config
        self.reread = reread if reread is not None else Reread(lambda preset, interval: config)
        self.clock = clock
        self.pace = Pace()
        instruments = {one.instrument.symbol: one.instrument for one in plan.symbols}
        self._instruments = instruments
        self.posts = Posts(instruments, plan.stamp)
        self.outbox = store.outbox(clock.now(), self.pace, lambda _: market.now())
        self._store = store
        self._plan = plan
        self._transport = transport
        self._say = say

    @cached_property
    def telegram(self) -> TelegramLink:
        """The bot's client; the library behind it is loaded only where the bot is on."""
        return client_of(self.config.telegram, self._transport)

    @cached_property
    def couriers(self) -> tuple[Courier, ...]:
        """One for each channel."""
        return tuple(self._courier(channel) for channel in self.outbox.channels)

    async def tell(self, peer: str, stop: Callable[[], bool], beat: Callable[[], None]) -> None:
        """Carries everything to the channels of one peer until ``stop``."""
        own = [courier for courier in self.couriers if courier.channel.peer == peer]
        while not stop():
            beat()
            moved = [await courier.carry() for courier in own]
            if not any(moved):
                await self.clock.sleep_until(self.clock.monotonic() + self._idle())

    async def last_words(self, seconds: float) -> None:
        """Before the process ends: what the channels that take alarms are owed, for at most ``seconds``.

        The rest is told by the next process.
        """
        alarm = said_of_notice(Notice("kill_on", self.clock.now(), "critical"))
        own = [courier for courier in self.couriers if subscribed(courier.channel, alarm)]
        until = self.clock.monotonic() + round(seconds * SECOND)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    if any([await courier.carry() for courier in own]):
                        continue
                    now = self.clock.now()
                    owed = [at for one in own if (at := self.outbox.next_at(now, one.channel.name)) is not None]
                    wait = min(owed, default=now) - now
                    if not owed or self.clock.monotonic() + wait > until:
                        return
                    await self.clock.sleep_until(self.clock.monotonic() + max(wait, SECOND // 100))

    def notice(self, notice: Notice) -> None:
        """An alert of the service's own, durable on return; raises as a transaction of the store."""
        self.outbox.notice(notice, self.clock.now())

    async def shout(self, notice: Notice) -> None:
        """An alarm past the store, for when the store is what failed: once to every channel that takes alarms.

        Nothing of it is kept, so it is not repeated; a channel that does not take it is said on the console.
        """
        said = said_of_notice(notice)
        now = self.clock.now()
        for channel in self.outbox.channels:
            if not subscribed(channel, said):
                continue
            kind, _, chat = channel.name.partition(":")
            delivery = Delivery(0, 0, channel.name, DeliveryState.SENDING, now)
            parcel = Parcel(delivery, said.topic, said.key, said.ts, said.severity, said.payload, None, 0)
            fault = await self._shouted(self._sender(kind, chat), self.posts.post(parcel))
            if fault:
                self._say(f"WARNING: {channel.name} could not be told: {fault}")

    async def _shouted(self, sender: Sender, post: Post) -> str:
        """Why it was not taken, after as much patience as the channel asks for a few times; empty where it was."""
        fault = ""
        for _ in range(_SHOUTS):
            try:
                await sender.send(post)
            except Refused as refusal:
                fault = refusal.found
                wait = round((refusal.retry_after_s or 2.0) * SECOND)
                await self.clock.sleep_until(self.clock.monotonic() + wait)
            except TradewindError as error:
                return error.found
            else:
                return ""
        return fault

    async def listen(self, stop: Callable[[], bool], beat: Callable[[], None]) -> None:
        """Hears and answers the bot's users until ``stop``, by polling or through the webhook."""
        settings = self.config.telegram
        if settings.mode == "polling":
            await self.bot.poll(stop, beat)
        else:
            await self._webhook(stop, beat)

    @cached_property
    def access(self) -> Access:
        """Who may talk to the bot."""
        first = access_of(self.config.telegram)
        return Access(first, lambda: self.reread.configure(None, None), self.notice, self.clock.now())

    @cached_property
    def bot(self) -> Bot:
        """The bot with its desk; made once a life."""
        last = self._store.database.query("SELECT value FROM meta WHERE key = ?", (_UPDATE,))[1]
        last_update = int(last[0][0]) if last else 0
        path = self._store.database.path
        verbs = VerbProcess(Path.cwd(), process_environment(), self.reread.file)
        desk = BotDesk(
            self.access,
            ChatDesk(self.reread.configure, path, self.clock, verbs, self._say, pairs=tuple(self._instruments)),
            InboxOrders(self._store.database, path, self.clock, self._instruments),
            self.clock,
            confirm_code,
            audit=self._say,
            alarm=self.notice,
            mark=lambda update: self._store.note(_UPDATE, str(update)),
            last_update=last_update,
        )
        client = self.telegram.client
        return Bot(client, desk, self.pace, self.clock, alarm=self.notice, say=self._say, last_update=last_update)

    async def _webhook(self, stop: Callable[[], bool], beat: Callable[[], None]) -> None:
        settings = self.config.telegram
        secret = _open(settings.webhook_secret)
        bot, heard_of = self.bot, self.telegram.heard_of
        async with asyncio.TaskGroup() as answers:

            async def take(update: dict[str, Any]) -> None:
                heard = heard_of(update)
                if heard is not None:
                    answers.create_task(bot.take(heard))

            gate = WebhookGate(urlsplit(settings.webhook_url).path.rstrip("/"), secret)
            async with WebhookServer(gate, take, self.clock, settings.webhook_port):
                begun = False
                while not stop():
                    beat()
                    begun = begun or await bot.begin_webhook(settings.webhook_url, secret)
                    await self.clock.sleep_until(self.clock.monotonic() + SECOND)

    def _idle(self) -> int:
        return SECOND // 20

    def _courier(self, channel: Channel) -> Courier:
        kind, _, chat = channel.name.partition(":")
        pictured = kind == TELEGRAM and self.config.telegram.chart
        illustrator = Illustrator(self._store.database, self._plan, self.posts) if pictured else None
        return Courier(
            self.outbox,
            channel,
            self._sender(kind, chat),
            self._cornix if kind == CORNIX else self.posts.post,
            self.clock,
            illustrate=illustrator.picture if illustrator is not None else None,
            say=self._say,
        )

    def _cornix(self, parcel: Parcel, picture: bytes) -> Post:
        return self.posts.cornix(parcel)

    def _sender(self, kind: str, chat: str) -> Sender:
        config = self.config
        if kind in (TELEGRAM, CORNIX):
            return TelegramSender(self.telegram.client, chat)
        if kind == WEBHOOK:
            return WebhookSender(config.webhook.url, _open(config.webhook.secret), self._transport, self.clock)
        if kind == SNS:
            return SnsSender(config.sns.topic_arn, config.aws.region, config.sns.endpoint)
        assert kind == MAIL, f"no sender for {kind}"
        mail = config.email
        password = _open(mail.password)
        server = MailServer(mail.host, mail.port, mail.security, mail.user, password, mail.sender, mail.recipients)
        return MailSender(server, self.clock)


def _open(secret: Secret | None) -> str:
    return secret.reveal() if secret is not None else ""
