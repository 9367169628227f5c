"""A process beside a run is less urgent to the kernel, with the whole session it leads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GROUP = Path("/proc/self/autogroup")
ASKED = (
    "import os, pathlib\nfrom tradewind.adapters.process_urgency import less_urgent\nless_urgent()\n"
    "group = pathlib.Path('/proc/self/autogroup')\n"
    "said = group.read_text().split() if group.exists() else []\n"  # no word: a session older than init's first one
    "print(os.nice(0), said[-1] if said else '-')\n"
)


def asked(*, leads: bool) -> list[str]:
    """Niceness of a child, and of its session as the kernel says it."""
    answer = subprocess.run(
        [sys.executable, "-c", ASKED], start_new_session=leads, capture_output=True, text=True, check=True
    )
    return answer.stdout.split()


@pytest.mark.req("J11")
@pytest.mark.skipif(not GROUP.exists(), reason="this kernel does not share processor time between sessions")
def test_a_process_that_leads_a_session_lowers_the_whole_session() -> None:
    """Niceness alone weighs only within a session: beside the service it would weigh nothing."""
    # without CAP_SYS_ADMIN the kernel takes one such word in a tenth of a second from the whole machine
    assert any(asked(leads=True) == ["15", "15"] for _ in range(5))


def test_a_process_in_the_session_of_another_lowers_only_itself() -> None:
    """The terminal, or the service that started it, stays as urgent as it was."""
    before = GROUP.read_text("ascii") if GROUP.exists() else ""
    assert asked(leads=False)[0] == "15"
    assert (GROUP.read_text("ascii") if GROUP.exists() else "") == before
