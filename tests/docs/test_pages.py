"""Docs cannot rot: generated pages equal their source, links lead somewhere, quoted commands exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.docs import commands, layout
from tradewind import strategies
from tradewind.cli.verbs import ALIASES, planned, verbs

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
QUOTED = re.compile(r"`((?:tradewind|tw) [a-z][^`]*)`|^\s*(?:\$ )?((?:tradewind|tw) [a-z].*)$", re.MULTILINE)


@pytest.mark.req("U15")
def test_the_documented_layout_is_the_actual_one():
    assert (ROOT / "docs" / "layout.md").read_text("utf-8") == layout.page(), "run `make layout`"


def test_the_documented_commands_are_the_actual_ones():
    assert (ROOT / "docs" / "commands.md").read_text("utf-8") == commands.page(), "run `make commands`"


def test_the_documented_families_are_the_actual_ones():
    """One row for every family, with its kind and the size of its pool."""
    text = (ROOT / "docs" / "strategies.md").read_text("utf-8")
    rows = re.findall(r"^\| ([a-z-]+) \| `(\w+)` \| .* \| (\d+|search only) \|$", text, re.MULTILINE)
    known = strategies.families().values()
    assert sorted(rows) == sorted((one.kind, one.name, str(len(one.pool) or "search only")) for one in known)


def test_the_documented_strategy_is_the_example():
    """What the page shows of the example stands in it, its lines in their order."""
    page = (ROOT / "docs" / "strategies.md").read_text("utf-8")
    example = iter((ROOT / "examples" / "strategies" / "midweek_breakout.py").read_text("utf-8").splitlines())
    shown = page.split("```python\n")[1].split("```")[0].splitlines()
    assert all(line in example for line in shown if line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_to_a_file(page):
    targets = [target.split("#")[0] for target in LINK.findall(page.read_text("utf-8"))]
    missing = [target for target in targets if target and "://" not in target and not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.req("U07")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_quoted_command_exists_with_its_options(page):
    """A command in a page is one that can be typed: its verb is in the table, its options are the verb's own."""
    trees = {row.name: commands.loaded(row) for row in verbs()}
    wrong = []
    for quoted in QUOTED.findall(page.read_text("utf-8")):
        text = (quoted[0] or quoted[1]).split("#")[0].split("|")[0].replace("...", "")
        words = (
            shlex.split(text, posix=True)[1:]
            if text.count('"') % 2 == 0 and text.count("'") % 2 == 0
            else text.split()[1:]
        )
        if words and words[0].isupper():
            continue  # `tradewind VERB --help` speaks of any verb
        if words and words[0] in planned():
            continue
        words = [*ALIASES.get(words[0], (words[0],)), *words[1:]]
        fault = unknown(words, trees)
        if fault:
            wrong.append(f"{text.strip()}: {fault}")
    assert wrong == []


def unknown(words: list[str], trees: dict) -> str:
    command = trees.get(words[0])
    if command is None:
        return f"no verb {words[0]}"
    inner = commands.verbs_of(command)
    rest = words[1:]
    if inner and rest and not rest[0].startswith("-") and not rest[0].isupper():
        if rest[0] not in inner:
            return f"{words[0]} has no {rest[0]}"
        command, rest = inner[rest[0]], rest[1:]
    if commands.verbs_of(command):
        return ""
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    options = [word.split("=")[0] for word in rest if re.match(r"--?[a-z]", word)]
    return ", ".join(option for option in options if option not in known)
