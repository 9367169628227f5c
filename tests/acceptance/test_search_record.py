"""Black box: what a search leaves behind, in the book and in the ledger, when it is typed as `tradewind research`."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.acceptance.project import Project
from tests.planted_market import SYMBOL, market
from tradewind.model.timeframe import DAY

RESEARCH = ("research", "-p", SYMBOL, "-n", "40", "--json")


class Searched(NamedTuple):
    """A project after two searches over the same SIMULATED bars with other seeds, and what was printed."""

    project: Project
    first: dict[str, Any]
    second: dict[str, Any]
    ledger: dict[str, Any]
    book: list[dict[str, Any]]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Searched:
    project = Project(tmp_path_factory.mktemp("searched"))
    project.imports(market(), SYMBOL)
    documents = [project.types(*RESEARCH, "--seed", seed).document for seed in ("1", "2")]
    ledger = project.types("strategy", "ledger", "--json").document
    return Searched(project, *documents, ledger, book_of(project))


def book_of(project: Project) -> list[dict[str, Any]]:
    return project.types("strategy", "list", "--all", "--json").document["strategies"]


@pytest.mark.req("X03", "B01")
def test_every_strategy_of_a_search_is_in_the_book_with_what_became_of_it(searched: Searched) -> None:
    """80 trials are 80 rows: proven ones with their verdict, all the others with the reason, none without either."""
    assert searched.first["trials"] == searched.second["trials"] == 40
    assert len({one["spec_hash"] for one in searched.book}) == len(searched.book) == 80
    for one in searched.book:
        assert one["status"] in ("validated", "rejected", "candidate")
        assert bool(one["reason"]) is (one["status"] != "validated"), one["id"]
        assert one["symbol"] == SYMBOL
    approved = {*searched.first["approved"], *searched.second["approved"]}
    assert {one["id"] for one in searched.book if one["status"] == "validated"} == approved
    assert searched.ledger["trials"] == 80


@pytest.mark.req("B11", "B08")
def test_the_population_is_what_passed_and_not_one_more(searched: Searched) -> None:
    """Also where that is a handful: said, and never padded with what is nearly good."""
    ran = searched.project.types("strategy", "list", "--min-trades", "1", "--json")
    approved = len(searched.first["approved"]) + len(searched.second["approved"])
    assert approved > 0, "the planted edge was not found"
    assert ran.document["population"] == {"validated": approved, "target": 100, "short": 100 - approved}
    for one in ran.document["strategies"]:
        assert None not in [one[key] for key in ("win_rate", "profit_factor", "sharpe_ratio", "confidence", "trades")]


@pytest.mark.req("X04", "C07")
def test_every_sealed_window_that_was_opened_is_a_row_and_a_second_read_is_stamped(searched: Searched) -> None:
    """As many rows as windows; a family that had read before, by name or by rule, proves nothing there any more."""
    opened = [one["symbols"][0]["proof"]["opened"] for one in (searched.first, searched.second)]
    rows = searched.ledger["looks"]
    assert len(rows) == sum(opened)
    assert min(opened) > 0
    before = {one["look"]["family"] for one in rows[: opened[0]]}
    assert [one["contaminated"] for one in rows[: opened[0]]] == [False] * opened[0]
    later = rows[opened[0] :]
    again = [one["contaminated"] for one in later]
    assert all(one["contaminated"] for one in later if one["look"]["family"] in before)
    relatives = [one for one in later if one["contaminated"] and one["look"]["family"] not in before]
    assert all("whose rule compares" in one["reason"] or "which trades as" in one["reason"] for one in relatives)
    assert any(again)
    assert not all(again)
    assert searched.ledger["contaminated"] == sum(again)
    found = {one["spec_hash"]: one for one in searched.book}
    for one in rows:
        assert one["look"]["end"] - one["look"]["start"] >= 184 * DAY
        if one["contaminated"]:
            judged = found[one["look"]["spec_hash"]]
            assert judged["status"] != "validated"
            assert "look" in judged["reason"]


@pytest.mark.req("X04")
def test_the_ledger_outlives_the_database_and_the_same_search_again_is_no_second_trial(searched: Searched) -> None:
    """Typed again: nothing is counted twice. Deleted book: the trials and the looks are known all the same."""
    project = searched.project
    again = project.types(*RESEARCH, "--seed", "1").document
    assert again["approved"] == searched.first["approved"]
    assert project.types("strategy", "ledger", "--json").document["head"] == searched.ledger["head"]
    kept = project.folder / "data" / "tradewind.db"
    away = project.folder / "away.db"
    kept.rename(away)
    try:
        found = project.types("strategy", "ledger", "--json").document
        assert (found["trials"], len(found["looks"])) == (80, len(searched.ledger["looks"]))
    finally:
        away.rename(kept)
