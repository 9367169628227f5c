"""Backups in a bucket, against moto's server: objects by day, retention, the way back, a bucket that refuses."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

boto3 = pytest.importorskip("boto3")
moto_server = pytest.importorskip("moto.server")

from tests.fakes.session_script import START, session  # noqa: E402  after what may be missing
from tradewind.adapters.store.backup_shelf import bucket_shelf, last_good  # noqa: E402
from tradewind.adapters.store.codec import encode_outputs  # noqa: E402
from tradewind.adapters.store.store import Store  # noqa: E402
from tradewind.app import backups as module  # noqa: E402
from tradewind.app.backups import Backups, taken_line  # noqa: E402
from tradewind.app.config import load_config  # noqa: E402
from tradewind.model.timeframe import DAY  # noqa: E402

NUMBERS = count(1)  # moto keeps what is in a bucket for as long as the process lives


@pytest.fixture
def bucket() -> str:
    return f"trading-bot-backups-{next(NUMBERS)}"


@pytest.fixture
def endpoint(bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(name, value)
    url = f"http://{host}:{port}"
    boto3.client("s3", region_name="us-east-1", endpoint_url=url).create_bucket(Bucket=bucket)
    yield url
    server.stop()


@pytest.fixture
def backups(tmp_path: Path, endpoint: str, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Backups:
    with Store.open(tmp_path / "data" / "tradewind.db", START) as store:
        for event, outputs in session(30):
            store.journal.append(event, encode_outputs(outputs))
        store.journal.commit()
    monkeypatch.setattr(module, "bucket_shelf", lambda name, region: bucket_shelf(name, region, endpoint=endpoint))
    settings = load_config(environment={"BACKUP_BUCKET": bucket, "TRADEWIND__BACKUP__DAILY": "2",
                                        "TRADEWIND__BACKUP__WEEKLY": "0"}, folder=tmp_path)  # fmt: skip
    return Backups(settings, tmp_path)


@pytest.mark.req("R09")
def test_three_days_give_three_objects_and_retention_prunes(backups: Backups, endpoint: str, bucket: str) -> None:
    """R09: one object and its manifest a day; with two days kept the first one goes, here and there."""
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=endpoint)
    names = []
    for day in range(3):
        taken = backups.take("daily", START + day * DAY)
        names.append(taken.manifest.name)
        assert not taken.faults, taken_line(taken)
    assert names == ["tradewind.db.backup-20231114", "tradewind.db.backup-20231115", "tradewind.db.backup-20231116"]
    keys = [one["Key"] for one in client.list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == [name + end for name in names[1:] for end in ("", ".json")]
    assert [one.name for one in backups.here()] == names[:0:-1]
    assert len(taken.removed) == 2


@pytest.mark.req("R09", "R12")
def test_a_lost_host_is_restored_from_the_bucket(backups: Backups, tmp_path: Path) -> None:
    """The folder is gone: the newest of the bucket is fetched and verified."""
    taken = backups.take("manual", START)
    shutil.rmtree(backups.folder)
    path, manifest = last_good(backups.shelves(), tmp_path / "fetched", print)
    assert (path.parent, manifest) == (tmp_path / "fetched", taken.manifest)


def test_a_bucket_that_refuses_costs_no_backup(backups: Backups, endpoint: str, bucket: str) -> None:
    """The local one is there; what went wrong is told beside it."""
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=endpoint)
    client.delete_bucket(Bucket=bucket)
    taken = backups.take("daily", START)
    assert len(taken.places) == 1
    assert "the bucket refuses" in taken.faults[0]
    assert "WARNING" in taken_line(taken)
    assert [one.name for one in backups.here()] == [taken.manifest.name]


def test_the_daily_one_is_due_once_a_day(backups: Backups) -> None:
    """At its hour; a service that was down then owes it still."""
    hour = 3_600 * 10**9
    at_ten = START // DAY * DAY + 22 * hour
    assert backups.due(at_ten)
    backups.take("daily", at_ten + hour)
    assert not backups.due(at_ten + 20 * hour)
    assert backups.due(at_ten + 24 * hour)
    assert backups.due(at_ten + 40 * hour)
