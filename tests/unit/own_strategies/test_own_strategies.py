"""Strategy files of the user: found, checked, used like those of the installation, refused in clear words."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.cli_runner import run_cli
from tests.fakes.planted_market import planted_project
from tradewind import strategies
from tradewind.app.config import load_config
from tradewind.app.own_strategies import families_of, family_in, own_families
from tradewind.app.wiring import members_for
from tradewind.errors import Misconfigured
from tradewind.features.rule import Family, member_of, spec_hash
from tradewind.features.rule_series import close
from tradewind.model.timeframe import Timeframe
from tradewind.research.family_check import faults_of
from tradewind.research.generator import generate

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "strategies" / "midweek_breakout.py"
GOOD = EXAMPLE.read_text("utf-8")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A working folder with the example among its strategies."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "strategies").mkdir()
    shutil.copy(EXAMPLE, tmp_path / "strategies")
    return tmp_path / "strategies"


def config_of(**settings):
    return load_config(environment={}, overrides={"symbols": ["EUR/USD"], **settings}, folder=Path("nothing here"))


def written(folder: Path, text: str, name: str = "other.py") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_a_family_in_the_folder_stands_beside_those_of_the_installation(folder):
    """Rule: found without being named anywhere; its pool votes with the others."""
    known = families_of(config_of())
    assert list(known) == [*strategies.families(), "Midweek_Breakout"]
    assert "Midweek_Breakout_1h_v1" in {member.id for member in members_for(config_of(), (Timeframe.H1,))}
    (folder / "midweek_breakout.py").unlink()
    assert list(families_of(config_of())) == list(strategies.families())


def test_a_member_of_it_can_be_configured_with_its_own_parameters(folder):
    """Rule: strategies.members speaks of it as of any other, with the same checks."""
    own = {"family": "Midweek_Breakout", "timeframe": "1h", "params": {"period": 48}}
    (member,) = members_for(config_of(**{"strategies.members": [own]}), (Timeframe.H1,))
    assert member.id == "Midweek_Breakout_1h_v1"
    assert member.params.period == 48
    wrong = {**own, "params": {"period": 4}}
    with pytest.raises(Misconfigured, match=r"Midweek_Breakout.*period 5\.\.400"):
        members_for(config_of(**{"strategies.members": [wrong]}), (Timeframe.H1,))


def test_it_is_searched_like_the_others_and_its_strategies_travel_to_workers(folder):
    """Rule: drawn from its own ranges; a member survives pickling."""
    family = families_of(config_of())["Midweek_Breakout"]
    members = generate([family], 50, np.random.default_rng(1), Timeframe.H1)
    assert len({spec_hash(member) for member in members}) == 50
    assert all(member.params.first_day <= member.params.last_day for member in members)
    assert pickle.loads(pickle.dumps(members)) == members


def test_an_edited_file_is_run_again_and_is_another_strategy(folder):
    """Rule: an untouched file gives the same family, a changed one another trial id."""

    def trial():
        family = family_in(folder / "midweek_breakout.py")
        return family, spec_hash(member_of(family, Timeframe.H1, family.Params(), 1))

    first = trial()
    assert trial() == first
    written(folder, GOOD.replace("close() >", "close() >="), "midweek_breakout.py")
    assert trial()[1] != first[1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def rule(:\n", r"other\.py, line 1: SyntaxError"),
        (
            "import numpy\n\nimport nowhere_to_be_found\n",
            r"other\.py, line 3: ModuleNotFoundError.*nowhere_to_be_found",
        ),
        ("x = 1\ny = x / 0\n", r"other\.py, line 2: ZeroDivisionError"),
        (GOOD.replace("donchian, close", "x").replace("= 24", "= 24 +"), r"SyntaxError"),
        (GOOD.replace("STRATEGY =", "FAMILY ="), r"offers no STRATEGY"),
        ("STRATEGY = 'Midweek'\n", r"its STRATEGY is a str"),
        (
            GOOD.replace('"Midweek_Breakout"', '"EMA_Crossover"'),
            r"EMA_Crossover is taken by a family of the installation",
        ),
        (GOOD, r"Midweek_Breakout is taken by .*midweek_breakout\.py"),
        (GOOD.replace('"Midweek_Breakout"', '"my strategy"'), r"cannot begin the name of a member"),
        (GOOD.replace('"breakout"', '"magic"'), r"the kind 'magic' is none of trend, breakout"),
        (GOOD.replace("scale(8, 120)", "scale(2, 120)"), r"the range of period holds 2, outside 5\.\.400"),
        (GOOD.replace('"first_day": whole(0, 2), ', ""), r"refers to first_day|no range for first_day"),
        (GOOD.replace('"first_day": whole', '"last": whole'), r"a range for last, which is no parameter"),
        (GOOD.replace("= 24\n", "= 2\n"), r"period"),
        (GOOD.replace("value(weekday())", "params.day"), r"AttributeError"),
        (GOOD.replace("midweek & (close() >", "midweek and (close() >"), r"used as a truth value"),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_start_and_says_where(folder, text, told):
    """Rule: file, line and what to do; nothing is skipped in silence."""
    name = "Other_Breakout"
    keep = any(mark in told for mark in ("EMA_Crossover", "Midweek_Breakout is taken", "member"))
    written(folder, text if keep else text.replace('"Midweek_Breakout"', f'"{name}"'))
    with pytest.raises(Misconfigured, match=told) as refused:
        own_families(folder)
    assert "other.py" in str(refused.value)
    assert refused.value.next_step


def test_files_that_begin_with_an_underscore_are_left_alone(folder):
    """Rule: the way to keep something unfinished, or something shared, in the folder."""
    written(folder, "raise ValueError\n", "_draft.py")
    assert list(own_families(folder)) == ["Midweek_Breakout"]


def test_a_folder_that_was_named_must_be_there_and_the_default_one_need_not(tmp_path, monkeypatch):
    """Rule: only a wrong name is an error; an empty one runs no file."""
    monkeypatch.chdir(tmp_path)
    assert families_of(config_of()) == strategies.families()
    with pytest.raises(Misconfigured, match=r"strategies\.folder: there is no folder mine"):
        families_of(config_of(**{"strategies.folder": "mine"}))
    (tmp_path / "strategies").mkdir()
    written(tmp_path / "strategies", "raise ValueError\n")
    assert families_of(config_of(**{"strategies.folder": ""})) == strategies.families()


@pytest.mark.req("B02")
def test_the_example_votes_in_a_backtest_of_a_project_that_holds_it(folder, tmp_path):
    """Rule: copied into the project's folder and named in its configuration, it is back-tested like any other."""
    own = '[[strategies.members]]\nfamily = "Midweek_Breakout"\n[strategies.members.params]\nperiod = 48\n'
    config = planted_project(tmp_path, settings=own)
    checked = run_cli("config", "check", "--config", str(config), "--json")
    assert checked.exit_code == 0, checked.stderr
    ran = run_cli("backtest", "--config", str(config), "--symbol", "BTC/USDT", "--interval", "1h", "--json")
    assert ran.exit_code in (0, 4), ran.stderr
    assert "Midweek_Breakout_1h_v1" in ran.stdout


def test_config_check_names_the_file_that_cannot_be_used(folder, tmp_path):
    """Rule: found before a start, not at it."""
    written(folder, "def rule(:\n")
    config = planted_project(tmp_path, bars=200)
    checked = run_cli("config", "check", "--config", str(config))
    assert checked.exit_code == 2
    assert "strategies.folder: " in checked.stderr
    assert "other.py, line 1: SyntaxError" in checked.stderr.replace("\n", " ")


@pytest.mark.parametrize("name", [*strategies.families(), "Midweek_Breakout"])
def test_every_family_passes_the_check_a_user_can_run_on_his_own(name):
    """Rule: no fault in the families of the installation and in the example."""
    family = family_in(EXAMPLE) if name == "Midweek_Breakout" else strategies.family(name)
    assert faults_of(family, np.random.default_rng(7)) == ()


def without(family: Family, **changes) -> Family:
    parts = {name: getattr(family, name) for name in ("name", "kind", "Params", "rule", "pool", "longest", "space")}
    return Family(**{**parts, **changes})


def test_the_check_finds_what_is_wrong_with_a_family():
    """Rule: a side that is never taken, a vote on most bars, a vote in a dead market, a missing space."""
    good = family_in(EXAMPLE)

    def rule_with(**sides):
        return lambda params: msgspec.structs.replace(good.rule(params), **sides)

    one_sided = without(good, rule=rule_with(short=close() < 0.0))
    assert "never vote short" in " ".join(faults_of(one_sided, np.random.default_rng(7)))
    restless = " ".join(faults_of(without(good, rule=rule_with(long=close() > 0.0)), np.random.default_rng(7)))
    assert "vote on most bars" in restless
    assert "stands still" in restless
    assert "no search space" in " ".join(faults_of(without(good, space={}), np.random.default_rng(7)))


def test_the_check_can_be_typed(folder):
    """Rule: `strategy check FILE` names each fault and exits with 4; without a fault with 0."""
    path = str(folder / "midweek_breakout.py")
    ran = run_cli("strategy", "check", path, "--json")
    assert ran.exit_code == 0, ran.stderr
    assert ran.document["families"] == [{"family": "Midweek_Breakout", "faults": []}]
    deaf = written(folder, GOOD.replace("close() <", "close() < 0.0 *"))
    ran = run_cli("strategy", "check", str(deaf))
    assert ran.exit_code == 4
    assert "never vote short" in " ".join(ran.stdout.split())
    assert "SIMULATED" in ran.stdout
    assert run_cli("strategy", "check", "nowhere.py").exit_code == 2


def test_a_file_that_ends_the_program_is_named(folder):
    """Rule: whatever a file does on being run, the message says which file it was."""
    path = written(folder, 'print("hello")\nraise SystemExit("bye")\n')
    with pytest.raises(Misconfigured, match="SystemExit: bye") as caught:
        families_of(config_of())
    assert path.name in str(caught.value)
    assert "line 2" in str(caught.value)


@pytest.mark.parametrize(("code", "said"), [("'bye'", "SystemExit: bye"), ("0", "SystemExit: 0")])
def test_a_rule_that_ends_the_program_is_named_and_no_success(folder, code, said):
    """Rule: an exit in a strategy file is a fault of that file, whatever code it asks for."""
    path = folder / "midweek_breakout.py"
    lines = GOOD.splitlines()
    place = next(k for k, line in enumerate(lines) if line.startswith("def "))
    body = next(k for k in range(place, len(lines)) if lines[k].rstrip().endswith(":"))
    path.write_text("\n".join([*lines[: body + 1], f"    raise SystemExit({code})", *lines[body + 1 :]]), "utf-8")
    ran = run_cli("strategy", "generate", "-n", "2", "--family", "Midweek_Breakout")
    assert ran.exit_code == 2
    assert said in ran.stderr
    assert f"midweek_breakout.py, line {body + 2}" in ran.stderr


def test_a_file_edited_within_the_second_is_not_taken_for_the_old_one(tmp_path, monkeypatch):
    """Rule: what is run is what was read; no compiled code is kept, for second and size tell no edits apart."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = tmp_path / "quick_hand.py"
    example = GOOD
    stamp = (1_700_000_000, 1_700_000_000)
    for period in (24, 31):
        path.write_text(example.replace("] = 24", f"] = {period}"))
        os.utime(path, stamp)
        assert f"({period})" in str(family_in(path).rule(family_in(path).Params()).long)
    assert not (tmp_path / "__pycache__").exists()
