"""Black box: proven strategies that cannot live up to their frozen baseline are told of, taken off and replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.project import Project, simulated
from tests.fakes.proofs import prove
from tradewind import strategies
from tradewind.adapters.market.simulated import START
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.features.rule import Member, spec_hash
from tradewind.model.report import Window
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.research.baseline import SCHEMA, SHARES, FrozenBaseline, StrategyBaseline, TradeSummary, freeze

SYMBOL = "BTC/USDT"
SETTINGS = """
symbols = ["BTC/USDT"]
[timeframes]
intervals = [{ interval = "1h", weight = 1 }]
[filters]
enabled = []
[ensemble]
quorum = 1
min_record = 5
min_confidence = 0.3
min_agreement = 0.5
[strategies]
seats = 3
[drift]
lookback_days = 90
"""
FAMILIES = ("Donchian_Breakout", "Keltner_Breakout", "EMA_Crossover", "Stochastic_Turn", "MACD_Momentum")
RUN = ("run", "--feed", "poll", "--provider", "simulated", "-p", SYMBOL, "-i", "1h", "--execution", "none", "--json")


RESERVE = ("MACD_Momentum", "Stochastic_Turn")


def baseline_of(member: Member) -> StrategyBaseline:
    """95% wins that nobody repeats for those who sit first, 20% that everybody does for those who wait."""
    rate = 0.20 if member.family in RESERVE else 0.95
    trades = TradeSummary(
        n=400, wins=round(400 * rate), win_rate=rate, win_rate_low=rate - 0.03, win_rate_high=rate + 0.02,
        reference_win_rate=rate - 0.02, breakeven=0.4,
        profit_factor=9.0, expectancy=0.9 if rate > 0.5 else -0.9, sd=0.6, cost_to_risk=0.02, sharpe_ratio=3.0,
        max_drawdown=0.02,
        trades_per_week=20.0, long_share=0.5, exits={}, r=tuple(-2.0 + 4.0 * share for share in SHARES), bars_held=(),
    )  # fmt: skip
    return StrategyBaseline(
        id=member.id, spec_hash=spec_hash(member), family=member.family, symbol=SYMBOL, timeframe=Timeframe.H1,
        simulated=True, data_hash="d" * 16, verdict_hash="e" * 64,
        window=Window(start=START - 400 * DAY, end=START - 200 * DAY), trades=trades, features=(),
    )  # fmt: skip


def proven(folder: Path) -> Project:
    """Five proven strategies, three seats, baselines too good for those who sit."""
    project = Project(folder).configured(SETTINGS)
    members = [one for one in strategies.default_members((Timeframe.H1,)) if one.family in FAMILIES]
    chosen = list({member.family: member for member in members}.values())
    assert len(chosen) == 5
    prove(project.folder, chosen, SYMBOL)
    key = VerdictFiles(project.folder / "data").key()
    assert key is not None
    baseline = FrozenBaseline(
        schema=SCHEMA, frozen_at=START, config_hash="c" * 16, code_version="0.1.0", shares=SHARES,
        strategies=tuple(map(baseline_of, chosen)),
    )  # fmt: skip
    reports = project.folder / "reports"
    reports.mkdir(exist_ok=True)
    (reports / "baseline_20200101.json").write_bytes(freeze(baseline, key))
    return project


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """900 hours of the SIMULATED market, polled."""
    project = proven(tmp_path_factory.mktemp("drift"))
    done = project.types(*RUN, "--iterations", "900")
    assert done.exit_code == 0, done.stderr
    return project


def changes(project: Project) -> list[Any]:
    return project.rows("SELECT ts, member, replacement FROM member_changes ORDER BY id")


@pytest.mark.req("B12", "B13", "K06", "K10")
def test_a_critical_decline_disables_the_strategy_and_the_next_ranked_one_takes_its_seat(ran: Project) -> None:
    """Alarm, replacement by rank, audit row in the strategy book; it votes for no later signal, its successor may."""
    found = changes(ran)
    assert found, ran.rows("SELECT * FROM drift_alarms")
    ts, member, replacement = found[0]
    assert ran.rows(f"SELECT count(*) FROM drift_alarms WHERE member = '{member}' AND severity = 'CRITICAL'")[0][0] >= 1
    audit = ran.rows(
        f"SELECT action, actor FROM strategy_audit WHERE strategy_id = '{member}' ORDER BY id DESC LIMIT 1"
    )
    assert audit == [["disable", "drift"]]
    assert ran.rows(f"SELECT status FROM strategies WHERE id = '{member}'") == [["disabled"]]
    for (summary,) in ran.rows(f"SELECT summary FROM signals WHERE ts > {ts}"):
        assert member not in json.loads(summary)["consensus"]["voters"]
    assert replacement.startswith(RESERVE)
    assert ran.rows(f"SELECT status FROM strategies WHERE id = '{replacement}'") == [["validated"]]
    assert member.startswith(tuple(set(FAMILIES) - set(RESERVE)))


@pytest.mark.req("K10", "K11")
def test_the_alarm_comes_within_one_cycle_of_the_outcomes_and_is_not_repeated_within_a_day(ran: Project) -> None:
    """No two alarms on one strategy within 24 hours unless the later one is worse."""
    ranks = {"LOW": 1, "MEDIUM": 2, "HIGH": 3, "CRITICAL": 4}
    last: dict[str, tuple[int, str]] = {}
    alarms = ran.rows("SELECT ts, member, severity FROM drift_alarms ORDER BY id")
    assert alarms
    for ts, member, severity in alarms:
        if member in last and ts - last[member][0] < DAY:
            assert ranks[severity] > ranks[last[member][1]]
        last[member] = (ts, severity)


@pytest.mark.req("K12", "K13")
def test_the_report_holds_strategies_to_their_baseline(ran: Project) -> None:
    """As many baselines as strategies that can be heard; degradation against 95%, the worst first."""
    shown = ran.types("drift", "baseline", "--json")
    assert shown.exit_code == 0, shown.stderr
    kept = shown.document["strategies"]
    active = ran.rows("SELECT count(*) FROM strategies WHERE status IN ('validated', 'disabled')")[0][0]
    assert len(kept) == active == 5
    assert all({"win_rate", "profit_factor", "sharpe_ratio"} <= one["trades"].keys() for one in kept)
    day = str(ran.rows("SELECT max(day) FROM drift_checks WHERE severity = 'CRITICAL'")[0][0])
    rows = ran.types("drift", "report", "--date", day, "--json").document["strategies"]
    assert rows[0]["severity"] == "CRITICAL"
    worst = [row for row in rows if row["severity"] == "CRITICAL"]
    assert {(row["status"], row["action"]) for row in worst} == {("drifted", "DISABLE IMMEDIATELY")}
    measured = [row["win_rate"] for row in worst if row["win_rate"]["degradation"] is not None]
    assert measured
    assert all(one["baseline"] == 0.95 and one["degradation"] > 0.25 and one["band"] == "CRITICAL" for one in measured)


@pytest.mark.req("B12")
def test_a_person_can_switch_the_strategy_on_again_and_the_run_hears_it(ran: Project) -> None:
    """``strategy enable`` becomes an order in the journal of the next life; a life without it changes nothing."""
    member = changes(ran)[0][1]
    assert ran.types(*RUN, "--iterations", "2").exit_code == 0
    assert ran.rows("SELECT count(*) FROM journal WHERE kind = 'command'") == [[0]]
    enabled = ran.types("strategy", "enable", member, "--reason", "the market is back", "--json")
    assert enabled.exit_code == 0, enabled.stderr
    assert ran.types(*RUN, "--iterations", "2").exit_code == 0
    (order,) = ran.rows("SELECT event FROM journal WHERE kind = 'command'")
    assert json.loads(order[0])["verb"] == "enable"
    assert json.loads(order[0])["argument"] == f"{SYMBOL} {member}"
    assert ran.types("db", "check").exit_code == 0
    assert ran.types("replay", "--verify").exit_code == 0


@pytest.mark.req("B13", "K10", "A20")
def test_a_replay_that_learns_acts_as_a_live_run_and_leaves_the_book_alone(tmp_path: Path) -> None:
    """One engine: off is off, the next one sits, and its journal repeats byte for byte; the book is of real runs."""
    project = proven(tmp_path)
    project.imports(simulated(SYMBOL, 1200), SYMBOL, "1h")
    typed = ("run", "--feed", "replay", "-p", SYMBOL, "-i", "1h", "--execution", "paper", "--learn", "--json")
    first = project.types(*typed, "--iterations", "700")
    assert first.exit_code == 0, first.stderr
    done = project.types(*typed)  # goes on where it stopped, and still learns
    assert done.exit_code == 0, done.stderr
    found = changes(project)
    assert found, project.rows("SELECT * FROM drift_alarms")
    _, member, replacement = found[0]
    assert replacement.startswith(RESERVE)
    assert {status for (status,) in project.rows("SELECT status FROM strategies")} == {"validated"}
    assert project.rows("SELECT count(*) FROM learning_cycles")[0][0] > 1000
    assert f"{member} is not heard any more" in (first.stderr + done.stderr)
    assert project.types("replay", "--verify").exit_code == 0
    assert project.types("db", "check").exit_code == 0


def test_a_replay_that_was_not_asked_to_learns_nothing(tmp_path: Path) -> None:
    """Its decisions are those of the strategies as they were proven."""
    project = proven(tmp_path)
    project.imports(simulated(SYMBOL, 300), SYMBOL, "1h")
    done = project.types("run", "--feed", "replay", "-p", SYMBOL, "-i", "1h", "--execution", "paper", "--json")
    assert done.exit_code == 0, done.stderr
    assert project.rows("SELECT count(*) FROM learning_cycles") == [[0]]
