"""``tradewind db backup|restore|migrate`` as an operator types them, good words and bad ones."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli_runner import run_cli
from tests.fakes.session_script import START, bar_closed, session
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.store import Store


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a store."""
    monkeypatch.chdir(tmp_path)
    for name in ("DB_URL", "BACKUP_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    with Store.open(tmp_path / "data" / "tradewind.db", START) as store:
        for event, outputs in session(40):
            store.journal.append(event, encode_outputs(outputs))
        store.journal.commit()
    return tmp_path


@pytest.mark.req("R10", "R11", "R12")
def test_back_up_lose_the_host_and_restore_the_last_good_one(project: Path) -> None:
    """Counts are those of the backup, the RTO is told, the store is whole and says what was restored."""
    taken = run_cli("db", "backup", "--json")
    assert taken.exit_code == 0
    wanted = {name: one["rows"] for name, one in taken.document["backup"]["tables"].items()}
    assert wanted["signals"] == 5
    for path in (project / "data").iterdir():
        path.unlink()
    done = run_cli("db", "restore", "--last-good", "--json")
    assert done.exit_code == 0
    assert done.document["rows"] == wanted
    assert 0 < done.document["rto_seconds"] < 60
    assert run_cli("db", "check").exit_code == 0
    assert run_cli("db", "sql", "SELECT count(*) FROM signals", "--json").document["rows"] == [[5]]
    again = run_cli("db", "restore", f"backups/{taken.document['backup']['name']}")
    assert again.exit_code == 0
    assert "(RTO)" in again.stdout
    assert "nothing that was acknowledged is lost" in " ".join(again.stdout.split())


def test_what_is_lost_is_counted(project: Path) -> None:
    """Entries acknowledged after the backup: their number, and that the venue must be compared."""
    assert run_cli("db", "backup", "--kind", "daily").exit_code == 0
    with Store.open(project / "data" / "tradewind.db", START) as store:
        for number in range(3):
            store.journal.append(bar_closed(50_000 + number), b"[]")
        store.journal.commit()
    done = run_cli("db", "restore", "--last-good", "--json")
    assert (done.document["lost"], done.exit_code) == (3, 0)
    assert Path(done.document["kept"]).is_file()


def test_backups_are_listed(project: Path) -> None:
    """For people as a table, for programs as manifests."""
    assert run_cli("db", "backup", "--list", "--json").document["backups"] == []
    run_cli("db", "backup", "--kind", "pre-prod")
    listed = run_cli("db", "backup", "--list")
    assert "pre-prod-" in listed.stdout
    (one,) = run_cli("db", "backup", "--list", "--json").document["backups"]
    assert (one["kind"], one["in"]) == ("pre-prod", "backups")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("backup", "--kind", "weekly"), 2, "there is no kind 'weekly'"),
        (("restore",), 2, "name a backup, or say --last-good"),
        (("restore", "x", "--last-good"), 2, "name a backup, or say --last-good"),
        (("restore", "nothing.db"), 3, "there is no such backup"),
        (("restore", "--last-good"), 3, "there is no backup that is whole"),
        (("restore", "tradewind.toml"), 1, "the file is no database"),
        (("migrate",), 2, "say where to"),
        (("migrate", "--to", "sqlite:///other.db"), 4, "no backup of the last hour (there is none"),
        (("migrate", "--to", "mysql://x/y"), 2, "mysql databases are not supported"),
        (("migrate", "--to", "sqlite:///data/tradewind.db"), 2, "source and target are the same"),
        (("migrate", "--from", "sqlite:///none.db", "--to", "sqlite:///other.db"), 3, "there is no database"),
    ],
)
def test_bad_words_are_told_and_change_nothing(project: Path, words: tuple[str, ...], code: int, said: str) -> None:
    """Exit 2 for what was typed wrong, 3 for what is not there, 4 for a refusal, 1 for damage; the store stays."""
    if "tradewind.toml" in words:
        (project / "tradewind.toml").write_text("# not a database, and long enough to be looked at as one\n" * 20)
    before = (project / "data" / "tradewind.db").read_bytes()
    ran = run_cli("db", *words)
    assert (ran.exit_code, ran.stdout) == (code, ""), ran.stderr
    assert said in ran.stderr
    assert (project / "data" / "tradewind.db").read_bytes() == before


def test_a_store_moves_to_another_file_after_a_backup(project: Path) -> None:
    """R13 and R07 without a server: refused without a fresh backup, copied with one, repeated without harm."""
    words = ("db", "migrate", "--to", "sqlite:///moved/tradewind.db", "--json")
    assert run_cli(*words).exit_code == 4
    assert run_cli("db", "backup", "--kind", "pre-migration").exit_code == 0
    first = run_cli(*words)
    assert (first.exit_code, first.document["changed"]) == (0, True), first.stderr
    again = run_cli(*words)
    assert (again.exit_code, again.document["changed"]) == (0, False)
    assert again.document["tables"] == first.document["tables"]
    other = run_cli("db", "migrate", "--from", "sqlite:///moved/tradewind.db", "--to", "sqlite:///x.db")
    assert other.exit_code == 4  # a backup of one store says nothing about another


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:20_000])


def torn(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(8192)
        opened.write(b"\xff" * 4096)


@pytest.mark.req("R12")
@pytest.mark.parametrize("damage", [cut, torn, lambda file: file.write_bytes(b"garbage\n")], ids=["cut", "torn", "not"])
def test_a_damaged_backup_is_called_by_the_name_it_was_given(
    project: Path,
    damage: Callable[[Path], object],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it was looked at in is gone when the message is read; the next step is another backup, not this one."""
    scratch = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    assert run_cli("db", "backup").exit_code == 0
    (taken,) = (project / "backups").glob("manual-*.db")
    copy = Path("mine.db")
    copy.write_bytes(taken.read_bytes())
    damage(copy)
    ran = run_cli("db", "restore", str(copy))
    assert ran.exit_code == 1
    assert ran.stderr.startswith("error: mine.db: "), ran.stderr
    assert str(scratch) not in ran.stderr
    assert "--last-good" in ran.stderr
    assert list(scratch.iterdir()) == []


@pytest.mark.req("R12")
def test_no_room_to_look_at_a_backup_names_the_folder_without_room(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_cli("db", "backup").exit_code == 0
    (taken,) = (project / "backups").glob("manual-*.db")
    monkeypatch.setattr(tempfile, "tempdir", str(project / "gone"))
    ran = run_cli("db", "restore", str(taken.relative_to(project)))
    assert ran.exit_code == 3
    assert ran.stderr.startswith(f"error: {project / 'gone'}: "), ran.stderr
    assert "TMPDIR" in ran.stderr
