"""Black box: the page about a proven strategy, about a refused one, and about everything that was judged."""

from __future__ import annotations

import pytest

from tests.acceptance.project import Project
from tests.planted_market import MEMBERS, market, project_at
from tests.unit.html_report.test_page import parsed


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project in which everything was validated once."""
    made = Project(project_at(tmp_path_factory.mktemp("report"), market(), MEMBERS[:10]))
    assert made.types("validate", "--seed", "7", "--json").exit_code == 0
    return made


def of_status(project, status):
    found = project.types("strategy", "list", "--all", "--json").document["strategies"]
    return next(one for one in found if one["status"] == status)


def words_of(project, path):
    return " ".join(parsed((project.folder / path).read_text(encoding="utf-8")).words)


@pytest.mark.req("D23", "C05", "C07", "X05")
def test_the_page_of_a_proven_strategy_shows_its_whole_proof(project):
    """Both profiles, all windows with dates, folds, the search it came from, costs; twice the same bytes."""
    one = of_status(project, "validated")
    ran = project.types("report", one["id"], "--json")
    assert ran.exit_code == 0
    text = words_of(project, ran.document["path"])
    for part in ("APPROVED (PASS)", "Profile source", "Profile honest (decides)", "sealed.dsr", "Walk forward",
                 "Annual Sharpe ratio of every trial", "Probability of backtest overfitting", "Cost stress and delay",
                 "Random entry", one["verdict_hash"], "SIMULATED prices", "The sealed window begins on"):  # fmt: skip
        assert part in text, part
    first = (project.folder / ran.document["path"]).read_bytes()
    project.types("report", one["id"])
    assert (project.folder / ran.document["path"]).read_bytes() == first
    assert ran.document["searches"][0]["trials"] == 10
    assert ran.document["searches"][0]["chosen"][0][0] == one["id"]


@pytest.mark.req("X20")
def test_the_page_of_a_refused_strategy_leaves_its_sealed_window_unread(project):
    """What was missed first is the first thing said, and nothing of the sealed window is on the page."""
    found = project.types("strategy", "list", "--all", "--json").document["strategies"]
    one = next(row for row in found if row["status"] == "rejected" and row["trades"] is None)
    ran = project.types("report", one["id"], "--json")
    assert any(line.startswith("First missed: train.") for line in ran.document["findings"])
    text = words_of(project, ran.document["path"])
    assert "The sealed window was not opened and is not shown." in text
    assert "REJECTED (FAIL): no edge found." in text


@pytest.mark.req("X20", "D09")
def test_the_page_of_everything_says_how_many_came_how_far(project, tmp_path):
    """Counts after every stage; on noise it says that no edge was found, and before any verdict that there is none."""
    ran = project.types("report", "--json")
    counts = {one["stage"]: one for one in ran.document["funnel"]["Profile honest"]}
    assert counts["train"]["entered"] == 10
    assert "walk_forward" in counts
    assert "passed every honest gate." in words_of(project, ran.document["path"])
    noise = Project(project_at(tmp_path / "noise", market(None, 5), MEMBERS[:6]))
    assert noise.types("report", "--json").exit_code == 3
    assert noise.types("validate", "--json").exit_code == 4
    empty = noise.types("report", "--json")
    assert empty.exit_code == 0
    assert empty.document["findings"] == ["No edge found: none of 6 strategies passed the gates."]


def test_a_strategy_that_was_never_judged_has_a_page_that_says_so(tmp_path):
    """It can be looked at before the seal, and nothing on the page calls it proven."""
    project = Project(project_at(tmp_path / "early", market(bars=12_000), MEMBERS[:4]))
    one = of_status(project, "candidate")
    ran = project.types("report", one["id"], "-o", "page.html", "--json")
    assert ran.document["path"] == "page.html"
    assert ran.document["findings"][0].startswith("Not judged yet")
    assert "APPROVED" not in words_of(project, "page.html")
    assert not (project.folder / "data" / "trials.ledger").exists()


@pytest.mark.req("X20", "X02")
def test_the_page_of_a_research_job_says_what_was_searched_and_that_nothing_was_found(tmp_path):
    """Every trial is in the picture, the nearest one marked; an unfinished job is called unfinished."""
    project = Project(project_at(tmp_path / "job", market(None, 5), ()))
    assert project.types("report", "--job", "newest", "--json").exit_code == 3
    words = ("research", "-n", "60", "-p", "BTC/USDT", "--seed", "4", "--json")
    project.types(*words, "--stage", "search")
    early = project.types("report", "--job", "newest", "--json").document
    assert early["findings"] == ["Not finished: BTC/USDT not judged yet."]
    assert project.types(*words).exit_code == 4
    ran = project.types("report", "--job", "newest", "--json")
    assert ran.exit_code == 0
    assert ran.document["findings"] == ["No edge found: none of 60 strategies passed the gates."]
    (search,) = ran.document["searches"]
    assert search["trials"] <= 60
    assert search["chosen"][0][0].startswith("nearest: ")
    (counts,) = ran.document["funnel"].values()
    assert [one["stage"] for one in counts][:3] == ["windows", "train", "trade alike no other"]
    assert counts[0]["entered"] == 60
    assert "REJECTED" in words_of(project, ran.document["path"])
    assert project.types("report", "X_1h_v1", "--job", "newest", "--json").exit_code == 2
    place = project.folder / ran.document["path"]
    before = place.read_bytes()
    for words in (("--job", ""), ("--job", "newest", "-o", ""), ("--job", "newest", "-o", str(place.parent))):
        refused = project.types("report", *words, "--json")
        assert refused.exit_code == 2, refused.stderr
        assert refused.document["error"]["where"] in ("--job", "--output")
    assert place.read_bytes() == before


@pytest.mark.req("D24")
def test_verdicts_of_another_project_count_as_none_and_stop_no_page(tmp_path):
    """The key was replaced: the page says not judged, a warning says why, and there is nothing to report in all."""
    project = Project(project_at(tmp_path / "moved", market(bars=12_000), MEMBERS[:4]))
    project.types("validate", "--json")
    name = of_status(project, "candidate")["id"]
    key = project.folder / "data" / "verdict.key"
    key.write_text("ab" * 32 + "\n")
    ran = project.types("report", name, "--json")
    assert ran.exit_code == 0
    assert ran.document["findings"][0].startswith("Not judged yet")
    assert "does not count: " in ran.stderr
    whole = project.types("report", "--json")
    assert whole.exit_code == 3
    assert "others likewise" in whole.stderr
    refused = project.types("baseline", "freeze", name, "--json")
    assert (refused.exit_code, "no verdict that counts" in refused.document["error"]["message"]) == (4, True)
