"""Black box: nothing speaks unless it is proven. What is on file decides, and whatever is refused says why."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.acceptance.project import Project, simulated
from tests.cli_runner import Ran
from tests.fakes.judged import NOW, evidence
from tests.fakes.proofs import ISSUED, prove, verdict_of
from tests.gate_evidence import window
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.features.rule import Member, spec_hash
from tradewind.model.strategy import Judgement, StrategyStatus
from tradewind.model.timeframe import Timeframe
from tradewind.research.verdict import sign
from tradewind.strategies import default_members

RUN = ("run", "--feed", "replay", "-p", "BTC/USDT", "-i", "1h", "--execution", "paper")
FAILED = {"window": window(150, 250)}
QUIET = ("--quiet", "--json")
BTC = "BTC/USDT"
EVERYBODY = default_members([Timeframe.H1])
LOUD = tuple(one for one in EVERYBODY if one.family in ("Donchian_Breakout", "Channel_Breakout", "EMA_Crossover"))
OPEN = """
[filters]
enabled = []
[ensemble]
quorum = 1
min_agreement = 0.5
min_confidence = 0.1
min_record = 2
"""


@pytest.fixture
def desk(own_market: Project) -> Project:
    """SIMULATED candles and thresholds under which somebody who is heard is soon heard of."""
    return own_market.configured(OPEN)


def refused(ran: Ran, *said: str) -> None:
    assert ran.exit_code == 4, ran.stderr
    assert ran.stdout == ""
    for words in ("so none may speak", "no bar is lowered", "tradewind research", *said):
        assert words in ran.stderr, ran.stderr


def voters(project: Project, where: str = "1") -> set[str]:
    return {name for one in project.decisions(where) for name in (one.get("consensus") or {}).get("voters", ())}


def outputs(project: Project) -> list[dict[str, Any]]:
    rows = project.rows("SELECT outputs FROM journal ORDER BY seq")
    return [one for (text,) in rows for one in json.loads(text)]


@pytest.mark.req("B10", "D24")
def test_an_empty_pool_refuses_to_run_and_to_signal_and_names_the_command(own_market: Project) -> None:
    """Exit 4, what was looked for, the next command; nothing is created, and why still explains the bar."""
    refused(own_market.types(*RUN), "no strategy is proven on BTC/USDT", "verdicts on file: 0", "strategy book: 0")
    refused(own_market.types("signal", BTC), "no strategy is proven on BTC/USDT")
    assert not (own_market.folder / "data" / "tradewind.db").exists()
    document = own_market.types(*RUN, "--json").document["error"]
    assert (document["type"], document["exit_code"]) == ("Rejected", 4)
    assert "tradewind research" in document["next_step"]
    chain = own_market.types("why", BTC, "--json").document["chain"]
    assert [one["code"] for one in chain["decision"]["reasons"]] == ["nothing_proven"]
    assert all(one["unheard"] for one in chain["members"])
    assert "a strategy has to be proven before it is heard" in own_market.types("why", BTC).stdout


@pytest.mark.req("B10")
def test_the_refusal_tells_what_the_book_holds_and_who_came_nearest(desk: Project) -> None:
    """Counts by status, and the three best by the Wilson bound with the reason each was refused for."""
    with StrategyBook.open(desk.folder / "data" / "tradewind.db", NOW) as book:
        book.add(LOUD, NOW, symbol=BTC, asset_class="crypto")
        book.judge(
            [
                Judgement(spec_hash=spec_hash(one), symbol=BTC, status=StrategyStatus.REJECTED, verdict="FAIL",
                          reason=f"FAIL: reason {place}; more", evidence=evidence(200, 100 + place))
                for place, one in enumerate(LOUD)
            ],
            NOW,
        )  # fmt: skip
    ran = desk.types(*RUN)
    best = LOUD[-1].id
    refused(ran, f"strategy book: {len(LOUD)} strategies ({len(LOUD)} rejected)", f"nearest: {best} on BTC/USDT")
    assert f"reason {len(LOUD) - 1}" in ran.stderr
    assert ran.stderr.count("nearest:") == 3
    assert "; more" not in ran.stderr


def test_who_came_nearest_on_simulated_bars_is_said_to_have(desk: Project) -> None:
    """Rule: a win rate of SIMULATED bars is labelled in the refusal as well."""
    prove(desk.folder, LOUD[-1:], BTC)
    with StrategyBook.open(desk.folder / "data" / "tradewind.db", NOW) as book:
        book.add(LOUD, NOW, symbol=BTC, asset_class="crypto")
        status, shown = StrategyStatus.REJECTED, evidence(200, 120)
        book.judge([Judgement(spec_hash=spec_hash(LOUD[-1]), symbol=BTC, status=status, verdict="FAIL",
                              reason="FAIL: later", evidence=shown)], NOW)  # fmt: skip
    refused(desk.types(*RUN), f"nearest: {LOUD[-1].id} on BTC/USDT SIMULATED")


def booked(project: Project, confidence: float) -> None:
    """Every loud strategy validated in the book with that confidence, its verdict on file."""
    prove(project.folder, LOUD, BTC)
    with StrategyBook.open(project.folder / "data" / "tradewind.db", NOW) as book:
        book.add(LOUD, NOW, symbol=BTC, asset_class="crypto")
        book.judge(
            [
                Judgement(spec_hash=spec_hash(one), symbol=BTC, status=StrategyStatus.VALIDATED, verdict="PASS",
                          verdict_path="x", verdict_hash="ab", evidence=evidence(200, 130, confidence=confidence))
                for one in LOUD
            ],
            NOW,
        )  # fmt: skip


@pytest.mark.req("B10")
@pytest.mark.parametrize(
    ("confidence", "starts", "warned"), [(0.5, True, False), (0.45, True, True), (0.39, False, True)]
)
def test_fifty_then_forty_then_a_refusal(desk: Project, confidence: float, starts: bool, warned: bool) -> None:
    """A book with only 45s starts with a warning; below 40 the run refuses, and nothing lowers the bar further."""
    booked(desk, confidence)
    ran = desk.types(*RUN, "--iterations", "300", "--quiet")
    if not starts:
        refused(ran, "no validated strategy", "40%")
        return
    assert ran.exit_code == 0, ran.stderr
    assert ("the bar was lowered to 40%" in ran.stderr) is warned


@pytest.mark.req("D24", "HZ18")
def test_only_the_proven_are_heard_and_the_others_vote_in_the_shadow(desk: Project) -> None:
    """Voters of every decision are among the proven; votes and outcomes of the others are in the journal, unsized."""
    prove(desk.folder, LOUD, BTC)
    ran = desk.types(*RUN, *QUIET)
    assert ran.exit_code == 0, ran.stderr
    assert (ran.document["unproven"], ran.document["counts"]["signals"] > 10) == (False, True)
    assert (ran.document["heard"], ran.document["in_shadow"]) == (len(LOUD), len(EVERYBODY) - len(LOUD))
    names = {one.id for one in LOUD}
    assert voters(desk)
    assert voters(desk) <= names
    shadow = [one for one in outputs(desk) if one["type"].startswith("shadow")]
    heard = {name for one in shadow for name in one.get("votes", {})} | {
        one["member"] for one in shadow if "member" in one
    }
    assert heard == {one.id for one in EVERYBODY} - names
    assert {one["type"] for one in shadow} == {"shadow_votes", "shadow_outcome"}
    assert all("lots" not in one for one in shadow)
    assert {row[0] for row in desk.rows("SELECT DISTINCT stamp FROM signals")} == {"SIMULATED"}
    assert "UNPROVEN" not in desk.types("status").stdout
    verified = desk.types("replay", "--verify", "--json")
    assert (verified.exit_code, verified.document["run"]["byte_equal"]) == (0, True)
    assert desk.types("db", "check").exit_code == 0


def test_fewer_proven_than_the_quorum_asks_for_are_told_to_be_too_few(own_market: Project) -> None:
    """Nobody wonders for weeks why no signal comes."""
    prove(own_market.folder, LOUD[:1], BTC)
    ran = own_market.types(*RUN, "--iterations", "3", "--quiet")
    assert ran.exit_code == 0
    assert "1 heard on BTC/USDT, ensemble.quorum asks for 2: no signal can come" in ran.stderr
    prove(own_market.folder, LOUD[:2], BTC)
    ran = own_market.types(*RUN, "--iterations", "3", "--quiet", "--store", "two.db")
    assert "quorum" not in ran.stderr


@pytest.mark.req("HZ18")
def test_a_timeframe_that_was_not_validated_is_not_spoken_on(desk: Project) -> None:
    """Validated on 1h, asked to decide on 4h: refused, naming both."""
    prove(desk.folder, LOUD, BTC)
    desk.configured(OPEN + '[timeframes]\nintervals = [{ interval = "4h", weight = 1 }]\n')
    ran = desk.types("run", "--feed", "replay", "-p", BTC)
    refused(ran, "was validated on 1h, not on 4h", f"verdicts on file: {len(LOUD)}")


@pytest.mark.req("HZ18")
def test_another_class_of_instruments_is_not_spoken_on(desk: Project) -> None:
    """Validated on a currency pair: nothing on BTC; on another currency pair it may speak."""
    prove(desk.folder, LOUD, "GBP/USD")
    refused(desk.types(*RUN), "was validated on fx, BTC/USDT is crypto")
    ran = desk.types("run", "--feed", "replay", "-p", "EUR/USD", "-i", "1h", *QUIET, "--iterations", "900")
    assert ran.exit_code == 0, ran.stderr
    both = desk.types("run", "--feed", "replay", "-i", "1h", "-p", "EUR/USD,BTC/USDT", "--store", "both.db", "--quiet")
    assert both.exit_code == 0
    assert "nothing is proven on BTC/USDT: it is watched in the shadow" in both.stderr


def tampered(project: Project) -> str:
    path = prove(project.folder, LOUD[:1], BTC, opened={"window": window(150, 250)})[0]
    path.write_bytes(path.read_bytes().replace(b'"FAIL"', b'"PASS"'))
    return "changed after it was signed"


def of_another_project(project: Project) -> str:
    other = VerdictFiles(project.folder / "other")
    made = verdict_of(LOUD[0], BTC)
    VerdictFiles(project.folder / "data").make_key()
    VerdictFiles(project.folder / "data").write(made.name, sign(made, other.make_key()))
    return "signed with the key"


def without_the_key(project: Project) -> str:
    prove(project.folder, LOUD, BTC)
    (project.folder / "data" / "verdict.key").unlink()
    return "verdict.key is missing"


def with_other_parameters(project: Project) -> str:
    made = verdict_of(LOUD[0], BTC)
    params = made.strategy.params | {"exits": made.strategy.params["exits"] | {"target_r": 7.0}}
    changed = msgspec.structs.replace(made, strategy=msgspec.structs.replace(made.strategy, params=params))
    files = VerdictFiles(project.folder / "data")
    files.write(changed.name, sign(changed, files.make_key()))
    return "is not what was judged"


def of_a_lost_family(project: Project) -> str:
    made = verdict_of(LOUD[0], BTC)
    changed = msgspec.structs.replace(made, strategy=msgspec.structs.replace(made.strategy, family="Gone"))
    files = VerdictFiles(project.folder / "data")
    files.write(changed.name, sign(changed, files.make_key()))
    return "its family Gone is gone"


@pytest.mark.req("D24", "HZ18")
@pytest.mark.parametrize(
    "forge", [tampered, of_another_project, without_the_key, with_other_parameters, of_a_lost_family]
)
def test_a_verdict_that_cannot_be_trusted_speaks_for_nobody(desk: Project, forge: Any) -> None:
    """Edited, of another project's key, without any key, with changed parameters, of a family that is gone."""
    refused(desk.types(*RUN), "verdicts on file: 0")
    said = forge(desk)
    refused(desk.types(*RUN), said)
    refused(desk.types("signal", BTC), said)


@pytest.mark.req("HZ18")
def test_a_key_that_others_may_read_stops_everything(desk: Project) -> None:
    """Exit 2 with the command that repairs it: who can read it can sign."""
    prove(desk.folder, LOUD, BTC)
    (desk.folder / "data" / "verdict.key").chmod(0o644)
    ran = desk.types(*RUN)
    assert ran.exit_code == 2
    assert "chmod 600" in ran.stderr


@pytest.mark.req("HZ18")
def test_what_was_proven_on_simulated_bars_says_nothing_about_a_market(project: Project) -> None:
    """The same candles, called a bank's: the simulated verdict is refused, one on received bars is taken."""
    project.configured(OPEN).imports(simulated(BTC, 900), BTC, source="bank")
    prove(project.folder, LOUD, BTC)
    refused(project.types(*RUN), "was validated on SIMULATED bars, BTC/USDT is a real market")
    prove(project.folder, LOUD, BTC, simulated=False)
    ran = project.types(*RUN, *QUIET)
    assert ran.exit_code == 0, ran.stderr
    assert (ran.document["simulated"], ran.document["unproven"]) == (False, False)


@pytest.mark.req("HZ25", "X25")
@pytest.mark.parametrize(("wins", "n"), [(20, 30), (12, 12), (30, 50), (99, 99)])
def test_a_small_sample_is_heard_of_nobody_however_well_it_went(desk: Project, wins: int, n: int) -> None:
    """65% of 30, 12 of 12, 60% of 50, 99 of 99: too few to tell from luck, INSUFFICIENT, and not heard."""
    prove(desk.folder, LOUD, BTC, opened={"window": window(wins, n)})
    refused(desk.types(*RUN), "was judged INSUFFICIENT on BTC/USDT, not PASS")


@pytest.mark.req("HZ24", "X04")
def test_a_window_that_was_opened_before_proves_nothing(desk: Project) -> None:
    """Every number is good enough, but the sealed window had been looked at: not PASS, not heard."""
    prove(desk.folder, LOUD, BTC, opened={"earlier_looks": 1, "contamination": "opened by an earlier search"})
    refused(desk.types(*RUN), "on BTC/USDT, not PASS")


@pytest.mark.req("D24")
def test_a_newer_refusal_ends_an_older_pass(desk: Project) -> None:
    """On file under another name, or in the strategy book: the last judgement counts."""
    older = prove(desk.folder, LOUD, BTC)
    kept = desk.folder / "older"
    shutil.copytree(older[0].parent, kept)
    renamed = [msgspec.structs.replace(one, id=f"{one.family}_1h_v99") for one in LOUD]
    newer = prove(desk.folder, renamed, BTC, opened={"window": window(150, 250)}, issued_at=ISSUED + 1)
    refused(desk.types(*RUN), "was judged FAIL on BTC/USDT")
    for path in newer:
        path.unlink()
    assert desk.types(*RUN, "--iterations", "3", "--store", "one.db", "--quiet").exit_code == 0
    with StrategyBook.open(desk.folder / "data" / "tradewind.db", NOW) as book:
        book.add(LOUD, NOW, symbol=BTC, asset_class="crypto")
        book.judge(
            [
                Judgement(spec_hash=spec_hash(one), symbol=BTC, status=StrategyStatus.REJECTED, verdict="FAIL",
                          reason="sealed.win_rate", evidence=evidence(200, 100))
                for one in LOUD
            ],
            NOW,
        )  # fmt: skip
    refused(desk.types(*RUN), "has PASS on BTC/USDT, but the strategy book says FAIL: sealed.win_rate")
    refused(desk.types(*RUN, "--store", "one.db"), "but the strategy book says FAIL", "any more")


def without_book(project: Project) -> None:
    """The database is deleted, verdicts and key stay."""
    for path in (project.folder / "data").glob("tradewind.db*"):
        path.unlink()


@pytest.mark.req("B12", "D24")
def test_a_deleted_database_forgets_no_switch_into_the_air(desk: Project) -> None:
    """Nobody is heard on a verdict that the book does not know; entered again, who passed is off until enabled."""
    prove(desk.folder, LOUD, BTC)
    prove(desk.folder, EVERYBODY[-1:], BTC, opened=FAILED)
    names = {one["id"]: one for one in desk.types("strategy", "list", "--all", "--json").document["strategies"]}
    off = LOUD[0].id
    assert desk.types("strategy", "disable", off).exit_code == 0
    without_book(desk)
    refused(desk.types(*RUN), "the strategy book does not know of it", "tradewind strategy restore")
    refused(desk.types("signal", BTC), "tradewind strategy restore")
    assert not list((desk.folder / "data").glob("tradewind.db*"))
    listed = desk.types("strategy", "list")
    assert (listed.exit_code, "tradewind strategy restore" in listed.stderr) == (3, True)
    for words in (("report",), ("baseline", "freeze")):
        assert desk.types("strategy", "generate", "-n", "1").exit_code == 0
        told = desk.types(*words)
        assert (told.exit_code, "tradewind strategy restore" in told.stderr) == (3, True), told.stderr
    ran = desk.types("strategy", "restore", "--json")
    assert ran.exit_code == 0, ran.stderr
    assert set(ran.document["restored"]) == set(names)
    assert set(ran.document["switched_off"]) == {one.id for one in LOUD}
    again = {one["id"]: one for one in desk.types("strategy", "list", "--all", "--json").document["strategies"]}
    for name, before in names.items():
        changed = {key for key in before if before[key] != again[name][key]}
        assert changed <= {"status", "status_before", "timestamp", "updated", "verdict_path"}
        assert again[name]["status"] == ("disabled" if before["status"] == "validated" else before["status"])
    assert desk.types("strategy", "restore").stdout.startswith("The book knows of all")
    silent = desk.types(*RUN, "--iterations", "300", "--store", "silent.db", *QUIET)
    assert (silent.exit_code, silent.document["counts"]["signals"]) == (0, 0)
    for one in LOUD[1:]:
        assert desk.types("strategy", "enable", one.id, "--reason", "looked at").exit_code == 0
    ran = desk.types(*RUN, "--iterations", "1200", *QUIET)
    assert ran.exit_code == 0, ran.stderr
    assert voters(desk)
    assert off not in voters(desk)


def test_a_strategy_that_was_only_entered_again_is_not_heard_on_its_old_verdict(desk: Project) -> None:
    """Rule: a book that lost its judgements and switches does not become whole by drawing the candidates anew."""
    prove(desk.folder, LOUD, BTC)
    without_book(desk)
    with StrategyBook.open(desk.folder / "data" / "tradewind.db", NOW) as book:
        book.add(LOUD, NOW, symbol=BTC, asset_class="crypto")
    refused(desk.types(*RUN), "the strategy book does not know of it")
    assert len(desk.types("strategy", "restore", "--json").document["switched_off"]) == len(LOUD)


def test_restoring_enters_no_verdict_that_cannot_be_trusted_and_nothing_that_was_refused_since(desk: Project) -> None:
    """Edited, of a lost family, refused later by a search: said, and left out of the pool."""
    paths = prove(desk.folder, LOUD, BTC, booked=False)
    paths[1].write_bytes(paths[1].read_bytes().replace(b"PASS", b"FAIL"))
    said = of_a_lost_family(desk)
    with StrategyBook.open(desk.folder / "data" / "tradewind.db", NOW) as book:
        book.add(LOUD[-1:], NOW, symbol=BTC, asset_class="crypto")
        status, why = StrategyStatus.REJECTED, "train.expectancy missed"
        book.judge([Judgement(spec_hash=spec_hash(LOUD[-1]), symbol=BTC, status=status, reason=why)], NOW)
    ran = desk.types("strategy", "restore", "--json")
    assert ran.exit_code == 0, ran.stderr
    assert len(ran.document["restored"]) == len(LOUD) - 3
    assert "changed after it was signed" in ran.stderr
    assert said in ran.stderr
    ran = desk.types(*RUN, "--iterations", "3", *QUIET)
    assert "but the strategy book says rejected: train.expectancy missed" in ran.stderr
    assert "changed after it was signed" in ran.stderr
    shutil.rmtree(desk.folder / "data" / "verdicts")
    assert desk.types("strategy", "restore").exit_code == 3


@pytest.mark.req("HZ18")
def test_the_book_says_whose_signed_verdict_is_missing(desk: Project) -> None:
    """Rule: list, show and health do not call validated what nobody hears."""
    paths = prove(desk.folder, LOUD, BTC)
    paths[0].unlink()
    for words in (("list",), ("health",)):
        told = desk.types("strategy", *words)
        assert f"no signed PASS is on file for {LOUD[0].id}: nobody is heard" in told.stderr
        assert told.stdout.count("no signed") == 1
        marks = desk.types("strategy", *words, "--json").document["strategies"]
        assert {one["id"] for one in marks if one["verdict_missing"]} == {LOUD[0].id}


@pytest.mark.req("D24", "B10")
def test_a_service_on_arriving_bars_goes_through_the_same_door(desk: Project) -> None:
    """Nobody proven: refused. Proven: it runs, with the others in the shadow, and goes on after a stop."""
    words = ("run", "--feed", "stream", "-p", BTC, "-i", "1h", "--iterations", "30", *QUIET)
    ran = desk.types(*words, "--provider", "simulated")
    assert (ran.exit_code, ran.document["error"]["type"]) == (4, "Rejected")
    prove(desk.folder, LOUD, BTC)
    ran = desk.types(*words, "--provider", "simulated")
    assert ran.exit_code == 0, ran.stderr
    assert (ran.document["simulated"], ran.document["unproven"]) == (True, False)
    assert voters(desk) <= {one.id for one in LOUD}
    assert any(one["type"] == "shadow_votes" for one in outputs(desk))
    again = desk.types(*words, "--provider", "simulated")
    assert again.exit_code == 0, again.stderr
    assert again.document["recovery"]["entries"] > 0


def some_heard(project: Project, members: tuple[Member, ...]) -> None:
    prove(project.folder, members, BTC)
    ran = project.types(*RUN, "--iterations", "1200", *QUIET)
    assert ran.exit_code == 0, ran.stderr


@pytest.mark.req("B12", "HZ18")
def test_a_strategy_that_is_switched_off_is_silent_wherever_its_verdict_made_it_heard(desk: Project) -> None:
    """Judged on GBP/USD, heard on EUR/USD by its class: the switch of the one row reaches it there."""
    prove(desk.folder, LOUD, "GBP/USD")
    with StrategyBook.open(desk.folder / "data" / "tradewind.db", NOW) as book:
        book.add(LOUD, NOW, symbol="GBP/USD", asset_class="fx")
        book.judge(
            [
                Judgement(spec_hash=spec_hash(one), symbol="GBP/USD", status=StrategyStatus.VALIDATED, verdict="PASS",
                          verdict_path="x", verdict_hash="ab", evidence=evidence(200, 130))
                for one in LOUD
            ],
            NOW,
        )  # fmt: skip
    words = ("run", "--feed", "replay", "-p", "EUR/USD", "-i", "1h")
    assert desk.types(*words, "--iterations", "900", "--quiet").exit_code == 0
    loud = sorted(voters(desk))
    assert desk.types("strategy", "disable", loud[0], "--by", "ann").exit_code == 0
    last = desk.decisions()[-1]["ts"]
    ran = desk.types(*words)
    assert f"EUR/USD {loud[0]} is not heard any more: switched off in the strategy book by ann" in ran.stderr
    after = voters(desk, f"ts > {last}")
    assert loud[0] not in after
    assert after


@pytest.mark.req("D24")
def test_a_verdict_withdrawn_between_two_lives_silences_its_strategy_for_good(desk: Project) -> None:
    """The run goes on with the others; the order is in the journal, and a replay needs no verdict at all."""
    some_heard(desk, LOUD)
    last = desk.decisions()[-1]["ts"]
    gone = max(voters(desk), key=lambda name: sum(name in json.dumps(one) for one in desk.decisions()))
    for path in (desk.folder / "data" / "verdicts").glob(f"{gone}.*"):
        path.unlink()
    ran = desk.types(*RUN)
    assert ran.exit_code == 0, ran.stderr
    assert f"{gone} is not proven on BTC/USDT any more" in ran.stderr
    assert f"BTC/USDT {gone} is not heard any more: its proof was withdrawn" in ran.stderr
    assert voters(desk, f"ts > {last}")
    assert gone not in voters(desk, f"ts > {last}")
    shutil.rmtree(desk.folder / "data" / "verdicts")
    verified = desk.types("replay", "--verify", "--json").document["run"]
    assert verified["byte_equal"] is True


@pytest.mark.req("D24")
def test_a_verdict_that_comes_while_a_run_lives_waits_for_the_next_run_and_stops_nothing(desk: Project) -> None:
    """The start goes on as before and says so; a new store hears the new strategy."""
    some_heard(desk, LOUD[:-1])
    prove(desk.folder, LOUD[-1:], BTC)
    ran = desk.types(*RUN, "--quiet")
    assert ran.exit_code == 0, ran.stderr
    assert f"proven since this run began: {LOUD[-1].id} on BTC/USDT" in ran.stderr
    assert "--store FILE" in ran.stderr
    assert LOUD[-1].id not in voters(desk)
    fresh = desk.types(*RUN, "--quiet", "--store", "fresh.db")
    assert fresh.exit_code == 0
    assert "proven since" not in fresh.stderr
    started = json.loads(desk.rows("SELECT event FROM journal WHERE kind = 'started'")[0][0])
    assert {one["id"] for one in started["proven"]} == {one.id for one in LOUD[:-1]}
    assert all(len(one["verdict"]) == 64 and one["judged_on"] == BTC for one in started["proven"])


@pytest.mark.req("D24")
def test_when_nobody_is_proven_any_more_a_run_only_sees_its_open_positions_out(desk: Project) -> None:
    """With a position open it goes on in silence, with none it refuses."""
    prove(desk.folder, LOUD, BTC)
    for _ in range(40):
        assert desk.types(*RUN, "--iterations", "40", *QUIET).exit_code == 0
        if desk.rows("SELECT count(*) FROM positions WHERE status = 'open'")[0][0]:
            break
    held = desk.rows("SELECT count(*) FROM positions")[0][0]
    shutil.rmtree(desk.folder / "data" / "verdicts")
    ran = desk.types(*RUN, "--quiet")
    assert ran.exit_code == 0, ran.stderr
    assert "NOBODY of this run is proven any more" in ran.stderr
    assert desk.rows("SELECT count(*), sum(status = 'open') FROM positions") == [[held, 0]]
    refused(desk.types(*RUN, "--quiet"), "any more")


@pytest.mark.req("D24")
def test_unproven_strategies_speak_in_replay_and_paper_only_and_everything_says_so(
    desk: Project, tmp_path: Path
) -> None:
    """The lines of the log, tables, JSON, database, journal, page and schema: UNPROVEN in every one."""
    live = desk.types("run", "--feed", "stream", "--provider", "simulated", "-p", BTC, "--allow-unproven")
    assert (live.exit_code, live.stdout) == (2, "")
    assert "--allow-unproven" in live.stderr
    assert desk.types(*RUN, "--mode", "live", "--allow-unproven").exit_code == 2
    assert desk.types(*RUN, "--shadow", "--allow-unproven").exit_code == 2
    assert not (desk.folder / "data" / "tradewind.db").exists()
    ran = desk.types(*RUN, "--allow-unproven", "--report", "page.html")
    assert ran.exit_code == 0, ran.stderr
    assert "SIMULATED UNPROVEN Run" in ran.stdout
    told = [line for line in ran.stdout.splitlines() if re.match(r"TRADING MODE|✓ Paper|Trade closed|.*SIGNAL ", line)]
    assert len(told) > 30
    assert all("UNPROVEN" in line for line in told)
    assert {row[0] for row in desk.rows("SELECT DISTINCT stamp FROM signals")} == {"SIMULATED UNPROVEN"}
    started = json.loads(desk.rows("SELECT event FROM journal WHERE kind = 'started'")[0][0])
    assert (started["unproven"], "pool=unproven" in started["asked"]) == (True, True)
    name = desk.rows("SELECT id FROM signals LIMIT 1")[0][0]
    for words in (
        ("status",),
        ("replay",),
        ("signal", BTC),
        ("why", BTC),
        ("explain",),
        ("explain", name),
        ("filters", "stats"),
    ):
        shown = desk.types(*words)
        assert shown.exit_code == 0, (words, shown.stderr)
        assert "SIMULATED UNPROVEN" in shown.stdout, words
    for words, place in (
        (("status",), ("run", "unproven")),
        (("replay",), ("run", "unproven")),
        (("signal", BTC), ("unproven",)),
        (("why", BTC), ("unproven",)),
        (("explain", name), ("fate", "signal", "unproven")),
    ):
        document = desk.types(*words, "--json").document
        for key in place:
            document = document[key]
        assert document is True, words
    page = (desk.folder / "page.html").read_text("utf-8")
    assert "<title>SIMULATED UNPROVEN" in page
    assert "UNPROVEN strategies had a say" in page
    again = desk.types(*RUN, "--quiet")
    assert again.exit_code == 2
    assert "begun with --allow-unproven" in again.stderr


@pytest.mark.req("D24")
def test_in_the_shadow_everything_is_written_down_and_nothing_is_said(desk: Project) -> None:
    """No signal, no order, a reason at every decision; votes and outcomes are journaled and replayed."""
    ran = desk.types(*RUN, "--shadow")
    assert ran.exit_code == 0, ran.stderr
    assert "SIGNAL" not in ran.stdout + ran.stderr
    assert "UNPROVEN" not in ran.stdout
    found = outputs(desk)
    told = {"no_trade", "no_decision", "shadow_votes", "shadow_outcome", "account"}  # the equity of each day as well
    assert {one["type"] for one in found} == told
    reasons = {reason["code"] for one in found if one["type"] == "no_trade" for reason in one["reasons"]}
    assert reasons == {"nothing_proven"}
    assert sum(one["type"] == "shadow_outcome" for one in found) > 200
    assert desk.types("replay", "--verify").exit_code == 0
    shown = desk.types("signal", BTC)
    assert shown.exit_code == 0
    assert "no strategy is proven here, so none is heard" in shown.stdout
    assert "SHADOW" in desk.types("why", BTC).stdout
