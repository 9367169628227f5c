"""Files of models in a bucket of S3 or of what speaks like it, under ``models/promoted/``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from tradewind.errors import Unavailable

PREFIX: Final = "models/promoted/"


class Bucket:
    """Puts and gets whole files; ``client`` is boto3's."""

    def __init__(self, name: str, client: Any) -> None:
        self._name = name
        self._client = client

    def put(self, name: str, data: bytes) -> str:
        """Writes a file; where it lies now.

        Raises:
            Unavailable: the bucket refuses.
        """
        with self._asked():
            self._client.put_object(Bucket=self._name, Key=PREFIX + name, Body=data)
        return f"s3://{self._name}/{PREFIX}{name}"

    def get(self, name: str) -> bytes:
        """Reads a file.

        Raises:
            Unavailable: the bucket refuses, or has none of that name.
        """
        with self._asked():
            body: bytes = self._client.get_object(Bucket=self._name, Key=PREFIX + name)["Body"].read()
        return body

    @contextmanager
    def _asked(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError  # an extra of its own, there where a client was made

        try:
            yield
        except (BotoCoreError, ClientError) as fault:
            raise Unavailable(
                f"the bucket refuses ({str(fault).splitlines()[0][:200]})",
                where=f"s3://{self._name}/{PREFIX}",
                next_step="check AWS_REGION, the credentials and the bucket; local copies go on",
            ) from fault


def bucket_of(name: str, region: str, endpoint: str | None = None) -> Bucket:
    """The bucket ``name``; credentials are found as every AWS tool finds them.

    Raises:
        Unavailable: boto3 is not installed.
    """
    try:
        import boto3  # an extra of its own, 0.3 s; only where copies leave the host
    except ImportError as fault:
        raise Unavailable(
            f"{fault.name} is not installed",
            where="copies of models in a bucket",
            next_step="pip install --require-hashes -r requirements/aws.txt, in the checkout of Tradewind",
        ) from fault
    return Bucket(name, boto3.client("s3", region_name=region, endpoint_url=endpoint))
