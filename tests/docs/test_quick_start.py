"""The README's quick start, typed line by line in an empty folder, is a promise."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.acceptance.project import Project, simulated, write_csv

ROOT = Path(__file__).resolve().parents[2]


def quick_start() -> list[str]:
    """The commands of the README's second block, comments cut off."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    lines = [line.split("  #")[0].strip() for line in blocks[1].splitlines()]
    return [line for line in lines if line.startswith("tradewind ")]


@pytest.mark.req("U07")
def test_every_line_of_the_quick_start_works_as_it_is_written(project: Project) -> None:
    """FILE is the user's own; every command ends with 0 (no edge: 4), and the last one finds every decision equal."""
    path = write_csv(project.folder / "bars.csv", simulated("EUR/USD", 900, seed=2))
    lines = quick_start()
    assert len(lines) >= 5
    said = ""
    for line in lines:
        words = [path.name if word == "FILE" else word for word in shlex.split(line)[1:]]
        ran = project.types(*words)
        assert ran.exit_code == (4 if words[0] == "backtest" else 0), (line, ran.stderr)
        said = ran.stdout
    assert "equal" in said or "every" in said
    assert (project.folder / "reports").is_dir()
    assert list((project.folder / "reports").glob("*.html"))
