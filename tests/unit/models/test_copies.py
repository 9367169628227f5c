"""Copies of the models folder: what comes back answers as it was trained, what was changed does not come back."""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.shelved_models import shelved
from tradewind.adapters.models.bucket import PREFIX, bucket_of
from tradewind.app.config import load_config
from tradewind.app.models.copies import WeeklyCopies, copy_models, put_back
from tradewind.app.models.promotion import Promotions
from tradewind.app.models.run_models import run_shelf
from tradewind.app.workspace import Workspace
from tradewind.errors import Corrupt, Unavailable
from tradewind.model.timeframe import DAY, Timeframe

NOW = 19_000 * DAY
PAIR, HOUR = "BTC/USDT", Timeframe.H1


@pytest.fixture
def promotions(tmp_path: Path) -> Promotions:
    found = Promotions(Workspace(load_config(environment={}, folder=tmp_path), tmp_path))
    for name, bias in (("old", 0.3), ("new", -0.2)):
        shelved(found._workspace, name, weights={"rsi": 0.7}, bias=bias)
    found.promote(PAIR, HOUR, "old", "first", 1)
    return found


def answers(promotions: Promotions, version: str) -> np.ndarray:
    served = promotions.version(version).served
    rows = np.random.default_rng(2).normal(size=(50, 1, served.predictor.width))
    return np.array([served.p_up(one) for one in rows])


@pytest.mark.req("I18")
def test_an_older_version_that_is_restored_predicts_what_it_predicted(promotions: Promotions, tmp_path: Path):
    """Bit for bit the stored golden answers; seats and decisions come back where none are, and only there."""
    golden = {name: answers(promotions, name) for name in ("old", "new")}
    copy = copy_models(promotions, tmp_path / "backups", NOW)
    assert copy.file.name == "models_backup_20220108.tar"
    assert copy_models(promotions, tmp_path / "backups", NOW).file.name == "models_backup_20220108-000000.tar"
    data = copy.file.read_bytes()
    shutil.rmtree(promotions.shelf.folder)
    found = put_back(promotions, data, copy.file.name, copy.sha256)
    assert (found.versions, found.seats, found.refused) == (("new", "old"), ("BTC-USDT-1h",), ())
    for name, wanted in golden.items():
        np.testing.assert_array_equal(answers(promotions, name), wanted)
    assert promotions.seat(PAIR, HOUR).champion.version == "old"
    assert len(promotions.decisions()) == 1
    promotions.challenge(PAIR, HOUR, "new", "later", 9)
    again = put_back(promotions, data, copy.file.name, copy.sha256)
    assert (again.versions, again.there, again.seats) == ((), ("new", "old"), ())
    assert promotions.seat(PAIR, HOUR).challenger.version == "new"


@pytest.mark.req("I18")
def test_what_a_run_made_itself_is_copied_without_the_projects_and_comes_back_to_the_run(
    promotions: Promotions, tmp_path: Path
):
    """Its own versions, seats and record in a copy of its own name; the project's shelf is as it was."""
    workspace = promotions._workspace
    run = Promotions(workspace, run_shelf(workspace, tmp_path / "tradewind.db"))
    with pytest.raises(Unavailable, match="no models to copy"):
        copy_models(run, tmp_path / "backups", NOW)
    shelved(workspace, "own", timeframe=Timeframe.H4, weights={"rsi": 0.1}, shelf=run.shelf)
    run.promote(PAIR, Timeframe.H4, "own", "in its past", 5)
    copy = copy_models(run, tmp_path / "backups", NOW)
    assert (copy.file.name, copy.versions) == ("tradewind.db-models_backup_20220108.tar", ("own",))
    assert WeeklyCopies(workspace.config, tmp_path).due(NOW), "it is no copy of the project's models"
    data = copy.file.read_bytes()
    shutil.rmtree(run.shelf.folder)
    assert run.seat(PAIR, Timeframe.H4).champion is None
    found = put_back(run, data, copy.file.name, copy.sha256)
    assert (found.versions, found.there, found.seats, found.refused) == (("own",), (), ("BTC-USDT-4h",), ())
    assert run.seat(PAIR, Timeframe.H4).champion.version == "own"
    assert run.seat(PAIR, HOUR).champion.version == "old", "the project's, as before"
    assert promotions.seat(PAIR, Timeframe.H4).champion is None
    assert promotions.shelf.versions() == ("new", "old")


@pytest.mark.req("I18")
def test_one_version_alone_comes_back(promotions: Promotions, tmp_path: Path):
    """A version that was lost is put back without touching the seat; one the copy does not hold is said."""
    copy = copy_models(promotions, tmp_path / "backups", NOW)
    promotions.shelf.remove("new")
    data = copy.file.read_bytes()
    assert put_back(promotions, data, "x", copy.sha256, "new").versions == ("new",)
    with pytest.raises(Unavailable, match="no version other"):
        put_back(promotions, data, "x", copy.sha256, "other")


@pytest.mark.req("I18")
def test_a_version_that_was_damaged_is_replaced_and_kept_aside(promotions: Promotions, tmp_path: Path):
    """One that verifies stays whatever the copy holds; one that does not makes way, and is back if the copy fails."""
    copy = copy_models(promotions, tmp_path / "backups", NOW)
    data, shelf = copy.file.read_bytes(), promotions.shelf
    artifact = shelf.folder / "versions" / "new" / "model.json"
    whole = artifact.read_bytes()
    artifact.write_bytes(b"damaged")
    found = put_back(promotions, data, "x", copy.sha256)
    assert (found.versions, found.there, found.refused) == (("new",), ("old",), ())
    assert artifact.read_bytes() == whole
    assert [(Path(one) / "model.json").read_bytes() for one in found.aside] == [b"damaged"]
    artifact.write_bytes(b"damaged again")
    files = {"versions/new/model.json": b"no model", "versions/new/manifest.json": b"{}"}
    worse = put_back(promotions, tar_of(files), "x", "")
    assert (worse.versions, worse.aside) == ((), ())
    assert artifact.read_bytes() == b"damaged again"
    shelf.remove("new")
    shelved(promotions._workspace, "new", weights={"rsi": 0.7}, bias=0.9)
    other = put_back(promotions, data, "x", copy.sha256)
    assert "another model of this name is here" in other.refused[0]
    assert shelf.versions() == ("new", "old")


@pytest.mark.req("I18")
def test_seats_and_record_come_back_as_the_copy_has_them_where_somebody_says_so(
    promotions: Promotions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """What is here is set aside; a copy whose own seats do not verify changes nothing."""
    copy = copy_models(promotions, tmp_path / "backups", NOW)
    data, shelf = copy.file.read_bytes(), promotions.shelf
    promotions.challenge(PAIR, HOUR, "new", "later", 9)
    record = shelf.folder / "decisions.jsonl"
    later = record.read_bytes()
    record.write_bytes(b"".join(later.splitlines(keepends=True)[:1]))
    with pytest.raises(Corrupt, match="tradewind models restore FILE --seats"):
        promotions.seat(PAIR, HOUR)
    assert put_back(promotions, data, "x", copy.sha256).seats == ()
    files = {name: body for name, body in files_of(data).items() if name != "promoted/BTC-USDT-1h.json"}
    with pytest.raises(Unavailable, match="it holds no seats"):
        put_back(promotions, tar_of(files), "x", "", seats=True)
    bare = {name: body for name, body in files_of(data).items() if name != "decisions.jsonl"}
    with pytest.raises(Corrupt, match="its record has no decision about BTC-USDT-1h"):
        put_back(promotions, tar_of(bare), "x", "", seats=True)
    before = record.read_bytes(), shelf.choice("BTC-USDT-1h")
    with monkeypatch.context() as patched:
        patched.setattr(shelf, "choose", full)
        with pytest.raises(Unavailable, match="no room"):
            put_back(promotions, data, "x", copy.sha256, seats=True)
    assert (record.read_bytes(), shelf.choice("BTC-USDT-1h")) == before
    found = put_back(promotions, data, "x", copy.sha256, seats=True)
    assert (found.seats, len(found.aside)) == (("BTC-USDT-1h",), 2)
    seat = promotions.seat(PAIR, HOUR)
    assert (seat.champion.version, seat.challenger, len(promotions.decisions())) == ("old", None, 1)
    assert all(Path(one).exists() for one in found.aside)
    assert put_back(promotions, data, "x", copy.sha256, seats=True).aside != found.aside


def full(seat: str, choice: bytes) -> None:
    raise Unavailable("no room")


def files_of(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def tar_of(files: dict[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.type, member.linkname = len(data) if kind == tarfile.REGTYPE else 0, kind, "/etc/passwd"
            tar.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def test_a_copy_that_was_changed_brings_nothing_back(promotions: Promotions, tmp_path: Path):
    """Another hash, a version whose artifact was exchanged, an archive that reaches out of the folder, no archive."""
    copy = copy_models(promotions, tmp_path / "backups", NOW)
    data = copy.file.read_bytes()
    with pytest.raises(Corrupt, match="not the copy that was made"):
        put_back(promotions, data + b"\0", "x", copy.sha256)
    shutil.rmtree(promotions.shelf.folder)
    swapped = data.replace(b'"bias":0.3', b'"bias":0.9')
    found = put_back(promotions, swapped, "x", hashlib.sha256(swapped).hexdigest())
    assert found.versions == ("new",)
    assert "old: " in found.refused[0]
    assert "sha256" in found.refused[0]
    assert promotions.shelf.versions() == ("new",)
    outside = {"../x": b"", "versions/../../x": b"", "/etc/x": b"", "elsewhere/x": b"", "versions//x": b""}
    for name, content in outside.items():
        with pytest.raises(Corrupt, match="it holds"):
            put_back(promotions, tar_of({name: content}), "x", "")
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE):
        with pytest.raises(Corrupt, match="it holds"):
            put_back(promotions, tar_of({"versions/old/model.json": b""}, kind), "x", "")
    with pytest.raises(Corrupt, match="no copy of models"):
        put_back(promotions, b"nonsense" * 200, "x", "")
    assert put_back(promotions, tar_of({"versions/half/model.json": b"{}"}), "x", "").refused


@pytest.mark.req("I18")
def test_a_service_copies_once_a_week_and_keeps_what_was_asked_for(promotions: Promotions, tmp_path: Path):
    """Due without a copy and seven days after the newest; with two kept the third goes; no models, nothing due."""
    settings = load_config(environment={"TRADEWIND__BACKUP__WEEKLY": "2"}, folder=tmp_path)
    copies = WeeklyCopies(settings, tmp_path)
    assert copies.due(NOW)
    taken = [copies.take(NOW).file]
    assert not copies.due(NOW + 7 * DAY - 1)
    for week in (1, 2):
        assert copies.due(NOW + 7 * week * DAY)
        taken.append(copies.take(NOW + 7 * week * DAY).file)
    assert [path.is_file() for path in taken] == [False, True, True]
    assert sorted(path.name for path in taken[2].parent.glob("*.sha256")) == [
        f"{path.name}.sha256" for path in taken[1:]
    ]
    assert not WeeklyCopies(settings, tmp_path / "empty").due(NOW)


def test_no_models_are_no_copy(tmp_path: Path):
    """An empty shelf is told apart from a copy of nothing."""
    empty = Promotions(Workspace(load_config(environment={}, folder=tmp_path), tmp_path))
    with pytest.raises(Unavailable, match="no models to copy"):
        copy_models(empty, tmp_path / "backups", NOW)


@pytest.mark.req("I18")
def test_a_copy_lies_in_the_bucket_too(promotions: Promotions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Against an emulator: the object is under models/promoted/ and brings the version back; a refusal is told."""
    boto3 = pytest.importorskip("boto3")
    moto_server = pytest.importorskip("moto.server")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        boto3.client("s3", region_name="us-east-1", endpoint_url=url).create_bucket(Bucket="copies-of-models")
        bucket = bucket_of("copies-of-models", "us-east-1", url)
        copy = copy_models(promotions, tmp_path / "backups", NOW, bucket)
        assert copy.places[1] == f"s3://copies-of-models/{PREFIX}{copy.file.name}"
        promotions.shelf.remove("new")
        back = put_back(promotions, bucket.get(copy.file.name), "x", copy.sha256)
        assert back.versions == ("new",)
        absent = bucket_of("nobody-has-it", "us-east-1", url)
        refused = copy_models(promotions, tmp_path / "elsewhere", NOW, absent)
        assert refused.file.is_file()
        assert "the bucket refuses" in refused.faults[0]
        with pytest.raises(Unavailable, match="refuses"):
            absent.get("x")
    finally:
        server.stop()
