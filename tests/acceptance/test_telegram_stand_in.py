"""Black box: the stand-in for Telegram as a server of its own, as somebody tries it who has no bot."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import pytest

from tests.acceptance.project import Project


@pytest.mark.req("N01", "N10")
def test_the_variables_that_the_stand_in_prints_lead_to_it(project: Project) -> None:
    """`telegram test` in another process delivers its three alerts there; what arrives is shown; Ctrl+C is exit 0."""
    project.configured("")
    process = subprocess.Popen(
        [sys.executable, "-m", "tradewind", "telegram", "stand-in", "--port", "0"], cwd=project.folder,
        env=project.variables({}), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "export" in line)
        given = dict(re.findall(r"([A-Z_]+)=(\S+)", line))
        ran = project.types_outside("telegram", "test", environment=given)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "All three arrived" in ran.stdout
        taken = project.types_outside("telegram", "stand-in", "--port", given["TELEGRAM_BASE_URL"].rpartition(":")[2])
        assert taken.returncode == 3
    finally:
        process.send_signal(signal.SIGINT)
        shown, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "showed 3 messages" in shown
