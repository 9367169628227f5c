"""``tradewind ... | head``: an answer that nobody reads to its end is an answer all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = "import sys; from tradewind.cli.main import main; sys.exit(main())"


@pytest.mark.req("O12")
@pytest.mark.parametrize(("words", "code"), [(("data", "list"), 0), (("data", "list", "--json"), 0), (("--help",), 0)])
def test_who_stops_reading_is_no_error(words: tuple[str, ...], code: int, tmp_path: Path) -> None:
    """The exit code is the verb's own, and nothing is said on stderr."""
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [sys.executable, "-c", RUN, *words], stdout=writing, stderr=subprocess.PIPE, cwd=tmp_path, timeout=60
    )
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (code, b"")
