"""What stands in the repository: documented modules, and no trace of the machine it was written on."""

from __future__ import annotations

import ast
import re
import subprocess

from tests.architecture.source import ROOT, modules

MACHINE = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/")


def test_every_public_module_class_and_function_is_documented():
    missing = []
    for module in modules():
        if ast.get_docstring(module.tree) is None:
            missing.append(module.name)
        for node in ast.walk(module.tree):
            bodies = node.body if isinstance(node, ast.Module | ast.ClassDef) else []
            for child in bodies:
                public = isinstance(
                    child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
                ) and not child.name.startswith("_")
                inside_private = isinstance(node, ast.ClassDef) and node.name.startswith("_")
                if public and not inside_private and ast.get_docstring(child) is None and not overrides(child):
                    missing.append(f"{module.name}:{child.name}")
    assert missing == []


def overrides(node: ast.AST) -> bool:
    """Whether a decorator says that the documentation stands on the overridden method."""
    return any(
        getattr(mark, "id", getattr(mark, "attr", "")) in {"override", "overload"}
        for mark in getattr(node, "decorator_list", ())
    )


def test_no_file_holds_a_path_of_one_machine():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    found = []
    for name in filter(None, listed.decode().split("\0")):
        path = ROOT / name
        if not path.is_file() or path.suffix in {".parquet", ".feather", ".png", ".bin", ".gz", ".zip"}:
            continue
        text = path.read_bytes().decode("utf-8", "ignore")
        found += [f"{name}: {match.group()}" for match in MACHINE.finditer(text)]
    assert found == []
