"""The page of a research job, from what it left on disk: nothing is computed again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from tradewind.app.html_report.data import GateGroup
from tradewind.app.html_report.proof_page import ProofPage, SearchPicture
from tradewind.app.research.folder import JobFolder
from tradewind.app.research.result import Finding, ProofResult, SymbolResult
from tradewind.model.report import GateReport, Stamp
from tradewind.validation.gates_evidence import BatchEvidence
from tradewind.validation.gates_profiles import StageCount, funnel
from tradewind.validation.histogram import Histogram
from tradewind.validation.return_metrics import annualisation

BEST: Final = 5
"""Strategies of a symbol whose gates are shown; approved ones always are."""


def job_page(folder: JobFolder) -> ProofPage:
    """What a research job found by now."""
    request, results = folder.request, tuple(folder.results())
    proofs = [one.proof for one in results if one.proof is not None]
    approved = [finding for proof in proofs for finding in proof.approved]
    tried = sum(one.search.trials for one in results)
    kinds = {one.instrument.symbol: one.instrument.asset_class for one in request.serieses}
    made = proofs[0].stamp if proofs else None
    late = [one.instrument.symbol for one in request.serieses][len(results) :]
    late += [one.search.symbol for one in results if one.proof is None]
    found = f"{len(approved)} of {tried:,} strategies passed every gate of profile {request.profile}."
    findings: list[tuple[str, bool | None]] = [
        (found, True) if approved else (f"No edge found: none of {tried:,} strategies passed the gates.", False)
    ]
    if results and all(one.search.insufficient for one in results):
        findings = [(f"INSUFFICIENT: {results[0].search.insufficient}", None)]
    if approved:
        findings.append((f"Each has a page of its own: tradewind report {approved[0].id}", None))
    if late:
        findings = [(f"Not finished: {', '.join(late)} not judged yet.", None), *(findings if approved else [])]
    return ProofPage(
        title=f"Research {folder.id}",
        subtitles=tuple(map(_searched_text, results)),
        stamp=Stamp(
            made.data_hash if made is not None and len(results) == 1 else "",
            "" if made is None else made.config_hash,
            "" if made is None else made.code_version,
            request.seed,
            any(one.search.simulated for one in results),
        ),
        findings=tuple(findings),
        searches=tuple(_of_job(one, annualisation(kinds[one.search.symbol])) for one in results),
        gates=tuple(
            GateGroup(one.search.symbol, tuple(_best_findings(one.proof, request.profile)),
                      f"Profile {request.profile}; the nearest of the refused ones are measured and shown too.")
            for one in results if one.proof is not None
        ),
        funnel=tuple((_job_name(one), _way(one, request.profile)) for one in results),
        provenance=(("Job", folder.id), *(("Data of " + one.search.symbol, one.search.data_hash) for one in results),
                    *(("Trial ledger", one.stamp.ledger_head) for one in proofs[-1:])),
    )  # fmt: skip


def _job_name(result: SymbolResult) -> str:
    return f"{result.search.symbol} {result.search.timeframe}"


def _searched_text(result: SymbolResult) -> str:
    found = result.search
    opened = "not judged yet" if result.proof is None else f"{result.proof.opened} sealed windows opened"
    return (
        f"{_job_name(result)}, {found.source}: {found.trials:,} tried, {found.silent:,} never traded, "
        f"{found.repeats:,} trade as another one, {found.met:,} meet the train criteria, {opened}"
    )


def _way(result: SymbolResult, profile: str) -> tuple[StageCount, ...]:
    """From everything tried to what passed: windows and train over all trials, the rest over those left."""
    found = result.search
    unfit = sum(n for name, n in found.missed.items() if name.startswith("windows."))
    stages = [
        StageCount("windows", found.trials, found.trials - unfit),
        StageCount("train", found.trials - unfit, found.met),
    ]
    if result.proof is None:
        return tuple(stages)
    left = [one.judgement.report(profile) for one in result.proof.findings if not one.missed]
    stages.append(StageCount("trade alike no other", found.met, len(left)))
    counted = funnel([one for one in left if one is not None])
    return (*stages, *(one for one in counted if one.stage not in ("windows", "train")))


def _of_job(result: SymbolResult, days: int) -> SearchPicture:
    """The distribution of all trials; the approved ones marked, or the one that came nearest."""
    scale, found, proof = math.sqrt(days), result.search, result.proof
    marked = () if proof is None else proof.approved or _ranked(proof.findings)[:1]
    prefix = "" if proof is not None and proof.approved else "nearest: "
    note = f"{found.trials:,} trials over {found.bars:,} bars, before the earliest sealed window."
    if proof is not None:
        note += f" {proof.batch.days:,} days; {_effective(proof.batch)}."
    return SearchPicture(
        label=_job_name(result),
        sharpe=Histogram(tuple(edge * scale for edge in found.sharpe.edges), found.sharpe.counts),
        chosen=tuple((prefix + one.id, one.sharpe * scale) for one in marked if one.sharpe is not None),
        logits=None if proof is None else proof.logits,
        pbo=None if proof is None else proof.batch.pbo,
        note=note,
    )


def _effective(batch: BatchEvidence) -> str:
    spa = "undefined" if batch.spa_p is None else f"{batch.spa_p:.3f}"
    trials = "" if batch.effective_trials is None else f", worth {batch.effective_trials:,.0f} independent ones"
    return f"superior ability p {spa}; {batch.ledger_trials:,} trials in the ledger{trials}"


def _ranked(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Approved ones first, then those that came furthest, then by what they earned before the seal."""

    def place(one: Finding) -> tuple[bool, bool, int, float, str]:
        met = max((report.met for report in one.judgement.reports), default=0)
        worth = one.evidence.train.trades.expectancy
        return not one.judgement.approved, bool(one.missed), -met, -(worth if worth is not None else -9.0), one.id

    return tuple(sorted(findings, key=place))


def _best_findings(proof: ProofResult, profile: str) -> Iterable[GateReport]:
    shown = max(BEST, len(proof.approved))
    reports = (one.judgement.report(profile) for one in _ranked(proof.findings)[:shown])
    return [one for one in reports if one is not None]
