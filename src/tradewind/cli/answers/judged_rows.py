"""What tables of judged strategies share: their order, their verdicts and their shares."""

from __future__ import annotations

import math
from typing import Any

from tradewind.model.report import GateReport
from tradewind.validation.gates_evidence import CandidateEvidence
from tradewind.validation.gates_profiles import Judgement


def rank(name: str, judgement: Judgement, evidence: CandidateEvidence) -> tuple[Any, ...]:
    """Passed first, then by how far they came, then by what they earned before the seal; no trades come last."""
    report = judgement.report(judgement.deciding)
    expectancy = evidence.train.trades.expectancy
    worth = -math.inf if expectancy is None else expectancy
    return not judgement.approved, -(0 if report is None else report.met), -worth, name


def verdicts(judgement: Judgement, *, refused: str = "") -> list[str]:
    """A cell a profile, the verdict of the deciding one in brackets behind APPROVED, or behind ``refused``."""
    return [_verdict(judgement, report, refused) for report in judgement.reports]


def first_missed(judgement: Judgement) -> str | None:
    """The first criterion of the deciding profile that is not met."""
    report = judgement.report(judgement.deciding)
    return None if report is None else next((row.name for row in report.rows if not row.passed), None)


def percent(value: float | None, sign: str = "") -> str:
    """A share in percent with one decimal, a dash where it is undefined."""
    return "-" if value is None else f"{100.0 * value:.1f}{sign}"


def _verdict(judgement: Judgement, report: GateReport, refused: str) -> str:
    word = "APPROVED" if judgement.approved else refused
    said = report.verdict.value
    return f"{word} ({said})" if word and report.profile == judgement.deciding else said
