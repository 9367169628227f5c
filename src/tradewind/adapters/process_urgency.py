"""How urgent a process is to the kernel: what trains or checks beside a run takes what the run leaves."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

LEAST = 15
"""Of Linux's niceness, -20 to 19: a thirtieth of the weight of a process that says nothing."""
_SESSION = Path("/proc/self/autogroup")


def less_urgent(niceness: int = LEAST, session: Path = _SESSION) -> None:
    """Lowers the urgency of the calling process, and of its session where it leads one.

    Linux shares processor time first between sessions and only then between the processes of each
    (``CONFIG_SCHED_AUTOGROUP``, sched(7)): a process that was started with a session of its own would take as much as
    the whole service, however nice it is. Where the kernel knows no such groups, or refuses, the niceness alone counts.
    The session of somebody else is left alone: it is theirs too.
    """
    with suppress(OSError):
        os.nice(niceness)
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            session.write_text(str(niceness), "ascii")
