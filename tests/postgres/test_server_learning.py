"""Outcomes, checks and choices on a server: the same rows as in a file, found whole, shown by the same verbs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.test_learning import RUN, SETTINGS
from tests.parity.conftest import run_in
from tradewind.adapters.store.seat import PostgresSeat

HOURS = "250"


@pytest.mark.req("H17", "R08")
def test_what_was_learnt_is_the_same_on_a_server_as_in_a_file(
    seat: PostgresSeat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drift report and selector are equal documents, and the tables follow from the journal."""
    lite, folder = tmp_path / "lite", tmp_path / "pg"
    shown = []
    for place in (lite, folder):
        place.mkdir()
        (place / "tradewind.toml").write_text(SETTINGS, encoding="utf-8")
        if place is folder:
            monkeypatch.setenv("DB_URL", seat.url)
        done = run_in(place, *RUN, "--iterations", HOURS)
        assert done.exit_code == 0, done.stderr
        shown.append(
            [
                run_in(place, *verb, "--json").document
                for verb in (("drift", "report"), ("selector", "state", "BTC/USDT"))
            ]
        )
    assert shown[0] == shown[1]
    assert shown[0][0]["strategies"]
    assert shown[0][1]["choices"]
    assert run_in(folder, "db", "check").exit_code == 0
