"""Which channels a configuration has: who is told what, how fast, and by which sender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

from tradewind.adapters.store.outbox_rows import OutboxRows
from tradewind.app.settings.root import AppConfig
from tradewind.model.channel import ALARMS, Channel, Limit, Topic
from tradewind.model.timeframe import MINUTE, SECOND

TELEGRAM: Final = "telegram"
WEBHOOK: Final = "webhook"
MAIL: Final = "mail"
SNS: Final = "sns"
CORNIX: Final = "cornix"
BOT_LIMIT: Final = Limit(TELEGRAM, 30, SECOND)
_CORNIX_LIMIT: Final = Limit(CORNIX, 7, MINUTE)


def channels_of(config: AppConfig) -> tuple[Channel, ...]:
    """Every channel, in the order of the settings; a chat that has both parts is one channel."""
    found: list[Channel] = []
    bot = config.telegram
    if bot.enabled:
        found += _chats(bot.chat_id, bot.admin_chat_id or bot.chat_id, bot.min_confidence)
        if bot.cornix_chat_id:
            limits = (*chat_limits(bot.cornix_chat_id), _CORNIX_LIMIT)
            name = f"{CORNIX}:{bot.cornix_chat_id}"
            found.append(Channel(name, TELEGRAM, ("signal",), limits, min_confidence=bot.min_confidence))
    hook, mail, sns = config.webhook, config.email, config.sns
    if hook.url:
        topics = cast("tuple[Topic, ...]", hook.topics)
        found.append(Channel(WEBHOOK, WEBHOOK, topics, (Limit(WEBHOOK, 10, SECOND),), hook.min_confidence))
    if mail.host:
        limit = Limit(MAIL, 30, MINUTE)
        found.append(Channel(MAIL, MAIL, (*ALARMS, "report"), (limit,), min_severity=mail.min_severity))
    if sns.topic_arn:
        found.append(Channel(SNS, SNS, ALARMS, (Limit(SNS, 10, SECOND),), min_severity=sns.min_severity))
    return tuple(found)


def outbox_rows(config: AppConfig) -> OutboxRows:
    """What the store is opened with, so that what is told is owed to these channels."""
    return OutboxRows(channels_of(config), round(config.monitoring.alert_cooldown * SECOND))


def chat_limits(chat_id: str) -> tuple[Limit, ...]:
    """The Bot API's limits for one chat: 30 a second for the bot, 1 a second a chat, 20 a minute in a group."""
    scope = f"{TELEGRAM}:{chat_id}"
    own = (BOT_LIMIT, Limit(scope, 1, SECOND))
    return own if chat_id.isdigit() else (*own, Limit(scope, 20, MINUTE))


def _chats(chat: str, admin: str, min_confidence: float) -> Sequence[Channel]:
    topics: Mapping[str, tuple[Topic, ...]] = {
        chat: ("signal", "trade", "report"),
        admin: (*(("signal", "trade", "report") if admin == chat else ()), *ALARMS),
    }
    return [
        Channel(f"{TELEGRAM}:{name}", TELEGRAM, told, chat_limits(name), min_confidence)
        for name, told in topics.items()
    ]
