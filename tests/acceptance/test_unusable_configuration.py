"""Black box: a configuration that cannot be used takes no emergency verb out of anybody's hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.conftest import Finished
from tests.acceptance.project import Project

SLIPS = {
    "a value that is refused": '[risk]\nmax_drawdown = "much"\n[paths]\ndata = "elsewhere"\n',
    "a line that is no TOML": '[paths]\ndata = "elsewhere"\n[risk]\nmax_drawdown = = 5\n',
    "a bot that nobody may use": '[telegram]\nenabled = true\n[paths]\ndata = "elsewhere"\n',
}
EMERGENCY = (
    ("kill", "on", "--reason", "r"), ("kill", "off", "--reason", "r"), ("pause",), ("liquidate",), ("resume",),
    ("rollback", "--reason", "r"), ("status",), ("risk", "status"), ("trades", "list"), ("db", "check"),
    ("db", "backup"), ("config", "history"),
)  # fmt: skip


@pytest.fixture
def moved(finished: Finished, tmp_path: Path) -> Project:
    """A project whose store lies where its configuration says, not at the default place."""
    (tmp_path / "elsewhere").mkdir()
    for file in (finished.project.folder / "data").glob("tradewind.db*"):
        (tmp_path / "elsewhere" / file.name).write_bytes(file.read_bytes())
    return Project(tmp_path)


@pytest.mark.req("G10", "A05")
@pytest.mark.parametrize("slip", SLIPS)
def test_emergency_verbs_work_whatever_stands_in_the_configuration(moved: Project, slip: str) -> None:
    """Each goes to the store that can still be read from the file, and says what is wrong with the rest."""
    moved.configured(SLIPS[slip])
    assert moved.types("run", "--feed", "replay").exit_code == 2
    for words in EMERGENCY:
        ran = moved.types(*words)
        assert ran.exit_code == 0, (words, ran.stderr)
        assert "WARNING: the configuration cannot be used" in ran.stderr, words
        assert "elsewhere/tradewind.db" in ran.stderr, words
    orders = moved.types("db", "check", "--json").document
    assert orders["database"] == "elsewhere/tradewind.db"
    assert not (moved.folder / "data").exists()


@pytest.mark.req("G10")
def test_a_configuration_file_that_was_named_and_is_not_there_is_refused(moved: Project) -> None:
    """What was typed is what is wrong: nothing is written anywhere."""
    ran = moved.types("kill", "on", "--config", "nowhere.toml")
    assert ran.exit_code == 2
    assert "nowhere.toml" in ran.stderr
    assert not (moved.folder / "data").exists()


def test_the_watchdog_starts_under_a_configuration_that_cannot_be_used(moved: Project) -> None:
    moved.configured('[risk]\nmax_drawdown = "much"\n')
    ran = moved.types("watchdog", "--console", "--after", "1", "--every", "0.1", "--alarms", "1")
    assert ran.exit_code == 4, ran.stderr
    assert "max_drawdown" in ran.stderr
