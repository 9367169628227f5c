"""The other ways out: a signed webhook, mail, SNS; each against a receiver that keeps its own truth."""

from __future__ import annotations

import base64
import email
import hashlib
import hmac
import json
from collections.abc import Iterator
from email.message import Message
from typing import Any

import boto3
import pytest
from aiosmtpd.controller import Controller
from moto import mock_aws

from tests.fakes.clock import VirtualClock
from tests.fakes.transport import InProcessTransport
from tests.ports import free_port
from tradewind.adapters.notify.mail import MailSender, MailServer
from tradewind.adapters.notify.signed_webhook import WebhookSender, verified
from tradewind.adapters.notify.sns import SnsSender
from tradewind.ports.sender import Doubtful, Post, Refused, Undeliverable
from tradewind.ports.transport import NotSent, Response

KEY = "k" * 32
POST = Post(
    "alert", "feed_stale 1", "WARNING: The feed is silent\r\nBcc: all", "silent since 10:00", "<b>x</b>", b'{"a":1}'
)


class Receiver:
    """An address that answers with ``status`` and remembers what came."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.headers = headers or {}
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.traffic = InProcessTransport(lambda *_: Response(200, {}, b"")).traffic

    async def request(self, method: str, url: str, **given: Any) -> Response:
        self.got.append((dict(given["headers"]), given["body"]))
        if self.status == 0:
            raise NotSent("refused", where=url)
        return Response(self.status, self.headers, b"")


async def test_a_webhook_is_signed_over_its_time_and_body_as_the_page_says():
    """Checked by hand from the description, with nothing of ours: HMAC-SHA256 over TIMESTAMP.BODY."""
    clock, receiver = VirtualClock(), Receiver(204)
    sender = WebhookSender("https://example.org/hook", KEY, receiver, clock)  # type: ignore[arg-type]
    name = await sender.send(POST)
    ((headers, body),) = receiver.got
    stamp = headers["x-tradewind-timestamp"]
    expected = hmac.new(KEY.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["x-tradewind-signature"] == f"v1={expected}"
    assert int(stamp) == clock.now() // 10**9
    assert headers["x-tradewind-id"] == name == await sender.send(POST)


@pytest.mark.parametrize("change", ["body", "time", "key", "old"])
async def test_a_receiver_refuses_what_was_changed_and_what_is_older_than_five_minutes(change: str) -> None:
    """Every byte counts, and an old request cannot be played again."""
    clock, receiver = VirtualClock(), Receiver(200)
    await WebhookSender("https://example.org/hook", KEY, receiver, clock).send(POST)  # type: ignore[arg-type]
    ((headers, body),) = receiver.got
    now = clock.now()
    assert verified(KEY.encode(), headers, body, now)
    changed = {
        "body": (KEY, headers, body + b" ", now),
        "time": (KEY, headers | {"x-tradewind-timestamp": str(now // 10**9 + 1)}, body, now),
        "key": ("x" * 32, headers, body, now),
        "old": (KEY, headers, body, now + 301 * 10**9),
    }[change]
    key, given, content, at = changed
    assert not verified(key.encode(), given, content, at)


@pytest.mark.parametrize(
    ("status", "error", "wait"),
    [(0, Refused, None), (429, Refused, 7.0), (503, Refused, 7.0), (500, Doubtful, None), (410, Undeliverable, None)],
)
async def test_what_a_receiver_says_is_told_apart(status: int, error: type[Exception], wait: float | None) -> None:
    """Busy is a refusal with its time, an internal error a doubt, gone is gone."""
    sender = WebhookSender("https://example.org", KEY, Receiver(status, {"retry-after": "7"}), VirtualClock())  # type: ignore[arg-type]
    with pytest.raises(error) as fault:
        await sender.send(POST)
    if isinstance(fault.value, Refused):
        assert fault.value.retry_after_s == wait


class Mailbox:
    """A server that keeps what it accepted; ``code`` answers the data, 250 accepts."""

    def __init__(self) -> None:
        self.code = "250 OK"
        self.mails: list[Message] = []

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        if self.code.startswith("250"):
            self.mails.append(email.message_from_bytes(envelope.content))
        return self.code


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, MailServer]]:
    box = Mailbox()
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, MailServer("127.0.0.1", port, "none", "", "", "bot@example.org", ("a@example.org", "b@example.org"))
    finally:
        controller.stop()


async def test_a_mail_arrives_whole_and_a_line_break_in_its_subject_adds_no_header(
    mailbox: tuple[Mailbox, MailServer],
) -> None:
    """Text, recipients, a stable id; what a subject brings along stays in the subject."""
    box, server = mailbox
    sender = MailSender(server, VirtualClock())
    assert await sender.send(POST) == await sender.send(POST)
    mail = box.mails[0]
    assert mail["Subject"] == "Tradewind: WARNING: The feed is silent Bcc: all"
    assert mail["Bcc"] is None
    assert mail["To"] == "a@example.org, b@example.org"
    assert mail.get_payload(decode=True).decode().strip() == "silent since 10:00"  # type: ignore[union-attr]
    assert box.mails[0]["Message-ID"] == box.mails[1]["Message-ID"]


@pytest.mark.parametrize(("code", "error"), [("451 later", Refused), ("554 never", Undeliverable)])
async def test_a_mail_server_that_refuses_is_believed(
    mailbox: tuple[Mailbox, MailServer], code: str, error: type[Exception]
) -> None:
    """4xx is for now, 5xx is for good."""
    box, server = mailbox
    box.code = code
    with pytest.raises(error):
        await MailSender(server, VirtualClock()).send(POST)


async def test_a_mail_server_that_is_not_there_is_a_refusal():
    """No connection, no doubt."""
    server = MailServer("127.0.0.1", 1, "none", "", "", "a@example.org", ("b@example.org",))
    with pytest.raises(Refused):
        await MailSender(server, VirtualClock()).send(POST)


async def test_an_alert_is_published_to_the_topic_and_one_that_is_gone_is_undeliverable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The emulator's queue behind the topic holds the text; a topic that does not exist will never take it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")  # pragma: allowlist secret
    with mock_aws():
        sns, sqs = boto3.client("sns", "eu-west-1"), boto3.client("sqs", "eu-west-1")
        topic = sns.create_topic(Name="alerts")["TopicArn"]
        queue = sqs.create_queue(QueueName="seen")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        assert await SnsSender(topic, "eu-west-1").send(POST)
        (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
        assert json.loads(message["Body"])["Message"] == "silent since 10:00"
        with pytest.raises(Undeliverable):
            await SnsSender(topic + "-gone", "eu-west-1").send(POST)


def test_the_picture_of_a_mail_is_attached():
    """A PNG is carried as it is."""
    from tradewind.adapters.notify.mail import mail_of

    post = Post("signal", "s1", "SIGNAL", "text", "text", b"{}", b"\x89PNG....")
    mail = email.message_from_bytes(bytes(mail_of(post, "a@example.org", ("b@example.org",), 0)))
    picture = mail.get_payload()[1]  # type: ignore[index]
    assert base64.b64decode(picture.get_payload()) == b"\x89PNG...."  # type: ignore[union-attr, arg-type]
