"""Black box: the two commands, their messages, the lock, the gates."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests import requirements_table

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+)", re.MULTILINE)


def make(folder: Path, *words: str, path: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs make on a copy of the Makefile alone, with nothing but ``path`` to find programs in."""
    tools = {"PATH": path or os.environ["PATH"], "HOME": str(folder), **environment}
    program = shutil.which("make")
    assert program, "make is not installed"
    return subprocess.run([program, *words], cwd=folder, capture_output=True, text=True, env=tools, check=False)


@pytest.fixture
def checkout(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "bin").mkdir()
    for name in ("sh", "echo", "awk"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or "/bin/sh")
    return tmp_path


@pytest.mark.req("U07")
def test_a_missing_interpreter_is_named_in_one_line_with_what_to_install(checkout):
    done = make(checkout, "demo", path=str(checkout / "bin"))
    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(said) == 1
    assert "there is no python3.11" in said[0]
    assert "apt install python3.11 python3.11-venv" in said[0]


def test_an_interpreter_without_venv_is_named_with_the_package_that_brings_it(checkout):
    fake = checkout / "bin" / "python3.11"
    fake.write_text('#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; *) exit 0;; esac\n')
    fake.chmod(0o755)
    done = make(checkout, "test", path=str(checkout / "bin"))
    assert done.returncode != 0
    assert "python3.11 has no venv module. Debian, Ubuntu: apt install python3.11-venv" in done.stderr


def test_an_interpreter_that_is_too_old_is_named_with_its_version(checkout):
    fake = checkout / "bin" / "python3"
    fake.write_text('#!/bin/sh\ncase "$*" in *version_info*) exit 1;; *) echo "Python 3.9.2";; esac\n')
    fake.chmod(0o755)
    done = make(checkout, "demo", "PYTHON=python3", path=str(checkout / "bin"))
    assert "needs Python 3.11 or newer; python3 is Python 3.9.2" in done.stderr


def test_a_second_run_installs_nothing(checkout):
    """The stamps say that everything is there: make has nothing to do."""
    stamps = checkout / ".venv" / "bin" / "python"
    stamps.parent.mkdir(parents=True)
    stamps.write_text("")
    for name in (".base", ".package", ".installed", ".dev"):
        (checkout / ".venv" / name).write_text("")
    done = make(checkout, "install", "dev")
    assert done.returncode == 0
    assert "Installing" not in done.stdout


@pytest.mark.req("U07")
def test_the_first_screen_of_the_readme_has_the_two_commands_and_what_they_need():
    screen = "\n".join((ROOT / "README.md").read_text("utf-8").splitlines()[:25])
    for words in ("make demo", "make test", "python3.11", "venv", "`make`"):
        assert words in screen


@pytest.mark.req("T06", "HZ15")
@pytest.mark.parametrize("name", ["base.txt", "dev.txt", "build.txt"])
def test_every_dependency_is_pinned_with_hashes(name):
    text = (ROOT / "requirements" / name).read_text("utf-8")
    entries = [entry for entry in re.split(r"\n(?=[A-Za-z0-9])", text) if PIN.match(entry)]
    assert entries
    assert [PIN.match(entry)[1] for entry in entries if "--hash=sha256:" not in entry] == []
    loose = [line for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line) and not PIN.match(line)]
    assert loose == []
    assert not re.search(r"^plotly==5\.25", text, re.MULTILINE)  # was never on the package index


@pytest.mark.req("T06")
def test_the_lock_satisfies_every_declared_dependency():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for name, wanted in (("base.txt", declared["dependencies"]), ("dev.txt", declared["optional-dependencies"]["dev"])):
        pins = {
            pin.lower().replace("_", "-"): version
            for pin, version in PIN.findall((ROOT / "requirements" / name).read_text())
        }
        for line in wanted:
            requirement = Requirement(line)
            if requirement.name == "tradewind":
                continue
            assert requirement.specifier.contains(pins[requirement.name.lower().replace("_", "-")]), line


@pytest.mark.req("T07", "T08")
def test_the_gates_hold_style_types_layers_secrets_security_and_dead_code():
    """`make check` runs every tool, and continuous integration runs `make check` and `make test`."""
    done = make(ROOT, "--dry-run", "check")
    for tool in (
        "ruff check",
        "ruff format --check",
        "mypy",
        "lint-imports",
        "detect-secrets-hook",
        "bandit",
        "vulture",
        "pip",
    ):
        assert tool in done.stdout, tool
    assert "check test" in (ROOT / ".ci" / "run").read_text("utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.mark.req("U13")
def test_there_are_tests_for_every_kind_of_code():
    found = [path for path in (ROOT / "tests").rglob("test_*.py") if "def test_" in path.read_text("utf-8")]
    assert sum(path.read_text("utf-8").count("def test_") for path in found) >= 24
    kinds = {path.relative_to(ROOT / "tests").parts[0] for path in found}
    assert {"acceptance", "architecture", "unit"} <= kinds


def test_the_table_of_requirements_reads_marks_of_functions_and_modules():
    marked = {mark.requirement for mark in requirements_table.marks()}
    assert {"W05", "T06", "A18"} <= marked
    rows = requirements_table.table()
    assert rows["W05"]["release"]
    assert any("test_configuration.py" in test for test in rows["W05"]["tests"])
    assert "P01" not in requirements_table.release_ids()
    assert {"A01", "A09", "A24", "HZ20", "X21"} <= set(requirements_table.release_ids())
