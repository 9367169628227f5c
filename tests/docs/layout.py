"""Prints docs/layout.md: every folder with the first sentence of its package."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAD = """# Layout

Written by `make layout`; a test compares it with the tree. Which folder may import which is in
[ARCHITECTURE.md](../ARCHITECTURE.md).

"""
TOP = {
    "src/tradewind": "the package",
    "tests": "one folder per kind of test; `tests/unit` mirrors the package",
    "benchmarks": "each file runs as `python -m benchmarks.NAME --json`",
    "docs": "pages for users",
    "examples": "runnable files, each run by a test",
    "requirements": "hash-pinned locks: base, extras, build backend, developers' tools",
    "deploy": "container, service unit, templates",
    ".ci": "what continuous integration runs",
}


def page() -> str:
    """The text of docs/layout.md for the tree as it is."""
    lines = ["| folder | holds |", "|---|---|"]
    for name, holds in TOP.items():
        if (ROOT / name).is_dir():
            lines.append(f"| `{name}/` | {holds} |")
            if name in ("src/tradewind", "tests"):
                lines += [f"| `{folder}/` | {sentence} |" for folder, sentence in packages(ROOT / name)]
    return HEAD + "\n".join(lines) + "\n"


def packages(folder: Path) -> list[tuple[str, str]]:
    found = []
    for path in sorted(folder.rglob("__init__.py")):
        if path.parent != folder:
            words = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")[0]
            sentence = " ".join(words.split()).rstrip(".")
            found.append((path.parent.relative_to(ROOT).as_posix(), sentence or "tests of the part of that name"))
    return found


if __name__ == "__main__":
    sys.stdout.write(page())
