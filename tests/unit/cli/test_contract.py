"""Every verb: one document under --json, one message for people, one exit code for shells."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import pytest

from tests.cli_runner import Ran
from tradewind.cli.main import main
from tradewind.cli.verbs import Verb

TABLE = (
    Verb("probe", "Test", "Verbs of the test.", "tests.unit.cli.probe_verb"),
    Verb("other", "Test", "Another verb."),
)


def run(*words: str) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(words), TABLE)
    return Ran(code, out.getvalue(), err.getvalue())


def test_json_prints_one_document_and_nothing_else_on_stdout():
    """A library that prints during the verb is moved to stderr; NaN is null; unset options are null."""
    ran = run("probe", "tell", "-p", "GBP/USD", "-i", "60min", "--json", "-c", "x.toml")
    assert ran.exit_code == 0
    assert ran.document == {"symbol": "GBP/USD", "interval": "1h", "range": None, "config": "x.toml", "nan": None}
    assert "a chatty library" in ran.stderr


def test_people_get_plain_text_untouched_and_tables_drawn():
    ran = run("probe", "tell")
    assert "plain [text]\n" in ran.stdout
    assert "EUR/USD" in ran.stdout
    assert ran.stderr == ""


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("misconfigured", 2),
        ("unavailable", 3),
        ("rejected", 4),
        ("timed_out", 5),
        ("corrupt", 1),
        ("bug", 1),
        ("full", 3),
        ("interrupt", 130),
    ],
)
def test_each_error_has_its_exit_code_and_no_stack_trace(kind, code):
    """Both forms carry the same message and code; the trace appears only with --debug."""
    for_people = run("probe", "fail", kind)
    assert for_people.exit_code == code
    assert for_people.stdout == ""
    assert for_people.stderr.startswith("error: ")
    assert "Traceback" not in for_people.stderr
    assert for_people.stderr.count("\n") == 1
    for_programs = run("probe", "fail", kind, "--json")
    assert for_programs.exit_code == code
    assert for_programs.document["error"]["exit_code"] == code
    assert for_programs.stderr == ""
    assert "Traceback" in run("probe", "fail", kind, "--debug").stderr or kind == "interrupt"


def test_the_message_of_a_misconfiguration_names_place_choice_and_next_step():
    error = run("probe", "fail", "misconfigured", "--json").document["error"]
    assert (error["found"], error["where"], error["allowed"], error["next_step"]) == (
        "wrong key",
        "risk.x",
        "risk.y",
        "rename it",
    )
    assert error["message"] == "risk.x: wrong key. Allowed: risk.y. Next: rename it."


def test_an_unexpected_error_is_short_and_keeps_its_details_in_a_file():
    stderr = run("probe", "fail", "bug").stderr
    assert "ZeroDivisionError: secret-free message" in stderr
    assert "second line" not in stderr
    path = Path(stderr.split("The details are in ")[1].split(";")[0])
    assert "Traceback" in path.read_text()
    path.unlink()


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("prob",),
        ("probe", "tel"),
        ("probe", "tell", "--nonsense"),
        ("probe", "tell", "-i", "7m"),
        ("probe", "fail"),
        ("probe", "tell", "--timerange", "yesterday"),
        ("probe",),
    ],
)
def test_wrong_usage_is_exit_2_in_both_forms(words):
    ran = run(*words)
    assert ran.exit_code == 2
    assert ran.stdout == ""
    assert ran.stderr.startswith("error: ")
    if words != ("probe",):
        assert run(*words, "--json").document["error"]["exit_code"] == 2


def test_a_mistyped_verb_is_answered_with_the_nearest_one():
    assert "'probe'" in run("prob").stderr


def test_a_verb_may_choose_its_exit_code():
    assert run("probe", "fail", "verdict", "--code", "4").exit_code == 4
    assert run("probe", "bare").exit_code == 5


def test_help_lists_every_verb_without_importing_any():
    ran = run("--help")
    assert ran.exit_code == 0
    assert "Another verb." in ran.stdout  # module of `other` does not exist: it cannot have been imported
    assert run().stdout == ran.stdout
    assert "Says what it was given." in run("help", "probe").stdout


def test_version_is_one_line():
    assert run("--version").stdout.startswith("tradewind 0.")


def test_a_report_of_plain_values_round_trips():
    assert json.loads(run("probe", "fail", "x", "--json").stdout) == {"kind": "x"}
