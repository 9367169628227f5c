"""Black box: what people type in their own words has one bound, whatever the verb, and never holds a kill up."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.project import Project

VERBS = (
    ("pause",), ("resume",), ("resume", "--stopped"), ("liquidate",), ("rollback",), ("kill", "off"),
    ("orders", "approve", "ID"), ("orders", "reject", "ID"), ("strategy", "disable", "ID"),
    ("strategy", "enable", "ID"), ("promote", "--model", "v1.0"),
    ("promote", "--rollback", "--symbol", "EUR/USD", "--interval", "1h"),
)  # fmt: skip
UNUSABLE = {"long": "x" * 201, "two lines": "one\ntwo", "colours": "\x1b[31mred", "bytes": "\udcff"}


@pytest.mark.req("Q18")
@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
@pytest.mark.parametrize("text", UNUSABLE.values(), ids=UNUSABLE)
def test_a_reason_that_is_no_line_is_refused_before_anything_is_done(
    project: Project, verb: tuple[str, ...], text: str
) -> None:
    """Up to 200 printable characters: they go on record, into the chat and onto terminals."""
    ran = project.types(*verb, "--reason", text)
    assert ran.exit_code == 2, ran.stderr
    assert "--reason" in ran.stderr
    assert "200 printable characters" in ran.stderr
    assert "\x1b" not in ran.stderr
    assert list(project.folder.iterdir()) == []


def test_who_orders_has_the_same_bound(project: Project) -> None:
    ran = project.types("pause", "--by", "a" * 201)
    assert (ran.exit_code, "--by" in ran.stderr) == (2, True)


def test_the_source_of_imported_bars_has_the_same_bound(project: Project) -> None:
    (project.folder / "bars.csv").write_text("time,open,high,low,close,volume\n2024-01-02 10:00,1,1,1,1,1\n")
    ran = project.types("data", "import", "bars.csv", "-p", "EUR/USD", "-i", "1h", "--source", "two\nlines")
    assert ran.exit_code == 2
    assert "--source" in ran.stderr


@pytest.mark.req("G10")
def test_a_kill_is_never_held_up_by_its_reason_and_says_what_was_left_out(project: Project) -> None:
    """A spread that explodes leaves no time to count characters."""
    ran = project.types("kill", "on", "--reason", "prices\x1b[31m " + "x" * 5_000, "--by", "ann\n", "--json")
    assert ran.exit_code == 0, ran.stderr
    kept = ("prices[31m " + "x" * 5_000)[:200]
    assert (project.folder / "data" / "KILL").read_text() == f"{kept}\nby ann\n"
    said = json.dumps(ran.document["notes"])
    assert "--reason is kept as" in said
    assert "200 printable characters" in said
    assert "--by" not in said


def test_a_kill_whose_reason_fits_says_nothing_of_it(project: Project) -> None:
    ran = project.types("kill", "on", "--reason", "x" * 200, "--json")
    assert "kept as" not in json.dumps(ran.document)


@pytest.mark.req("G10")
def test_a_kill_off_that_is_refused_for_its_reason_leaves_the_kill_file(project: Project) -> None:
    assert project.types("kill", "on", "--reason", "prices look wrong").exit_code == 0
    ran = project.types("kill", "off", "--reason", "x" * 201)
    assert (ran.exit_code, "200 printable" in ran.stderr) == (2, True)
    assert (project.folder / "data" / "KILL").read_text().startswith("prices look wrong\n")
