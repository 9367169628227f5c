"""Lives of a research job, each ended where it is told: ``python -m tests.crash.research_process``.

Everything is imported once; then a line ``{"folder", "words", "now", "step", "delay"}`` on stdin forks a life that
types ``words`` in ``folder`` at the time ``now``. It kills itself at its ``step``-th durable step (a sync, or a
rename in the folder), or is killed after ``delay`` seconds, 0 being never. The answer is
``{"status", "steps", "out", "err"}``: how it ended (negative: the signal), how many durable steps it took, what it
printed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tradewind.cli.answers.research  # noqa: F401  what every life would have to import
from tests.cli_runner import run_cli
from tradewind.adapters import wall_clock


def life(order: dict[str, Any], said: Path) -> None:
    """The child: counts its durable steps and dies at the one it was given."""
    steps, folder = 0, os.path.realpath(order["folder"])

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            nonlocal steps
            if len(args) == 2 and os.path.commonpath([folder, os.path.realpath(args[1])]) != folder:
                return real(*args, **named)  # the compiler keeps what it compiled, once, beside the sources
            steps += 1
            if steps == order["step"]:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **named)

        return call

    os.fsync, os.replace, os.rename = counted(os.fsync), counted(os.replace), counted(os.rename)
    wall_clock.WallClock.now = lambda self: order["now"]  # type: ignore[method-assign]
    with contextlib.chdir(order["folder"]):
        ran = run_cli(*order["words"])
    said.write_text(json.dumps({"steps": steps, "out": ran.stdout, "err": ran.stderr}))
    os._exit(ran.exit_code)


def ended(pid: int, delay: float) -> int:
    """Waits for a life, kills it after ``delay`` seconds, and says how it ended."""
    if delay:
        time.sleep(delay)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def main() -> None:
    """Answers until stdin ends."""
    for line in sys.stdin:
        order = json.loads(line)
        with tempfile.TemporaryDirectory() as name:
            said = Path(name) / "said"
            pid = os.fork()
            if pid == 0:
                life(order, said)
            status = ended(pid, order["delay"])
            found = json.loads(said.read_text()) if said.exists() else {"steps": 0, "out": "", "err": ""}
        sys.stdout.write(json.dumps({"status": status, **found}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
