"""Where backups are kept: a folder on this host, a bucket elsewhere; and which of them are kept for how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from tradewind.adapters.store.backup import MANIFEST, Manifest, manifest_beside, verified
from tradewind.errors import TradewindError, Unavailable

_NANO: Final = 1_000_000_000


class Keep(msgspec.Struct, frozen=True):
    """How many backups stay: the newest of each of the last ``daily`` days and ``weekly`` weeks that have one, and the
    newest ``others`` of every other kind."""

    daily: int = 7
    weekly: int = 4
    others: int = 5


class Shelf(Protocol):
    """One place with backups."""

    @property
    def where(self) -> str:
        """The place, in words."""
        ...

    def manifests(self) -> list[Manifest]:
        """What is there, newest first."""
        ...

    def put(self, folder: Path, manifest: Manifest) -> None:
        """Keeps the backup that lies in ``folder``."""
        ...

    def fetch(self, manifest: Manifest, folder: Path) -> Path:
        """A copy of a backup with its manifest in ``folder``."""
        ...

    def drop(self, manifest: Manifest) -> None:
        """Removes a backup."""
        ...


class FolderShelf:
    """A folder; backups are taken right into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def where(self) -> str:
        """As ``Shelf.where``."""
        return str(self.folder)

    def manifests(self) -> list[Manifest]:
        """As ``Shelf.manifests``."""
        found = (manifest_beside(path.with_suffix("")) for path in self.folder.glob(f"*{MANIFEST}"))
        return _newest_first(one for one in found if one is not None and (self.folder / one.name).is_file())

    def put(self, folder: Path, manifest: Manifest) -> None:
        """As ``Shelf.put``: it is here already."""

    def fetch(self, manifest: Manifest, folder: Path) -> Path:
        """As ``Shelf.fetch``: the file itself."""
        return self.folder / manifest.name

    def drop(self, manifest: Manifest) -> None:
        """As ``Shelf.drop``."""
        for name in (manifest.name + MANIFEST, manifest.name):
            (self.folder / name).unlink(missing_ok=True)


class BucketShelf:
    """A bucket of S3 or of what speaks like it; ``client`` is boto3's."""

    def __init__(self, bucket: str, client: Any, prefix: str = "") -> None:
        self._bucket = bucket
        self._client = client
        self._prefix = prefix

    @property
    def where(self) -> str:
        """As ``Shelf.where``."""
        return f"s3://{self._bucket}/{self._prefix}"

    def manifests(self) -> list[Manifest]:
        """As ``Shelf.manifests``."""
        found: list[Manifest] = []
        with self._asked():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
            for item in [one for page in pages for one in page.get("Contents", ())]:
                if item["Key"].endswith(MANIFEST):
                    body = self._client.get_object(Bucket=self._bucket, Key=item["Key"])["Body"].read()
                    with suppress(msgspec.DecodeError):  # a stranger's file
                        found.append(msgspec.json.decode(body, type=Manifest))
        return _newest_first(found)

    def put(self, folder: Path, manifest: Manifest) -> None:
        """As ``Shelf.put``: the file first, its manifest when it is there whole."""
        with self._asked():
            for name in _files(manifest):
                self._client.upload_file(str(folder / name), self._bucket, self._prefix + name)

    def fetch(self, manifest: Manifest, folder: Path) -> Path:
        """As ``Shelf.fetch``."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._asked():
            for name in _files(manifest):
                self._client.download_file(self._bucket, self._prefix + name, str(folder / name))
        return folder / manifest.name

    def drop(self, manifest: Manifest) -> None:
        """As ``Shelf.drop``."""
        with self._asked():
            for name in reversed(_files(manifest)):
                self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        from boto3.exceptions import Boto3Error  # an extra of its own, there where a client was made
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (Boto3Error, BotoCoreError, ClientError) as fault:
            raise Unavailable(
                f"the bucket refuses ({str(fault).splitlines()[0][:200]})",
                where=self.where,
                next_step="check AWS_REGION, the credentials and the bucket; local backups go on",
            ) from fault


def _files(manifest: Manifest) -> tuple[str, str]:
    return manifest.name, manifest.name + MANIFEST


def bucket_shelf(bucket: str, region: str, *, endpoint: str | None = None, prefix: str = "") -> BucketShelf:
    """The shelf in a bucket; credentials are found as every AWS tool finds them.

    Raises:
        Unavailable: boto3 is not installed.
    """
    try:
        import boto3  # an extra of its own, 0.3 s; only where backups leave the host
    except ImportError as fault:
        raise Unavailable(
            f"{fault.name} is not installed",
            where="backups to a bucket",
            next_step="pip install --require-hashes -r requirements/aws.txt, in the checkout of Tradewind",
        ) from fault
    return BucketShelf(bucket, boto3.client("s3", region_name=region, endpoint_url=endpoint), prefix)


def expired(found: Sequence[Manifest], keep: Keep) -> tuple[Manifest, ...]:
    """Those of ``found`` that are to go, the oldest last; the newest backup of all never goes."""
    kept: set[str] = {one.name for one in _newest_first(found)[:1]}
    days: dict[object, str] = {}
    weeks: dict[object, str] = {}
    others: dict[str, list[str]] = {}
    for one in _newest_first(found):
        day = datetime.fromtimestamp(one.ts // _NANO, UTC).date()
        if one.kind == "daily":
            days.setdefault(day, one.name)
            weeks.setdefault(day.isocalendar()[:2], one.name)
        else:
            others.setdefault(one.kind, []).append(one.name)
    kept.update(list(days.values())[: keep.daily], list(weeks.values())[: keep.weekly])
    kept.update(name for names in others.values() for name in names[: keep.others])
    return tuple(one for one in _newest_first(found) if one.name not in kept)


def last_good(shelves: Sequence[Shelf], folder: Path, passed_over: Callable[[str], None]) -> tuple[Path, Manifest]:
    """The newest backup on any of ``shelves`` that is whole, fetched to ``folder`` where it lies elsewhere.

    Raises:
        Unavailable: there is none; ``passed_over`` has heard why each one was not taken.
    """
    known: list[tuple[Shelf, Manifest]] = []
    for shelf in shelves:
        try:
            known += [(shelf, one) for one in shelf.manifests()]
        except TradewindError as fault:
            passed_over(str(fault))
    for shelf, one in sorted(known, key=lambda pair: -pair[1].ts):
        try:
            path = shelf.fetch(one, folder)
            return path, verified(path, unknown=False)
        except TradewindError as fault:
            passed_over(f"{one.name} was passed over: {fault.found}")
    raise Unavailable(
        "there is no backup that is whole",
        where=", ".join(shelf.where for shelf in shelves),
        next_step="name a file: tradewind db restore FILE",
    )


def growth(found: Sequence[Manifest], size: int, now: int) -> float | None:
    """Bytes a day between the oldest backup of the last month and ``size`` now; None before there is a day."""
    day = 86_400 * _NANO
    past = [one for one in found if day <= now - one.ts <= 31 * day]
    if not past:
        return None
    first = min(past, key=lambda one: one.ts)
    return (size - first.bytes) * day / (now - first.ts)


def _newest_first(found: Iterator[Manifest] | Sequence[Manifest]) -> list[Manifest]:
    return sorted(found, key=lambda one: (-one.ts, one.name))
