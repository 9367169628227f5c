"""``tradewind simulate``: a run from the shell, its keys, its exit codes, and what it says of input it cannot use."""

from __future__ import annotations

import pytest

from tests.cli_runner import run_cli
from tradewind.fleetsim.faults import DEADLY, MENU, FaultKind, FaultMix, chosen

KEYS = ("violations", "faults", "restarts", "faults_by_row", "invariants_checked", "events", "bot_years_per_hour")


def test_a_run_from_the_shell_names_its_faults_by_row_and_is_the_same_again() -> None:
    """All keys are there, every row of the menu is listed, and the seed repeats every event."""
    first, second = (run_cli("simulate", "--days", "0.3", "--seed", "5", "--json") for _ in range(2))
    assert first.exit_code == 0, first.stderr
    document = first.document
    assert set(KEYS) <= set(document)
    assert document["violations"] == []
    assert document["simulated"] is True
    assert list(document["faults_by_row"]) == list(MENU)
    assert document["faults"] >= 10
    assert document["restarts"] >= 1
    assert document["state_hash"] == second.document["state_hash"]


def test_a_menu_of_rows_and_kinds_is_all_that_strikes() -> None:
    """A row stands for its kinds; what was not asked for does not happen."""
    mix = chosen("FLT-04, power_cut", FaultMix())
    assert set(mix.kinds) == {FaultKind.DUPLICATE, FaultKind.REORDER, FaultKind.LATE_CORRECTION}
    assert mix.deaths == (FaultKind.POWER_CUT,)
    assert chosen("none", FaultMix()).kinds == ()
    assert chosen("all", FaultMix()).deaths == DEADLY


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("--faults", "FLT-99"), "FLT-04"),
        (("--days", "0"), "0.1 to 3660"),
        (("--days", "nan"), "0.1 to 3660"),
        (("--world", "moon"), "bot-year"),
        (("--seed", "-1"), "--seed"),
    ],
)
def test_input_that_cannot_be_used_is_refused_with_what_can(asked: tuple[str, ...], says: str) -> None:
    """Exit 2 and the allowed values."""
    result = run_cli("simulate", *asked)
    assert result.exit_code == 2
    assert says in result.stderr
