"""Black box: who is ranked, who is counted, how well they stand; at each bar just below, at and just above it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from msgspec.structs import replace

from tests.acceptance.project import Project
from tests.acceptance.test_strategy_book import generated
from tests.fakes.judged import NOW, SYMBOL, drawn, passed, refused
from tests.planted_market import MEMBERS as NEAR
from tests.planted_market import market, project_at
from tests.unit.ledger.trials import START, look
from tradewind.adapters.ledger.trial_ledger import TrialLedger
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.model.strategy import Judgement
from tradewind.model.timeframe import DAY
from tradewind.model.trial import Look
from tradewind.validation.significance import wilson

MEMBERS = drawn(101)
BARS = ("--min-confidence", "50", "--min-trades", "1", "--limit", "100")


def judged(project: Project, *judgements: Judgement) -> dict[str, str]:
    """Enters strategies and what became of them, as research does; ``spec hash -> id``."""
    with StrategyBook.open(project.folder / "data" / "tradewind.db", NOW) as book:
        book.add(MEMBERS, NOW, symbol=SYMBOL, asset_class="fx")
        book.judge(judgements, NOW)
        return {one.spec_hash: one.id for one in book.select()}


def listed(project: Project, *words: str) -> list[dict[str, Any]]:
    ran = project.types("strategy", "list", *words, "--json")
    assert ran.exit_code == 0, ran.stdout
    return ran.document["strategies"]


@pytest.mark.req("B09", "HZ26")
@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (BARS, {"at", "above", "few", "enough", "more", "lucky"}),
        (
            ("--min-confidence", "49.99", "--min-trades", "1"),
            {"below", "at", "above", "few", "enough", "more", "lucky"},
        ),
        (("--min-confidence", "50.01", "--min-trades", "1"), {"above", "few", "enough", "more", "lucky"}),
        (("--min-trades", "29"), {"at", "above", "few", "enough", "more"}),
        (("--min-trades", "30"), {"at", "above", "enough", "more"}),
        (("--min-trades", "31"), {"at", "above", "more"}),
        (("--min-trades", "2"), {"at", "above", "few", "enough", "more"}),
        ((), {"at", "above", "enough", "more"}),
    ],
    ids=["as asked", "49.99%", "50.01%", "29 trades", "30 trades", "31 trades", "2 trades", "default"],
)
def test_each_bar_of_the_ranking_lets_in_what_reaches_it(project: Project, words: tuple[str, ...], kept: set) -> None:
    """Equality passes, the next smaller number does not, and the order is that of the lower Wilson bound."""
    book = {
        "below": passed(MEMBERS[0], confidence=0.49999), "at": passed(MEMBERS[1], confidence=0.5),
        "above": passed(MEMBERS[2], confidence=0.50011), "few": passed(MEMBERS[3], 29, 20),
        "enough": passed(MEMBERS[4], 30, 20), "more": passed(MEMBERS[5], 31, 20), "lucky": passed(MEMBERS[6], 1, 1),
    }  # fmt: skip
    ids = judged(project, *book.values())
    names = {ids[one.spec_hash]: name for name, one in book.items()}
    found = listed(project, *words)
    assert {names[one["id"]] for one in found} == kept
    bounds = [one["win_rate_low"] for one in found]
    assert bounds == sorted(bounds, reverse=True)
    assert bounds == [pytest.approx(wilson(one["wins"], one["trades"])[0]) for one in found]
    assert names[found[-1]["id"]] == "lucky" or "lucky" not in kept


@pytest.mark.req("HZ26")
def test_the_smallest_number_of_trades_is_that_of_the_preset(project: Project) -> None:
    """30 by default; the preset `source` lets a single trade in, and it stands last."""
    judged(project, passed(MEMBERS[0], 1, 1), passed(MEMBERS[1], 30, 17), passed(MEMBERS[2], 29, 20))
    assert [one["trades"] for one in listed(project)] == [30]
    project.configured('preset = "source"\n')
    assert [one["trades"] for one in listed(project)] == [29, 30, 1]


@pytest.mark.req("B09", "B11")
@pytest.mark.parametrize(("validated", "short"), [(99, 1), (100, 0), (101, 0)])
def test_a_hundred_are_asked_for_counted_and_never_padded(project: Project, validated: int, short: int) -> None:
    """99: one short, said; 100: none; 101: none, and the ranking still ends at a hundred unless more are asked for."""
    judged(project, *(passed(one) for one in MEMBERS[:validated]))
    ran = project.types("strategy", "list", "--json")
    assert ran.document["population"] == {"validated": validated, "target": 100, "short": short}
    assert ran.document["counts"]["validated"] == validated
    assert len(ran.document["strategies"]) == min(validated, 100)
    assert len(listed(project, "--limit", "101")) == validated
    assert len(listed(project, "--limit", "99")) == 99
    assert project.rows("SELECT count(*) FROM strategies WHERE status = 'validated'") == [[validated]]
    assert (f"{short} short of the 100" in project.types("strategy", "list").stdout) is bool(short)


@pytest.mark.req("B11")
def test_what_was_switched_off_or_never_judged_does_not_count(project: Project) -> None:
    """Disabled, refused and candidate strategies fill no place."""
    ids = judged(project, *(passed(one) for one in MEMBERS[:100]), refused(MEMBERS[100]))
    assert project.types("strategy", "disable", ids[passed(MEMBERS[3]).spec_hash]).exit_code == 0
    ran = project.types("strategy", "list", "--json").document
    assert ran["population"] == {"validated": 99, "target": 100, "short": 1}
    assert (ran["counts"]["disabled"], ran["counts"]["rejected"], len(ran["strategies"])) == (1, 1, 99)


LOW = wilson(130, 200)[0]
TODAY = time.time_ns()


@pytest.mark.req("B14")
@pytest.mark.parametrize(
    ("component", "changed", "expected"),
    [
        ("evidence", {"trades": 99, "wins": 64}, 99.0),
        ("evidence", {"trades": 100, "wins": 65}, 100.0),
        ("evidence", {"trades": 101, "wins": 65}, 100.0),
        ("evidence", {"trades": 1, "wins": 1}, 1.0),
        ("margin", {"breakeven": LOW - 0.1001}, 100.0),
        ("margin", {"breakeven": LOW - 0.0999}, 99.95),
        ("margin", {"breakeven": LOW}, 50.0),
        ("margin", {"breakeven": LOW + 0.0999}, 0.05),
        ("margin", {"breakeven": LOW + 0.1001}, 0.0),
        ("decay", {"retention": 0.6999}, 0.0),
        ("decay", {"retention": 0.7003}, 0.1),
        ("decay", {"retention": 0.9997}, 99.9),
        ("decay", {"retention": 1.2}, 100.0),
        ("drawdown_room", {"max_drawdown": 0.0}, 100.0),
        ("drawdown_room", {"max_drawdown": 0.2475}, 1.0),
        ("drawdown_room", {"max_drawdown": 0.2525}, 0.0),
        ("recency", {"until": TODAY - 29 * DAY}, 100.0),
        ("recency", {"until": TODAY - 365 * DAY + 335 * DAY // 100}, 1.0),
        ("recency", {"until": TODAY - 366 * DAY}, 0.0),
    ],
)
def test_each_component_of_health_ends_where_the_page_says(
    project: Project, component: str, changed: dict, expected: float
) -> None:
    """0 to 100, clipped at both ends; the score is the weighted mean of those that are known."""
    one = passed(MEMBERS[0], **({"trades": 200, "wins": 130, "until": TODAY} | changed))
    judged(project, one)
    (found,) = project.types("strategy", "health", "--json").document["strategies"]
    assert found["components"][component] == pytest.approx(expected, abs=0.01)
    assert all(0 <= part <= 100 for part in found["components"].values())
    mean = sum(found["weights"][name] * part for name, part in found["components"].items())
    assert found["score"] == pytest.approx(mean / sum(found["weights"].values()))
    assert found["missing"] == []


@pytest.mark.req("B14")
def test_without_evidence_or_margin_there_is_no_score(project: Project) -> None:
    """A dash, not a praise of what is known by chance."""
    judged(project, passed(MEMBERS[0], breakeven=None))
    (found,) = project.types("strategy", "health", "--json").document["strategies"]
    assert (found["score"], found["missing"]) == (None, ["margin"])


@pytest.mark.req("X03")
def test_every_spec_that_was_ever_generated_is_listed_and_cannot_be_taken_out(project: Project) -> None:
    """Drawn twice, refused, switched off, of another interval: all of them, each once; no statement deletes one."""
    drawn_here = [
        *generated(project, "-n", "300", "--seed", "1")["strategies"],
        *generated(project, "-n", "300", "--seed", "1")["strategies"],
        *generated(project, "-n", "200", "--seed", "2", "--timeframe", "4h")["strategies"],
    ]
    project.types("strategy", "disable", drawn_here[0]["id"])
    everything = listed(project, "--all")
    assert {one["spec_hash"] for one in everything} == {one["spec_hash"] for one in drawn_here}
    assert len(everything) == 500
    for statement in ("DELETE FROM strategies", "UPDATE strategies SET reason = ''", "DROP TABLE strategies"):
        assert project.types("db", "sql", statement).exit_code == 2
    assert len(listed(project, "--all")) == 500


NEXT = 1_600_000_000_000_000_000 + (900 + 220) * DAY


@pytest.mark.req("X04")
@pytest.mark.parametrize(
    ("second", "opening", "stamped"),
    [
        (replace(look(2), start=NEXT, end=NEXT + DAY), "job-2", False),
        (replace(look(2), start=NEXT - 1, end=NEXT + DAY), "job-2", True),
        (replace(look(2), start=START, end=look().start), "job-2", False),
        (replace(look(2), start=START, end=look().start + 1), "job-2", True),
        (look(1), "job-2", True),
        (look(1), "job-1", False),
        (look(2), "job-1", False),
        (look(2, family="RSI_Reversion"), "job-2", False),
        (look(2, symbol="GBP/USD"), "job-2", False),
        (look(2, timeframe="4h"), "job-2", False),
        (look(2, data_hash="e" * 64), "job-2", True),
    ],
    ids=["begins at its end", "a moment earlier", "ends at its start", "a moment later", "the same strategy again",
         "the same job resumed", "the same job", "another family", "another pair", "another interval", "other data"],
)  # fmt: skip
def test_a_second_read_is_stamped_exactly_where_it_overlaps(
    project: Project, second: Look, opening: str, stamped: bool
) -> None:
    """Any part of the window, by the same family, in another job; data that were bought anew make no new window."""
    with TrialLedger(project.folder / "data" / "trials.ledger") as ledger:
        ledger.record_look([look(1)], opening="job-1", now=START)
        ledger.record_look([second], opening=opening, now=START)
    ran = project.types("strategy", "ledger", "--json")
    assert ran.exit_code == 0
    assert ran.document["contaminated"] == int(stamped)
    assert ran.document["looks"][0]["contaminated"] is False
    assert ran.document["looks"][-1]["contaminated"] is stamped


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A SIMULATED market with an edge in it, and a dozen strategies that went through `validate`."""
    project = Project(project_at(tmp_path_factory.mktemp("ranked"), market(), NEAR[:12]))
    ran = project.types("validate", "--seed", "7", "--json")
    assert ran.exit_code == 0, ran.stderr
    return project


@pytest.mark.req("B08", "X03")
def test_what_was_validated_has_every_attribute_and_what_was_not_has_its_reason(proven: Project) -> None:
    """By the verb itself, for every strategy of the book."""
    everything = listed(proven, "--all")
    assert len(everything) == 12
    validated = [one for one in everything if one["status"] == "validated"]
    assert 0 < len(validated) < 12
    for one in everything:
        shown = proven.types("strategy", "show", one["id"], "--json").document
        assert (shown["status"] == "validated") is (shown["verdict"] == "PASS") is (shown["reason"] == "")
        if one in validated:
            for key in ("id", "name", "win_rate", "profit_factor", "sharpe_ratio", "confidence", "trades", "breakeven",
                        "expectancy_r", "max_drawdown", "verdict_path", "verdict_hash"):  # fmt: skip
                assert shown[key] is not None, (one["id"], key)
            assert shown["win_rate"] == pytest.approx(shown["wins"] / shown["trades"])
            assert shown["win_rate_low"] == pytest.approx(wilson(shown["wins"], shown["trades"])[0])
            assert (proven.folder / shown["verdict_path"]).is_file()


@pytest.mark.req("B12", "B14")
def test_a_proven_strategy_has_a_health_and_loses_its_place_while_it_is_switched_off(proven: Project) -> None:
    ranked = listed(proven, *BARS)
    health = proven.types("strategy", "health", "--json").document["strategies"]
    assert {one["id"] for one in health} >= {one["id"] for one in ranked}
    assert all(0 <= one["score"] <= 100 for one in health)
    first = ranked[0]["id"]
    assert proven.types("strategy", "disable", first, "--reason", "drift").exit_code == 0
    left = proven.types("strategy", "list", *BARS, "--json").document.get("strategies", [])
    assert [one["id"] for one in left] == [one["id"] for one in ranked[1:]]
    assert proven.types("strategy", "enable", first, "--json").document["status"] == "validated"
    assert [one["id"] for one in listed(proven, *BARS)] == [one["id"] for one in ranked]
