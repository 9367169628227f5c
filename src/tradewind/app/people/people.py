"""Everything that speaks to people in one life of a run: the outbox, one courier a channel, the bot's client."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from tradewind.adapters.notify.mail import MailSender, MailServer
from tradewind.adapters.notify.pace import Pace
from tradewind.adapters.notify.signed_webhook import WebhookSender
from tradewind.adapters.notify.sns import SnsSender
from tradewind.adapters.notify.telegram_sender import TelegramSender
from tradewind.adapters.store.outbox import Parcel
from tradewind.adapters.store.store import Store
from tradewind.app.people.channels import CORNIX, MAIL, SNS, TELEGRAM, WEBHOOK
from tradewind.app.people.courier import Courier
from tradewind.app.people.illustration import Illustrator
from tradewind.app.people.posts import Posts
from tradewind.app.people.telegram_link import TelegramLink, client_of
from tradewind.app.settings.root import AppConfig
from tradewind.app.settings.secret import Secret
from tradewind.engine.plan import EnginePlan
from tradewind.model.channel import Channel
from tradewind.model.notice import Notice
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock
from tradewind.ports.sender import Post, Sender
from tradewind.ports.transport import Transport


class People:
    """``clock`` is the host's and ``market`` the run's own; ``transport`` carries what HTTP carries."""

    def __init__(
        self,
        config: AppConfig,
        store: Store,
        plan: EnginePlan,
        clock: Clock,
        market: Clock,
        transport: Transport,
        say: Callable[[str], None],
    ) -> None:
        self.config = config
        self.clock = clock
        self.pace = Pace()
        instruments = {one.instrument.symbol: one.instrument for one in plan.symbols}
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
        """Before the process ends: what is due now, for at most ``seconds``; the rest is told by the next one."""
        until = self.clock.monotonic() + round(seconds * SECOND)
        while self.clock.monotonic() < until and self.outbox.due(self.clock.now()) is not None:
            for courier in self.couriers:
                await courier.carry()

    def notice(self, notice: Notice) -> None:
        """An alert of the service's own, durable on return; raises as a transaction of the store."""
        self.outbox.notice(notice, self.clock.now())

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
