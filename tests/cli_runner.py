"""Runs a verb the way a shell does, inside this process: words in, exit code and both streams out."""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any, NamedTuple

from tradewind.cli.main import main


class Ran(NamedTuple):
    """What a shell would have seen."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout; fails where there is more or less than one."""
        return json.loads(self.stdout)


def run_cli(*words: str) -> Ran:
    """``run_cli("config", "show", "--json")``."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(words))
    return Ran(code, out.getvalue(), err.getvalue())
