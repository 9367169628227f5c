"""A run of a few closes, for a first look and for scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parity.conftest import run_in


@pytest.mark.req("H02")
def test_a_run_bounded_to_three_iterations_ends_after_exactly_three_closes(stored_market: Path, tmp_path: Path) -> None:
    """`--mode dryrun --iterations 3`: exit 0, three closes, no order; three more the next time."""
    words = (
        "run",
        "--allow-unproven",
        "--feed",
        "replay",
        "--mode",
        "dryrun",
        "--iterations",
        "3",
        "--store",
        str(tmp_path / "run.db"),
    )
    first, second = (run_in(stored_market, *words, "--json") for _ in range(2))
    for ran in (first, second):
        assert ran.exit_code == 0, ran.stderr
        assert (ran.document["loop"]["steps"], ran.document["loop"]["stopped"]) == (3, "iterations")
        assert ran.document["counts"]["trades"] == 0
    assert second.document["recovery"]["head_seq"] == first.document["head_seq"]
    assert second.document["loop"]["last_ts"] > first.document["loop"]["last_ts"]
