"""Backtest, replay, paper and live are choices of adapters: the core has no word for them."""

from __future__ import annotations

import ast
import re

from tests.architecture.source import Module, dotted, modules

NAMES = re.compile(
    r"^_?(is_)?(live|paper|backtest|backtesting|dryrun|dry_run|run_?mode|runtime_mode|replaying|is_replay)$", re.I
)
WORDS = {"live", "paper", "backtest", "dryrun", "replay"}


def named(module: Module) -> list[str]:
    found = []
    for node in ast.walk(module.tree):
        name = ""
        if isinstance(node, ast.Name):
            name = node.id
        elif isinstance(node, ast.Attribute):
            name = node.attr
        elif isinstance(node, ast.arg | ast.keyword):
            name = node.arg or ""
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = node.name
        if NAMES.match(name):
            found.append(f"{module.name}:{getattr(node, 'lineno', 0)} {name}")
    return found


def branches(module: Module) -> list[str]:
    found = []
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        about_mode = any(dotted(side).split(".")[-1] == "mode" for side in sides)
        about_word = any(isinstance(side, ast.Constant) and side.value in WORDS for side in sides)
        if about_mode or about_word:
            found.append(f"{module.name}:{node.lineno} {ast.unparse(node)}")
    return found


def test_the_core_names_no_run_mode():
    assert [use for module in modules() if module.in_core for use in named(module)] == []


def test_the_core_branches_on_no_run_mode():
    assert [use for module in modules() if module.in_core for use in branches(module)] == []
