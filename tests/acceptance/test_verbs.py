"""Black box: every verb answers nonsense alike: exit 2, one message without a stack trace, one document with --json."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib

import pytest

from tests.acceptance.project import ROOT, Project
from tests.docs import commands
from tradewind.cli.verbs import ALIASES, verbs


def leaves() -> list[tuple[str, ...]]:
    """Every verb that can be typed, with its group before it."""
    found: list[tuple[str, ...]] = []
    for row in verbs():
        inner = commands.verbs_of(commands.loaded(row))
        found += [(row.name, name) for name in inner] if inner else [(row.name,)]
    return found


# What each verb needs to be typed at all; verbs that are not named here need nothing.
NEEDED = {
    ("data", "import"): ("bars.csv", "-p", "EURUSD", "-i", "1h"),
    ("calendar", "import"): ("calendar.csv",),
    ("news", "import"): ("articles.csv",),
    ("news", "sentiment"): ("BTC/USDT",),
    ("data", "resolve"): ("EURUSD",),
    ("data", "drop"): ("EURUSD", "-i", "1h"),
    ("data", "restore"): ("EURUSD", "-i", "1h"),
    ("config", "explain"): ("risk",),
    ("db", "sql"): ("SELECT 1",),
    ("signal",): ("EURUSD",),
    ("why",): ("EURUSD",),
    ("predict",): ("EURUSD",),
    ("learning", "retrain"): ("EURUSD",),
    ("learning", "cancel"): ("EURUSD",),
    ("explain",): ("X",),
    ("strategy", "show"): ("X",),
    ("strategy", "enable"): ("X",),
    ("strategy", "disable"): ("X",),
    ("walkforward",): ("X",),
    ("ab",): ("X", "Y"),
    ("models", "restore"): ("X",),
    ("optimize",): ("--family", "Donchian_Breakout"),
    ("baseline", "show"): ("baseline.json",),
    ("orders", "approve"): ("X",),
    ("orders", "reject"): ("X",),
    ("kill", "off"): ("--reason", "x"),
    ("trades", "verify"): ("trades.csv",),
}
WITHOUT_CONFIGURATION = {
    ("init",),
    ("demo",),
    ("config", "example"),
    ("risk", "firms"),
    ("trades", "verify"),
    ("simulate",),
}
VERBS = leaves()


def named(words: tuple[str, ...]) -> str:
    return " ".join(words)


@pytest.mark.parametrize("words", VERBS, ids=named)
def test_every_verb_explains_itself(project: Project, words: tuple[str, ...]) -> None:
    ran = project.types(*words, "--help")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert "Usage" in ran.stdout
    assert "--json" in ran.stdout
    assert "--config" in ran.stdout
    assert list(project.folder.iterdir()) == []


@pytest.mark.parametrize("words", VERBS, ids=named)
def test_every_verb_answers_an_unknown_option_with_exit_2_and_one_document(
    project: Project, words: tuple[str, ...]
) -> None:
    for_programs = project.types(*words, "--json", "--no-such-option")
    assert (for_programs.exit_code, for_programs.stderr) == (2, "")
    assert for_programs.document["error"]["exit_code"] == 2
    assert "--no-such-option" in for_programs.document["error"]["message"]
    for_people = project.types(*words, "--no-such-option")
    assert (for_people.exit_code, for_people.stdout) == (2, "")
    assert for_people.stderr.startswith("error: ")
    assert "--help" in for_people.stderr
    assert list(project.folder.iterdir()) == []


EMERGENCY = (
    ("kill", "on"), ("kill", "off"), ("pause",), ("resume",), ("liquidate",), ("rollback",), ("status",),
    ("risk", "status"), ("trades", "list"), ("trades", "worst"), ("trades", "export"), ("db", "check"),
    ("db", "backup"), ("config", "history"), ("watchdog",), ("orders", "cancel-all"), ("orders", "approve"),
    ("orders", "reject"),
)  # fmt: skip
"""They work under any configuration, and name its fault (``test_unusable_configuration.py``)."""


@pytest.mark.parametrize("words", [one for one in VERBS if one not in WITHOUT_CONFIGURATION], ids=named)
@pytest.mark.parametrize(
    ("text", "part"),
    [
        (None, "absent.toml"),
        ("[risk\n", "absent.toml"),
        ("[risk]\nmax_drawdwn = 0.1\n", "max_drawdown"),
        ("\x00\x01\x02", "absent.toml"),
        ('symbols = ["FOO/BAR"]\n', "FOO/BAR"),
    ],
    ids=["missing", "broken", "unknown key", "binary", "wrong pair"],
)
def test_every_verb_answers_a_configuration_that_is_none_with_exit_2_and_the_place(
    project: Project, words: tuple[str, ...], text: str | None, part: str
) -> None:
    path = project.folder / "absent.toml"
    if text is not None:
        path.write_text(text)
    typed = (*words, *NEEDED.get(words, ()), "--config", str(path))
    ran = project.types(*typed, "--json")
    said = ran.stdout + ran.stderr
    assert "Traceback" not in said
    json.loads(ran.stdout)
    if words in EMERGENCY and text is not None:
        assert "WARNING: the configuration cannot be used" in ran.stderr
        assert part in ran.stderr
        return
    if words != ("config", "explain") or text is None:  # explains keys also where the file has faults
        assert ran.exit_code == 2, ran
        assert part in said
    assert {one.name for one in project.folder.iterdir()} <= {"absent.toml"}


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--iterations", "-1"),
        ("run", "--iterations", "many"),
        ("run", "--speed", "-2"),
        ("run", "--speed", "nan"),
        ("run", "--feed", "telepathy"),
        ("run", "--execution", "maybe"),
        ("run", "--mode", "prod"),
        ("backtest", "--seed", "-1"),
        ("backtest", "--timerange", "20240601-20240101"),
        ("backtest", "--timerange", "yesterday"),
        ("backtest", "--period", "5 years"),
        ("backtest", "--period", "0y"),
        ("backtest", "--interval", "7m"),
        ("backtest", "--preset", "brave"),
        ("backtest", "--detail", "7s"),
        ("data", "fetch", "--days", "-1"),
        ("data", "fetch", "--days", "nan"),
        ("data", "fetch", "--provider", "nobody"),
        ("data", "fetch", "--provider", "binance", "--gateway", "not a url", "-p", "BTCUSDT"),
        ("data", "serve", "--port", "99999999"),
        ("data", "serve", "--speed", "-1"),
        ("data", "ping", "--provider", "nobody"),
        ("data", "resolve", ""),
        ("data", "resolve", "\u202e\x00"),
        ("data", "import", "x.csv", "--format", "xls"),
        ("db", "sql", ""),
        ("db", "sql", "DROP TABLE signals"),
        ("config", "show", "--preset", "brave"),
        ("doctor", "nonsense"),
        ("nonsense",),
        ("data", "nonsense"),
        ("data",),
    ],
    ids=named,
)
def test_garbage_is_exit_2_one_document_and_nothing_is_written(project: Project, words: tuple[str, ...]) -> None:
    """Also where the words are those of an option that exists."""
    ran = project.types(*words, "--json")
    assert ran.exit_code == 2, ran
    assert ran.document["error"]["exit_code"] == 2
    assert ran.document["error"]["message"]
    for_people = project.types(*words)
    assert for_people.exit_code == 2
    assert "Traceback" not in for_people.stderr
    assert "internal error" not in for_people.stderr
    assert list(project.folder.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("backtest",),
        ("run", "--feed", "replay"),
        ("data", "status", "EURUSD"),
        ("data", "drop", "EURUSD", "-i", "1h", "--yes"),
        ("data", "restore", "EURUSD", "-i", "1h"),
        ("data", "import", "nowhere.csv", "-p", "EURUSD", "-i", "1h"),
        ("db", "check"),
        ("db", "sql", "SELECT 1"),
        ("replay", "--verify"),
        ("strategy", "show", "X"),
        ("strategy", "enable", "X"),
        ("strategy", "disable", "X"),
    ],
    ids=named,
)
def test_what_is_not_there_is_exit_3_with_the_next_step_and_nothing_is_written(
    project: Project, words: tuple[str, ...]
) -> None:
    """An empty folder: the message names what is missing."""
    ran = project.types(*words, "--json")
    assert ran.exit_code == 3, ran
    assert ran.document["error"]["exit_code"] == 3
    for_people = project.types(*words)
    assert (for_people.exit_code, for_people.stdout) == (3, "")
    assert "Traceback" not in for_people.stderr
    assert list(project.folder.iterdir()) == []


@pytest.mark.parametrize(("alias", "target"), sorted(ALIASES.items()))
def test_a_name_of_another_tool_is_the_verb_it_stands_for(
    project: Project, alias: str, target: tuple[str, ...]
) -> None:
    assert project.types(alias, "--help").stdout == project.types(*target, "--help").stdout


def test_both_names_of_the_command_are_declared_and_a_module_run_says_the_same() -> None:
    """`tradewind` and `tw` are one program; `python -m tradewind` is a third way to type it."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert scripts["tradewind"] == scripts["tw"]
    done = subprocess.run(
        [sys.executable, "-m", "tradewind", "--version"], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("tradewind 0.")
