"""What a group of verdicts says of itself."""

from __future__ import annotations

import msgspec

from tests.gate_evidence import candidate, window
from tests.unit.html_report.sample import report_data
from tradewind.app.html_report.data import GateGroup
from tradewind.app.html_report.proof import gates
from tradewind.validation.gates_profiles import judge_candidate


def page_of(*opened: dict) -> str:
    """The section of one group with a report for each."""
    reports = tuple(judge_candidate(candidate(opened=one)) for one in opened)
    return gates(msgspec.structs.replace(report_data(600), gates=(GateGroup("EUR/USD", reports),)))


def test_a_group_counts_every_verdict_it_holds():
    """One of each: approved, thresholds only, failed, too little evidence."""
    page = page_of({}, {"holm_p": 0.06}, {"window": window(150, 250)}, {"window": window(70, 99)})
    assert "1 of 4 approved" in page
    assert "1 met the thresholds only, 1 failed, 1 with too little evidence" in page
    assert "REJECTED (THRESHOLDS-ONLY)" in page


def test_warnings_stand_beside_the_verdict():
    """A result that is too good is approved by the honest profile and says so."""
    assert "too good: sealed win rate 0.848" in page_of({"window": window(212, 250)})
