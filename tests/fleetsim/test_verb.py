"""``tradewind simulate``: a run from the shell, its keys, its exit codes, and what it says of input it cannot use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli_runner import run_cli
from tradewind.adapters.steady_clock import SteadyClock
from tradewind.errors import Corrupt
from tradewind.fleetsim import seeds
from tradewind.fleetsim.faults import DEADLY, MENU, FaultKind, FaultMix, chosen
from tradewind.fleetsim.seeds import Kept, SeedResult, SeedRun, run_seed

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
        (("--seeds", "5..1"), "1..50"),
        (("--seeds", "1,1"), "each once"),
        (("--seeds", "1..3", "--shrink"), "--seed"),
        (("--keep", "here.jsonl"), "--seeds"),
    ],
)
def test_input_that_cannot_be_used_is_refused_with_what_can(asked: tuple[str, ...], says: str) -> None:
    """Exit 2 and the allowed values."""
    result = run_cli("simulate", *asked)
    assert result.exit_code == 2
    assert says in result.stderr


def test_one_seed_beside_many_is_refused_and_not_overlooked() -> None:
    """Whoever types both learns that only one of them can be meant."""
    result = run_cli("simulate", "--seeds", "1..2", "--seed", "3", "--days", "0.1")
    assert result.exit_code == 2
    assert "--seed 3 beside --seeds 1..2" in result.stderr


def test_many_seeds_are_one_command_and_what_is_kept_is_not_run_again(tmp_path: Path) -> None:
    """Results add up, each seed's is that of its own run, and a second call reads the file."""
    keep = tmp_path / "runs.jsonl"
    asked = ("simulate", "--days", "0.1", "--world", "two-markets", "--seeds", "4..5", "--keep", str(keep), "--json")
    first = run_cli(*asked)
    assert first.exit_code == 0, first.stderr
    document = first.document
    assert document["seeds"] == [4, 5]
    assert document["events"] == sum(one["events"] for one in document["runs"])
    assert list(document["faults_by_row"]) == list(MENU)
    alone = run_seed(SeedRun(5, 0.1, "two-markets", "all"))
    assert alone.state_hash == document["runs"][1]["state_hash"]
    lines = keep.read_bytes()
    keep.write_bytes(lines + lines[:40])  # the process died while it wrote the next one
    assert run_cli(*asked).document == document
    assert keep.read_bytes() == lines


def test_a_result_of_another_build_does_not_count(tmp_path: Path) -> None:
    """What an older program or another configuration showed is run again; a line that is none is told."""
    kept = Kept(tmp_path / "runs.jsonl", "1.0 abc")
    kept.add(run_seed(SeedRun(4, 0.1, "two-markets", "none")))
    assert kept.results() == {}
    (tmp_path / "runs.jsonl").write_text("{}\n")
    with pytest.raises(Corrupt, match="line 1"):
        kept.results()


def test_a_breach_of_one_seed_stops_no_other_and_is_exit_4(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seed that broke a law is named with the command that shows it again."""

    def told(one: SeedRun) -> SeedResult:
        broken = ("INV-01 something",) if one.seed == 2 else ()
        return SeedResult(one, "", broken, 365.0, 3, 1, {"FLT-04": 3}, 9, 8, 7, 6, 5, "", 36.0, 18.0)

    monkeypatch.setattr(seeds, "run_seed", told)
    many = run_cli("simulate", "--days", "365", "--seeds", "1..3", "--json")
    assert many.exit_code == 4
    assert many.document["violations"] == ["seed 2: INV-01 something"]
    assert (many.document["bot_years"], many.document["bot_years_per_cpu_hour"]) == (3.0, 200.0)
    shown = run_cli("simulate", "--days", "365", "--seeds", "1..3")
    assert "tradewind simulate --days 365 --seed 2" in shown.stdout


def test_a_broken_law_is_exit_4_with_a_seed_that_replays_and_the_fewest_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that believes its host's clock: the printed seed gives the same run again, and shrinks to a step."""
    monkeypatch.setattr(SteadyClock, "now", lambda self: self._clock.now())
    asked = ("simulate", "--days", "2", "--seed", "5", "--world", "two-markets", "--faults", "clock_step,chat_down")
    first = run_cli(*asked, "--shrink", "--json")
    assert first.exit_code == 4
    document = first.document
    assert document["violations"][0].split()[0] in ("INV-01", "INV-17")
    assert document["seed"] == 5
    assert len(document["minimal_faults"]) == 1 < document["faults"]
    assert document["minimal_faults"][0].startswith("clock_step")
    law = document["violations"][0].split()[0]
    assert any(one.startswith(law) for one in document["minimal_violations"])
    again = run_cli(*asked)
    assert again.exit_code == 4
    assert law in again.stdout
    assert "tradewind simulate --days 2 --seed 5 --faults clock_step,chat_down --world two-markets" in again.stdout
    repeated = run_cli(*asked, "--json").document
    assert (repeated["violations"], repeated["state_hash"]) == (document["violations"], document["state_hash"])
