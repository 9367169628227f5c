"""A Ctrl+C that falls into a destructor."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import signal, sys, time
from tradewind.cli import main, verbs

class Fading:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

class Slow:
    @staticmethod
    def main(**_):
        Fading()
        time.sleep(30)
        return 0

main._program = lambda words, table: Slow
sys.argv = ["tradewind", "doctor"]
sys.exit(main.main())
"""


def test_ctrl_c_is_obeyed_even_where_python_can_only_print_it() -> None:
    """Raised inside ``__del__`` it would be printed and forgotten; here it ends a waiting verb with 130, no trace."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=20, check=False)
    assert ran.returncode == 130, ran.stderr
    assert "Traceback" not in ran.stderr
    assert "interrupted by Ctrl+C" in ran.stderr
