"""The words of drift: golden texts."""

from __future__ import annotations

import pytest

from tradewind.app.learning.drift_text import alarm_lines, outcome_lines, replaced_lines, report_lines
from tradewind.model.drift import DriftAlarm, DriftCheck, EffectSize, MemberReplaced, PartDrift, Severity
from tradewind.model.outcome import SignalOutcome
from tradewind.model.timeframe import HOUR, Timeframe

CHECK = DriftCheck(
    member="EMA_Crossover_1h_v42", symbol="EUR/USD", timeframe=Timeframe.H1, ts=1_762_128_000 * 10**9,
    severity=Severity.CRITICAL, level=7_312.4, predictions=7_312.4, trades=12.0, decay=3.0, decaying=False, seen=161,
    action="DISABLE IMMEDIATELY", effect=EffectSize(Severity.CRITICAL, True, 100, 0.42, 0.27586, 0.11, 0.43),
    parts=(PartDrift("profit_factor", True, 1.9, 1.1, 0.421, 0.15), PartDrift("sharpe", False)),
    baseline_win_rate=0.58,
)  # fmt: skip


@pytest.mark.req("K15")
def test_the_alarm_says_severity_strategy_win_rates_degradation_action_and_details():
    """Rule: seven lines in the requirement's order, word for word."""
    assert alarm_lines(DriftAlarm(CHECK, False, 5_000.0, True)) == [
        "DRIFT ALERT - CRITICAL",
        "Strategy: EUR/USD EMA_Crossover_1h_v42",
        "Recent WR: 42.00%",
        "Baseline WR: 58.00%",
        "Degradation: 27.59%",
        "Action: DISABLE IMMEDIATELY",
        "Details: level 7,312 of 161 outcomes; above the fleet's limit of 5,000;"
        " profit factor 1.90 to 1.10 (42% worse)",
    ]


def test_a_replacement_says_who_sits_where_or_that_nobody_does():
    """Rule: the seat is named, or why it is empty."""
    change = MemberReplaced(CHECK.ts, "EUR/USD", "a", "b", Severity.CRITICAL, 7_312.4, "next in the reserve")
    assert replaced_lines(change)[2] == "Seat         b takes its place"
    empty = MemberReplaced(CHECK.ts, "EUR/USD", "a", "", Severity.CRITICAL, 7_312.4, "nobody is left in the reserve")
    assert replaced_lines(empty)[2].endswith("nobody is left in the reserve")


def test_an_outcome_says_how_it_is_known():
    """Rule: by prices, by a report that overrides, or not entered."""
    one = SignalOutcome("id", "EUR/USD", Timeframe.H1, HOUR, "prices", "won", "m", 1.5, "target")
    assert outcome_lines(one)[0] == "EUR/USD signal won +1.50 R: by prices, nobody traded it, out by target"
    told = SignalOutcome(
        "id", "EUR/USD", Timeframe.H1, HOUR, "report", "lost", "m", -0.5, overrides="won", amount="12", actor="ann"
    )
    assert outcome_lines(told)[0] == "EUR/USD signal lost -0.50 R (was won): reported by ann"
    late = SignalOutcome("id", "EUR/USD", Timeframe.H1, HOUR, "prices", "expired", "m")
    assert outcome_lines(late)[0] == "EUR/USD signal expired: could not be entered in time"


@pytest.mark.req("K14")
def test_the_report_of_a_day_has_one_line_a_strategy_the_worst_first():
    """Rule: counts first; a day without checks says so."""
    calm = DriftCheck(
        "b", "EUR/USD", Timeframe.H1, CHECK.ts, Severity.UNKNOWN, 0.0, 0.0, 0.0, 0.0, False, 0, "FREEZE A BASELINE",
        EffectSize(Severity.UNKNOWN, False, 0),
    )  # fmt: skip
    lines = report_lines("2025-11-03", [calm, CHECK], 1, ())
    assert lines[0] == "Drift report 2025-11-03: 2 checked, 1 alarms, 1 without a baseline"
    assert lines[1].startswith("CRITICAL EUR/USD EMA_Crossover_1h_v42: WR 42.00% of 100, baseline 58.00%")
    assert lines[2].startswith("UNKNOWN  EUR/USD b")
    assert report_lines("2025-11-03", [], 0, ()) == ["Drift report 2025-11-03: nothing was checked that day"]
