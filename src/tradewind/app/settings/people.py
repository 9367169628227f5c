"""Sections of the people who are told: Telegram, webhook, mail, SNS. None of them changes a decision."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tradewind.app.settings.key import Key, Name
from tradewind.app.settings.secret import Secret
from tradewind.app.settings.units import Unit

Severities = Literal["info", "warning", "critical"]


def _key(text: str, source: str, *names: str, reader: str = "telegram") -> Key:
    return Key(text, source=source, reader=reader, env=tuple(Name(name) for name in names), decides=False)


def _share(text: str, source: str, reader: str) -> Key:
    return Key(text, Unit.FRACTION, 0, 1, source=source, reader=reader, decides=False)


class TelegramSettings(msgspec.Struct, frozen=True):
    """The bot. When enabled, token, chat and allowed users must be set."""

    enabled: Annotated[bool, _key("Whether the bot runs.", "W09 N01", "TELEGRAM_ENABLED")] = False
    bot_token: Annotated[
        Secret | None,
        _key("Token of the bot.", "W09 W15 DIS25", "TELEGRAM_BOT_TOKEN", "TELEGRAM_TOKEN",
             "TRADING_TOOL_TELEGRAM_BOT_TOKEN"),
    ] = None  # fmt: skip
    chat_id: Annotated[str, _key("Chat that gets signals.", "W09 N12", "TELEGRAM_CHAT_ID")] = ""
    admin_chat_id: Annotated[
        str,
        _key("Chat that gets alerts; empty: `chat_id`.", "W09 N12", "ADMIN_CHAT_ID", "TELEGRAM_ADMIN_CHAT_ID"),
    ] = ""
    cornix_chat_id: Annotated[
        str, _key("Chat or channel that gets signals as text that Cornix reads; empty: none.", "N12",
                  "TELEGRAM_CORNIX_CHAT_ID"),
    ] = ""  # fmt: skip
    allowed_users: Annotated[
        tuple[str, ...], _key("User ids that may talk to the bot.", "W09 N05 T02", "TELEGRAM_ALLOWED_USERS")
    ] = ()
    admins: Annotated[
        tuple[str, ...],
        _key("Allowed users who may do everything; with neither admins nor operators set, all allowed users may.",
             "N05 T02", "TELEGRAM_ADMINS"),
    ] = ()  # fmt: skip
    operators: Annotated[
        tuple[str, ...],
        _key("Allowed users who may pause, resume, kill and report; the others only read.", "N05 T02",
             "TELEGRAM_OPERATORS"),
    ] = ()  # fmt: skip
    min_confidence: Annotated[
        float, _share("Confidence from which a signal is sent without being asked for.", "N06 N07", "telegram")
    ] = 0.8
    chart: Annotated[bool, _key("Whether a signal comes with a picture of its chart.", "N06")] = True
    mode: Annotated[
        Literal["polling", "webhook"],
        _key("How commands arrive; webhook needs `webhook_url` and `webhook_secret`.", "N10 DIS25", "TELEGRAM_MODE"),
    ] = "polling"
    webhook_url: Annotated[str, _key("Public https address of the webhook.", "N10", "TELEGRAM_WEBHOOK_URL")] = ""
    webhook_secret: Annotated[
        Secret | None,
        _key("Secret token of the webhook, at least 32 of A-Z a-z 0-9 _ -.", "N10 T05", "TELEGRAM_WEBHOOK_SECRET"),
    ] = None
    webhook_port: Annotated[
        int,
        Key("Loopback port behind the TLS proxy on which the webhook listens.", low=1, high=65_535, source="N10",
            reader="telegram", decides=False),
    ] = 8443  # fmt: skip
    base_url: Annotated[
        str,
        _key(
            "Bot API server; another one for a local server or `tradewind telegram stand-in`.",
            "N10",
            "TELEGRAM_BASE_URL",
        ),
    ] = "https://api.telegram.org"


class WebhookSettings(msgspec.Struct, frozen=True):
    """Signals and alerts as signed JSON to an address of one's own."""

    url: Annotated[
        str, _key("https address that gets a POST; empty: none.", "N12", "WEBHOOK_URL", reader="webhook")
    ] = ""
    secret: Annotated[
        Secret | None,
        _key("Key of the HMAC-SHA256 signature, at least 32 characters.", "N12", "WEBHOOK_SECRET", reader="webhook"),
    ] = None
    topics: Annotated[
        tuple[str, ...],
        _key("What is sent: signal, trade, alert, drift, guard, report, system.", "N12", reader="webhook"),
    ] = ("signal", "trade")
    min_confidence: Annotated[float, _share("Confidence from which a signal is sent.", "N12", "webhook")] = 0.0


class EmailSettings(msgspec.Struct, frozen=True):
    """Alerts and the daily summary by mail."""

    host: Annotated[str, _key("SMTP server; empty: no mail.", "Q16 N07", "SMTP_HOST", reader="mail")] = ""
    port: Annotated[
        int,
        Key("Port of the SMTP server.", low=1, high=65_535, source="Q16", reader="mail", env=(Name("SMTP_PORT"),),
            decides=False),
    ] = 587  # fmt: skip
    security: Annotated[
        Literal["starttls", "tls", "none"], _key("none is for loopback and for tests.", "Q16", reader="mail")
    ] = "starttls"
    user: Annotated[str, _key("User at the SMTP server; empty: no log-in.", "Q16", "SMTP_USER", reader="mail")] = ""
    password: Annotated[Secret | None, _key("Password at the SMTP server.", "Q16", "SMTP_PASSWORD", reader="mail")] = (
        None
    )
    sender: Annotated[str, _key("Address it comes from.", "Q16", "SMTP_FROM", reader="mail")] = ""
    recipients: Annotated[tuple[str, ...], _key("Addresses it goes to.", "Q16", "ALERT_EMAILS", reader="mail")] = ()
    min_severity: Annotated[Severities, _key("Least severe alert that is mailed.", "N07", reader="mail")] = "warning"


class SnsSettings(msgspec.Struct, frozen=True):
    """Alerts through Amazon SNS; needs the extra `aws`."""

    topic_arn: Annotated[str, _key("Topic that gets alerts; empty: none.", "N07", "SNS_TOPIC_ARN", reader="SNS")] = ""
    endpoint: Annotated[str, _key("Another endpoint, for an emulator.", "N07", "SNS_ENDPOINT", reader="SNS")] = ""
    min_severity: Annotated[Severities, _key("Least severe alert that is published.", "N07", reader="SNS")] = "warning"
