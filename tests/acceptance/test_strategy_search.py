"""Black box: what a search draws by default, and strategy files of the user."""

from __future__ import annotations

import shutil

import pytest

from tests.acceptance.project import ROOT, Project

EXAMPLE = ROOT / "examples" / "strategies" / "midweek_breakout.py"


@pytest.fixture
def project(tmp_path) -> Project:
    """An empty folder to type in."""
    return Project(tmp_path)


@pytest.mark.req("B03", "HZ02")
def test_ten_thousand_default_strategies_have_stops_of_fifteen_to_thirty_pips(project: Project) -> None:
    """0.0015 <= stop <= 0.003 of price under fx-tight, which is the default; 0.01 to 0.03 is never produced."""
    drawn = project.types("strategy", "generate", "-n", "10000", "--seed", "7", "--json")
    assert drawn.exit_code == 0, drawn.stderr
    assert drawn.document["preset"] == "fx-tight"
    stops = [one["params"]["exits"]["stop_pct"] for one in drawn.document["strategies"]]
    assert len(stops) == 10_000
    assert (min(stops), max(stops)) == (0.0015, 0.003)


@pytest.mark.req("B05")
def test_every_family_gives_strategies_with_a_stop_by_the_range(project: Project) -> None:
    """`--stop-mode atr`: in each family the stop is a multiple of the average true range, and of nothing else."""
    families = project.types("strategy", "families", "--json").document["families"]
    names = [one["family"] for one in families if one["up_to"] == "1d"]
    drawn = project.types("strategy", "generate", "-n", str(2 * len(names)), "--stop-mode", "atr", "--interval", "1d",
                          "--json").document["strategies"]  # fmt: skip
    assert sorted({one["family"] for one in drawn}) == sorted(names)
    for one in drawn:
        exits = one["params"]["exits"]
        assert exits["stop_mode"] == "atr"
        assert one["stop_loss"].startswith(f"{exits['stop_atr']:g} x ATR({exits['atr_period']})")


@pytest.mark.req("B02")
def test_a_family_of_the_user_is_listed_checked_and_searched(project: Project) -> None:
    """A file copied into the folder `strategies` is a family like any other; one that is broken stops the start."""
    (project.folder / "strategies").mkdir()
    shutil.copy(EXAMPLE, project.folder / "strategies")
    listed = project.types("strategy", "families", "--json").document["families"]
    assert "Midweek_Breakout" in [one["family"] for one in listed]
    checked = project.types("strategy", "check", "strategies/midweek_breakout.py", "--json")
    assert (checked.exit_code, checked.document["families"][0]["faults"]) == (0, [])
    drawn = project.types("strategy", "generate", "-n", "20", "--family", "Midweek_Breakout", "--json")
    assert len({one["spec_hash"] for one in drawn.document["strategies"]}) == 20
    (project.folder / "strategies" / "broken.py").write_text("def rule(:\n")
    refused = project.types("strategy", "generate", "-n", "20")
    assert refused.exit_code == 2
    assert "broken.py, line 1: SyntaxError" in refused.stderr.replace("\n", " ")
