"""Messages through Amazon SNS; credentials come from the account's own chain, never from this configuration."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from tradewind.errors import Unavailable
from tradewind.ports.sender import Doubtful, Post, Refused, Undeliverable

_SUBJECT: Final = 100
_LONGEST: Final = 200_000
_BUSY: Final = frozenset({"Throttling", "ThrottlingException", "Throttled", "ServiceUnavailable", "InternalError"})


class SnsSender:
    """Implements ``ports.sender.Sender``; ``endpoint`` names an emulator, empty for the region's own.

    Raises:
        Unavailable: the extra `aws` is not installed.
    """

    def __init__(self, topic_arn: str, region: str, endpoint: str = "") -> None:
        self._topic = topic_arn
        self._client = _client(region, endpoint)

    async def send(self, post: Post) -> str:
        """One publication; its message id."""
        subject = " ".join(post.subject.split()).encode("ascii", "replace").decode()[:_SUBJECT]
        return await asyncio.to_thread(self._publish, subject or "Tradewind", post.text[:_LONGEST])

    def _publish(self, subject: str, text: str) -> str:
        from botocore import exceptions

        try:
            answer: dict[str, Any] = self._client.publish(TopicArn=self._topic, Subject=subject, Message=text)
        except exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            raise (Refused(code) if code in _BUSY else Undeliverable(str(error))) from None
        except (exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError) as error:
            raise Refused(str(error)) from None
        except exceptions.NoCredentialsError as error:
            raise Undeliverable(str(error)) from None
        except exceptions.BotoCoreError as error:
            raise Doubtful(str(error)) from None
        return str(answer["MessageId"])


def _client(region: str, endpoint: str) -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise Unavailable(
            "boto3 is not installed", where="sns.topic_arn", next_step="install the extra: pip install tradewind[aws]"
        ) from error
    # One attempt each: the outbox repeats, and a hidden second attempt would be a repeat without a mark.
    once = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=10)
    return boto3.client("sns", region_name=region, endpoint_url=endpoint or None, config=once)
