"""The profiles that decide about promotion, and the order in which they may look.

The order is part of the proof. Everything before the sealed window comes first: windows, train, test, walk forward,
robustness, batch. Only a candidate that met all of it gets its sealed window opened (``may_open``), so that few are
looked at and the correction for many looks stays affordable. What was not opened is printed as such and never passes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from tradewind.errors import Misconfigured
from tradewind.model.report import GateKind, GateReport, GateRow, Stamp, Verdict
from tradewind.validation import gates_luck as luck
from tradewind.validation import gates_thresholds as threshold
from tradewind.validation.gates_evidence import CandidateEvidence, SealedEvidence
from tradewind.validation.gates_rows import CandidateGate, Limits, sealed_gate
from tradewind.validation.windows import Windows

_SEALED: Final = "sealed"
_ROBUSTNESS: Final = "robustness"
_LIMITS: Final = Limits()


class Profile(NamedTuple):
    """A named list of gates; all of them must be met."""

    name: str
    gates: tuple[CandidateGate, ...]


def too_good(evidence: CandidateEvidence) -> tuple[str, ...]:
    """Warnings of results that luck or a leak explains better than skill.

    The sealed win rate above the train one by more than two standard errors of their difference at the train rate; a
    win rate of 65% and more with a profit factor below 1.
    """
    found = []
    windows = {"train": evidence.train, "test": evidence.test}
    if evidence.sealed is not None:
        windows[_SEALED] = evidence.sealed.window
        before, after = evidence.train.trades, evidence.sealed.window.trades
        if before.win_rate is not None and after.win_rate is not None:
            error = math.sqrt(before.win_rate * (1.0 - before.win_rate) * (1.0 / before.n + 1.0 / after.n))
            if after.win_rate > before.win_rate + 2.0 * error:
                found.append(
                    f"too good: sealed win rate {after.win_rate:.3f} is more than 2 standard errors above the train "
                    f"win rate {before.win_rate:.3f}; look for a leak"
                )
    for name, window in windows.items():
        trades = window.trades
        if 20 * trades.wins >= 13 * trades.n > 0 and trades.profit_factor is not None and trades.profit_factor < 1.0:
            found.append(
                f"too good: {name} win rate {trades.win_rate or 0.0:.3f} with a profit factor of "
                f"{trades.profit_factor:.2f}; many small wins, few large losses"
            )
    return tuple(found)


@sealed_gate("sealed.too_good")
def not_too_good(evidence: CandidateEvidence, sealed: SealedEvidence, limits: Limits) -> GateRow:
    """Nothing in the result is better than it should be."""
    count = len(too_good(evidence))
    return GateRow("sealed.too_good", count, 0, "<=", sealed.window.trades.n, count == 0, GateKind.EDGE, digits=0)


_DEVELOPMENT: Final = (
    threshold.train_win_rate,
    threshold.train_profit_factor,
    threshold.train_sharpe,
    threshold.train_drawdown,
    threshold.test_retention,
    threshold.walk_forward_retention,
    threshold.walk_forward_consistency,
    threshold.walk_forward_win_rate,
)
_OPENED: Final = (
    threshold.sealed_win_rate,
    threshold.sealed_profit_factor,
    threshold.sealed_decay,
    threshold.sealed_drawdown,
)
SOURCE: Final = Profile("source", (*_DEVELOPMENT, *_OPENED))
HONEST: Final = Profile(
    "honest",
    (
        luck.sealed_length,
        luck.expected_trades,
        luck.train_trades,
        luck.train_expectancy,
        *_DEVELOPMENT,
        luck.doubled_costs,
        luck.delayed_execution,
        luck.shuffled_drawdown,
        luck.resampled_drawdown,
        luck.backtest_overfitting,
        luck.superior_ability,
        luck.one_look,
        luck.sealed_trades,
        *_OPENED,
        luck.sealed_expectancy,
        luck.exact_test,
        luck.expectancy_bound,
        luck.probabilistic_sharpe,
        luck.deflated_sharpe,
    ),
)
STRICT: Final = Profile("strict", (*HONEST.gates, luck.strong_deflated_sharpe, luck.exact_test_ledger, not_too_good))
PROFILES: Final = {profile.name: profile for profile in (SOURCE, HONEST, STRICT)}


_TRAIN: Final = {
    "train.trades": luck.train_trades,
    "train.expectancy": luck.train_expectancy,
    "train.win_rate": threshold.train_win_rate,
    "train.profit_factor": threshold.train_profit_factor,
    "train.sharpe": threshold.train_sharpe,
    "train.max_drawdown": threshold.train_drawdown,
}


def walk_forward_rows(evidence: CandidateEvidence, limits: Limits) -> tuple[GateRow, ...]:
    """The rows on the walk forward alone; they read the folds and nothing else."""
    gates = (
        threshold.walk_forward_retention,
        threshold.walk_forward_consistency,
        threshold.walk_forward_win_rate,
    )
    return tuple(gate(evidence, limits) for gate in gates)


def train_criteria(profile: Profile) -> tuple[str, ...]:
    """Names of the criteria on the train window that ``profile`` asks for, as in ``gates_screen.CRITERIA``."""
    return tuple(name for name, gate in _TRAIN.items() if gate in profile.gates)


def window_missed(windows: Windows, profile: Profile) -> str:
    """The criterion of ``profile`` that no candidate with these windows can meet, ``""`` where there is none."""
    asked = luck.sealed_length in profile.gates
    if asked and windows.sealed.end - windows.sealed.start < windows.rules.min_sealed:
        return "windows.sealed_length"
    return "windows.expected_trades" if asked and windows.expected_trades < windows.rules.min_trades else ""


class Judgement(msgspec.Struct, frozen=True):
    """One candidate under the source thresholds, the honest gate, and the profile that decides where it is another.

    ``windows`` is their text, for the reader.
    """

    subject: str
    deciding: str
    reports: tuple[GateReport, ...]
    windows: str

    def report(self, profile: str) -> GateReport | None:
        """The report of a profile, None where it was not computed."""
        return next((one for one in self.reports if one.profile == profile), None)

    @property
    def verdict(self) -> Verdict:
        """The verdict of the deciding profile."""
        return next(one.verdict for one in self.reports if one.profile == self.deciding)

    @property
    def approved(self) -> bool:
        """True where the deciding profile says PASS, and nowhere else."""
        return self.verdict is Verdict.PASS

    @property
    def proven(self) -> bool:
        """True where the deciding profile says PASS and the honest one says so too, whichever of them decides."""
        honest = self.report(HONEST.name)
        return self.approved and honest is not None and honest.approved

    def text(self) -> str:
        """Every profile's rows and verdict; the one that decides is named."""
        parts = [f"{self.subject}: {self.windows}" if self.subject else self.windows]
        for one in self.reports:
            parts += [f"Profile: {one.profile}" + (" (decides)" if one.profile == self.deciding else ""), one.text()]
            if one.approved and not self.approved:
                parts[-1] += f" by these thresholds alone: {self.deciding} decides, and says {self.verdict.value}"
        return "\n".join(parts)


def outlined(
    evidence: CandidateEvidence,
    missed: str,
    deciding: Profile = HONEST,
    limits: Limits = _LIMITS,
    *,
    stamp: Stamp = Stamp(),  # noqa: B008  frozen values, safe as a default
) -> Judgement:
    """``judgement_of`` for a candidate refused by the criterion ``missed`` before its robustness was measured.

    Its reports have no row on robustness and say so; all other rows and the verdict are those of the gates.
    """
    whole = judgement_of(evidence, deciding, limits, stamp=stamp)
    source = tuple(gate(evidence, limits) for gate in SOURCE.gates)
    reports = []
    for one in whole.reports:
        rows = tuple(row for row in one.rows if row.stage != _ROBUSTNESS)
        said = one.flags
        if len(rows) < len(one.rows):
            said = (*said, f"{missed} was missed: robustness was not measured")
        reports.append(msgspec.structs.replace(one, rows=rows, verdict=_verdict(rows, source), flags=said))
    return msgspec.structs.replace(whole, reports=tuple(reports))


class StageCount(NamedTuple):
    """How many candidates came to a step of the proof, and how many met all of it."""

    stage: str
    entered: int
    validated: int

    def text(self) -> str:
        """``walk_forward: validated: 12/85``."""
        return f"{self.stage}: validated: {self.validated}/{self.entered}"


def profile_named(name: str) -> Profile:
    """The profile called ``name``.

    Raises:
        Misconfigured: there is no such profile.
    """
    found = PROFILES.get(name)
    if found is None:
        raise Misconfigured(f"unknown gate profile {name!r}", where="gate.profile", allowed=", ".join(PROFILES))
    return found


def may_open(evidence: CandidateEvidence, profile: Profile = HONEST, limits: Limits = _LIMITS) -> bool:
    """Whether everything that comes before the sealed window is met, so that it may be opened."""
    rows = (gate(msgspec.structs.replace(evidence, sealed=None), limits) for gate in profile.gates)
    return all(row.passed for row in rows if row.kind is not GateKind.UNOPENED)


def judge_candidate(
    evidence: CandidateEvidence,
    profile: Profile = HONEST,
    limits: Limits = _LIMITS,
    *,
    stamp: Stamp = Stamp(),  # noqa: B008  frozen values, safe as a default
) -> GateReport:
    """The rows of ``profile`` and their verdict.

    PASS when every row is met. INSUFFICIENT when one that was judged lacks evidence, or when all that could be judged
    are met and the sealed window is still closed. THRESHOLDS-ONLY when every threshold of the source profile is met
    and only what asks about luck is missed. Else FAIL.
    """
    rows = tuple(gate(evidence, limits) for gate in profile.gates)
    verdict = _verdict(rows, tuple(gate(evidence, limits) for gate in SOURCE.gates))
    windows = evidence.windows
    return GateReport(
        evidence.subject,
        profile.name,
        verdict,
        rows,
        windows.development,
        windows.sealed,
        evidence.purged,
        0 if evidence.sealed is None else evidence.sealed.looked_at,
        stamp,
        too_good(evidence),
    )


def judgement_of(
    evidence: CandidateEvidence,
    deciding: Profile = HONEST,
    limits: Limits = _LIMITS,
    *,
    stamp: Stamp = Stamp(),  # noqa: B008  frozen values, safe as a default
) -> Judgement:
    """The candidate under source and honest, always both, and under ``deciding`` where it is neither."""
    profiles = dict.fromkeys((SOURCE, HONEST, deciding))
    reports = tuple(judge_candidate(evidence, profile, limits, stamp=stamp) for profile in profiles)
    return Judgement(evidence.subject, deciding.name, reports, evidence.windows.text())


def funnel(reports: Iterable[GateReport]) -> tuple[StageCount, ...]:
    """How many candidates entered each step in its order, and how many were left after it."""
    ways = [(report, tuple(dict.fromkeys(row.stage for row in report.rows))) for report in reports]
    # Who was refused early has no row on robustness; the whole way is that of whoever came furthest.
    order = max((stages for _, stages in ways), key=len, default=())
    entered, left = dict.fromkeys(order, 0), dict.fromkeys(order, 0)
    for report, stages in ways:
        alive = True
        for stage in stages:
            entered[stage] += alive
            alive = alive and all(row.passed for row in report.rows if row.stage == stage)
            left[stage] += alive
    return tuple(StageCount(stage, entered[stage], left[stage]) for stage in entered)


def _verdict(rows: tuple[GateRow, ...], source: tuple[GateRow, ...]) -> Verdict:
    missed = {row.kind for row in rows if not row.passed}
    if not missed:
        return Verdict.PASS
    if GateKind.EVIDENCE in missed:
        return Verdict.INSUFFICIENT
    if GateKind.EDGE not in missed:
        return Verdict.INSUFFICIENT
    return Verdict.THRESHOLDS_ONLY if all(row.passed for row in source) else Verdict.FAIL
