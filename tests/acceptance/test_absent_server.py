"""Black box: a PostgreSQL server that does not answer leaves nothing behind in the folder of the project."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.acceptance.project import Project
from tests.acceptance.test_interrupted_start import ORDERS
from tradewind.adapters.store.seat import PostgresSeat
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.people.chat_desk import ChatDesk
from tradewind.app.people.command_table import said
from tradewind.cli.overrides import configured

NOBODY = "postgresql://ann:secret@127.0.0.1:1/signals"  # pragma: allowlist secret
VERBS = (
    ("status",), ("trades", "list"), ("risk", "status"), ("orders", "list"), ("db", "init"), ("db", "check"),
    ("db", "backup"), ("db", "sql", "SELECT 1"), ("pause",), ("resume",), ("rollback", "--reason", "r"),
    ("kill", "off", "--reason", "r"), ("config", "history"), ("strategy", "list"), ("learning", "status"),
)  # fmt: skip


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_server_that_does_not_answer_leaves_nothing_behind(
    project: Project, verb: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No folder, no seat: whoever mistyped the address finds the project as it was."""
    monkeypatch.setenv("DB_URL", NOBODY)
    ran = project.types(*verb)
    assert ran.exit_code == 3, ran.stderr
    assert "secret" not in ran.stdout + ran.stderr
    assert list(project.folder.iterdir()) == []


@pytest.mark.req("G10")
def test_a_kill_without_its_server_leaves_the_kill_file_and_nothing_else(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_URL", NOBODY)
    ran = project.types("kill", "on", "--reason", "r")
    assert ran.exit_code == 0
    assert [path.name for path in (project.folder / "data").iterdir()] == ["KILL"]


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
@pytest.mark.parametrize("address", [NOBODY, "sqlite:///data/tradewind.db"])
def test_an_address_in_the_place_of_a_store_is_wrong_usage(
    project: Project, order: tuple[str, ...], address: str
) -> None:
    """It is no file, and taken for one it makes folders of its parts; a password does not belong into words typed."""
    ran = project.types(*order, "--store", address)
    assert ran.exit_code == 2, ran.stderr
    assert "DB_URL" in ran.stderr
    assert "secret" not in ran.stdout + ran.stderr
    assert list(project.folder.iterdir()) == []


def test_the_chat_asks_a_verb_about_a_server_as_the_verb_finds_it_itself(project: Project) -> None:
    """What stands for the server here is no store: a verb that were sent to it would find no database in it."""
    asked: list[tuple[str, ...]] = []

    class Recorded:
        async def run(self, words: Sequence[str], limit_s: float) -> list[str]:
            asked.append(tuple(words))
            return []

    def asks(place: Path) -> None:
        desk = ChatDesk(
            lambda preset, interval: configured(None, preset, interval), place, WallClock(), Recorded(), lambda _: None
        )
        for text in ("/risk", "/drift_report"):
            command = said(text)
            assert command is not None
            asyncio.run(desk.read(command))

    with contextlib.chdir(project.folder):
        asks(PostgresSeat.of(NOBODY, Path("data")))
        assert asked == [("risk", "status"), ("drift", "report")]
        asks(Path("data/tradewind.db"))
    assert asked[2] == ("risk", "status", "--store", str(project.folder / "data/tradewind.db"))
