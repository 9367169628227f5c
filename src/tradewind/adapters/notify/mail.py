"""Messages by SMTP. The message id is a function of the message, so that a mail program shows a repeat as one."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final, Literal

import msgspec

from tradewind.adapters.notify.signed_webhook import message_id
from tradewind.model.timeframe import SECOND
from tradewind.ports.clock import Clock
from tradewind.ports.sender import Doubtful, Post, Refused, Undeliverable

_TIMEOUT_S: Final = 20.0
_TEMPORARY: Final = range(400, 500)


class MailServer(msgspec.Struct, frozen=True):
    """Where mail goes: ``security`` is starttls, tls or none."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str
    password: str
    sender: str
    recipients: tuple[str, ...]


class MailSender:
    """Implements ``ports.sender.Sender``; the conversation with the server runs in a thread."""

    def __init__(self, server: MailServer, clock: Clock) -> None:
        self._server = server
        self._clock = clock

    async def send(self, post: Post) -> str:
        """One mail to all recipients."""
        mail = mail_of(post, self._server.sender, self._server.recipients, self._clock.now())
        await asyncio.to_thread(self._deliver, mail)
        return str(mail["Message-ID"])

    def _deliver(self, mail: EmailMessage) -> None:
        server = self._server
        try:
            connection = self._connected()
        except (OSError, smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, smtplib.SMTPHeloError) as error:
            raise Refused(f"no connection to {server.host}:{server.port} ({_words(error)})") from None
        except smtplib.SMTPException as error:
            raise Undeliverable(f"{server.host} refused the log-in ({_words(error)})") from None
        try:
            connection.send_message(mail)
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, _words(error)) from None
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            raise _refusal(code, words.decode("utf-8", "replace")) from None
        except (OSError, smtplib.SMTPException) as error:
            raise Doubtful(_words(error)) from None
        finally:
            connection.close()

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        secure = ssl.create_default_context()
        if server.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT_S, context=secure)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT_S)
        if server.security == "starttls":
            connection.starttls(context=secure)
        if server.user:
            connection.login(server.user, server.password)
        return connection


def mail_of(post: Post, sender: str, recipients: Sequence[str], now: int) -> EmailMessage:
    """The mail of a post; the subject is its first line."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = f"Tradewind: {' '.join(post.subject.split())}"[:200]
    mail["Date"] = format_datetime(datetime.fromtimestamp(now // SECOND, UTC))
    mail["Message-ID"] = f"<{message_id(post)}@tradewind>"
    mail.set_content(post.text + "\n")
    if post.picture:
        mail.add_attachment(post.picture, maintype="image", subtype="png", filename="chart.png")
    return mail


def _refusal(code: int, words: str) -> Refused | Undeliverable:
    return Refused(f"{code} {words}") if code in _TEMPORARY else Undeliverable(f"{code} {words}")


def _words(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        raw = error.smtp_error
        return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    return str(error) or type(error).__name__
