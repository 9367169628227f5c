"""The source tree as data: modules with their text and syntax."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "tradewind"
CORE = (
    "engine",
    "ensemble",
    "features",
    "filters",
    "kernels",
    "model",
    "risk",
    "simulation",
    "strategies",
    "validation",
)


class Module(NamedTuple):
    """One file: ``name`` is its path below ``src/tradewind``."""

    name: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @property
    def in_core(self) -> bool:
        return self.name.split("/")[0] in CORE


@functools.cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text("utf-8")
        found.append(Module(path.relative_to(SOURCE).as_posix(), text, ast.parse(text)))
    return tuple(found)


def functions(module: Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def dotted(node: ast.expr) -> str:
    """``datetime.datetime.now`` for the expression of that name, ``""`` for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""
