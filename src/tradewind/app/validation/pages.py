"""The page of one strategy and the page of everything that was judged, from verdicts and stored candles."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.html_report.data import EquityCurve, GateGroup
from tradewind.app.html_report.proof_page import FoldPicture, ProofPage, SearchPicture, WindowColumn
from tradewind.app.validation.forward import Scheme, walked
from tradewind.app.validation.run import search
from tradewind.app.validation.series import Series
from tradewind.app.validation.subject import Subject
from tradewind.errors import Corrupt, Rejected
from tradewind.features.rule import Member, spec_hash
from tradewind.model.report import GateReport, Stamp, Verdict, Window
from tradewind.model.timeframe import DAY
from tradewind.research.batch_search import Searched, Terms
from tradewind.research.candidate_trades import Market, Runs, daily_returns_of, inside_of
from tradewind.research.evidence import develop, naive_alternatives, window_evidence
from tradewind.research.verdict import SignedVerdict, VerdictStamp, verify
from tradewind.validation.backtest_overfitting import backtest_overfitting
from tradewind.validation.gates_evidence import BatchEvidence
from tradewind.validation.gates_profiles import HONEST, SOURCE, funnel
from tradewind.validation.histogram import histogram
from tradewind.validation.trial_matrix import daily_sharpes

BEST: Final = 5
"""Strategies whose gates are shown in full on the page of a whole search."""
START: Final = 100.0
"""Equity at the start."""
_NOBODY: Final = BatchEvidence(trials=1, days=0, pbo=None, spa_p=None)


class Searching(NamedTuple):
    """A batch that was judged: its bars, all its trials, and the verdicts on them."""

    series: Series
    members: tuple[Member, ...]
    terms: Terms
    verdicts: tuple[SignedVerdict, ...]


def strategy_page(subject: Subject) -> ProofPage:
    """Everything about one strategy; whatever lies in a sealed window that was not opened is left out."""
    series, windows, verdict = subject.series, subject.windows, subject.verdict
    generator = np.random.default_rng(subject.terms.seed)
    market, own = subject.shown, subject.runs()
    evidence = develop(subject.member.id, own, market, windows, _NOBODY, generator)
    sealed = window_evidence(own.own, market, windows.sealed, generator)[0] if subject.opened else None
    searched = search(subject.batch, series, subject.terms)
    folds = tuple(
        FoldPicture(one.train_window, one.validation_window, one.train, one.validation)
        for one in walked(subject, Scheme()).folds
    )
    stamp = Stamp(series.data_hash, simulated=series.simulated)
    provenance: tuple[tuple[str, str], ...] = ()
    if verdict is not None:
        made = verdict.stamp
        stamp = Stamp(made.data_hash, made.config_hash, made.code_version, _seed(made), made.simulated)
        provenance = (("Trial ledger", made.ledger_head), ("Verdict", subject.stored.verdict_hash or ""))
    return ProofPage(
        title=subject.stored.id,
        subtitles=(
            f"{series.symbol} {series.timeframe}, {series.source}; spec hash {subject.stored.spec_hash}",
            str(subject.member.rule),
            windows.text(),
        ),
        stamp=stamp,
        findings=tuple(_findings(subject)),
        equity=_equity(subject, market, own),
        seal=windows.sealed.start if subject.opened else None,
        risk=market.risk,
        windows=(
            WindowColumn("Train", windows.train, evidence.train),
            WindowColumn("Test", windows.test, evidence.test),
            WindowColumn("Sealed", windows.sealed, sealed),
        ),
        folds=folds,
        searches=(_picture(searched, series, {subject.stored.spec_hash: subject.stored.id}),),
        robustness=evidence.robustness,
        gates=() if verdict is None else tuple(_by_profile(verdict)),
        baselines=naive_alternatives(own.own, market, generator),
        days=int(np.unique(market.day).size),
        provenance=provenance,
    )


def search_page(batches: Sequence[Searching]) -> ProofPage:
    """Everything that was judged: how many came how far, the distribution of all trials, the gates of the best."""
    verdicts = [one for batch in batches for one in batch.verdicts]
    approved = [one for one in verdicts if one.judgement.proven]
    found = f"{len(approved)} of {len(verdicts)} strategies passed every honest gate."
    first = batches[0]
    made = verdicts[0].stamp if verdicts else None
    return ProofPage(
        title="What was searched and what was found",
        subtitles=tuple(f"{_name(batch.series)}: {len(batch.members)} strategies tried" for batch in batches),
        stamp=Stamp(
            "" if made is None else made.data_hash,
            "" if made is None else made.config_hash,
            "" if made is None else made.code_version,
            None if made is None else _seed(made),
            any(batch.series.simulated for batch in batches),
        ),
        findings=((found if approved else f"No edge found: none of {len(verdicts)} strategies passed the gates.",
                   bool(approved)),),
        searches=tuple(map(_whole, batches)),
        gates=tuple(
            GateGroup(_name(batch.series), tuple(_best(batch.verdicts, HONEST.name)), "Profile honest, the best first.")
            for batch in batches
        ),
        funnel=tuple(
            (f"Profile {profile}", funnel(report for one in verdicts for report in _reports(one, profile)))
            for profile in (SOURCE.name, HONEST.name)
        ) if verdicts else (),
        risk=first.series.market.risk,
    )  # fmt: skip


def verdicts_on(
    files: VerdictFiles, symbol: str, members: Iterable[Member]
) -> tuple[tuple[SignedVerdict, ...], tuple[str, ...]]:
    """The verdicts of a project on these strategies, each checked, and a warning where some do not count.

    Raises:
        Corrupt: one is not what was signed.
    """
    key, specs = files.key(), {spec_hash(one) for one in members}
    found, stale = [], []
    for name in files.names():
        if name.split(".")[1] in specs:
            try:
                found.append(verify(files.read(name), key))
            except Corrupt as fault:
                raise Corrupt(fault.found, where=files.place(name), next_step=fault.next_step) from fault
            except Rejected as fault:
                stale.append(f"{name} does not count: {fault}")
    more = f" ({len(stale) - 1} others likewise)" if len(stale) > 1 else ""
    return tuple(one for one in found if one.symbol == symbol), tuple(line + more for line in stale[:1])


def _seed(stamp: VerdictStamp) -> int | None:
    return next(iter(stamp.seeds.values()), None)


def _name(series: Series) -> str:
    return f"{series.symbol} {series.timeframe}"


_RESTORE = (
    "Restore data/verdicts and data/verdict.key from their backup; to validate it again only contaminates its window."
)


def _findings(subject: Subject) -> Iterable[tuple[str, bool | None]]:
    """What to read first."""
    verdict = subject.verdict
    if verdict is None:
        stale = any("does not count" in warning for warning in subject.warnings)
        if subject.stored.verdict is not None and not stale:
            said_before = f"the strategy book says {subject.stored.id} was judged {subject.stored.verdict}"
            yield f"The signed verdict is LOST: {said_before}; nothing here proves anything. {_RESTORE}", None
            return
        yield f"Not judged yet: nothing here proves anything. tradewind validate {subject.stored.id}", None
        return
    honest = verdict.judgement.report(HONEST.name)
    assert honest is not None
    said = honest.verdict
    word = "APPROVED" if honest.approved else "REJECTED"
    meaning = {
        Verdict.PASS: "every honest gate is met",
        Verdict.THRESHOLDS_ONLY: "every threshold is met and luck is not ruled out",
        Verdict.FAIL: "no edge found",
        Verdict.INSUFFICIENT: "too little evidence to say either",
    }[said]
    yield f"{word} ({said.value}): {meaning}.", True if honest.approved else False if said is Verdict.FAIL else None
    missed = next((row for row in honest.rows if not row.passed), None)
    if missed is not None:
        yield f"First missed: {missed.text().removeprefix('✗ ')}", None
    source = verdict.judgement.report(SOURCE.name)
    if source is not None and source.verdict is not said:
        yield f"The bare thresholds alone say {source.verdict.value}.", None
    if not subject.opened:
        yield "The sealed window was not opened and is not shown.", None


def _equity(subject: Subject, market: Market, own: Runs) -> EquityCurve:
    """100 at the start, compounded day by day."""
    last = subject.windows.sealed if subject.opened else subject.windows.test
    span = Window(subject.windows.train.start, last.end)
    whole = market.within(span)
    returns = daily_returns_of(inside_of(own.own, span), whole)
    ends = np.flatnonzero(np.append(np.diff(whole.day) != 0, True))
    return EquityCurve(whole.columns.ts_close[ends], START * np.cumprod(1.0 + returns, dtype=np.float64), START)


def _picture(searched: Searched, series: Series, chosen: dict[str, str]) -> SearchPicture:
    """Distribution of a batch; ``chosen`` are names by spec hash."""
    sharpe = daily_sharpes(searched.daily) * math.sqrt(series.market.periods_per_year)
    marks = [
        (chosen[one.spec], value)
        for one, value in zip(searched.candidates, sharpe.tolist(), strict=True)
        if one.spec in chosen and math.isfinite(value)
    ]
    overfitting = backtest_overfitting(searched.daily)
    trials, days = searched.daily.shape
    span = (searched.end - searched.start) / DAY
    return SearchPicture(
        label=_name(series),
        sharpe=histogram(sharpe[np.isfinite(sharpe)]),
        chosen=tuple(marks),
        logits=None if overfitting is None else histogram(overfitting.logits),
        pbo=None if overfitting is None else overfitting.pbo,
        note=f"{trials:,} trials over {days:,} days with bars ({span:.0f} days), before the earliest sealed window.",
    )


def _whole(batch: Searching) -> SearchPicture:
    passed = {one.strategy.spec_hash: one.strategy.id for one in batch.verdicts if one.judgement.proven}
    return _picture(search(batch.members, batch.series, batch.terms), batch.series, passed)


def _reports(verdict: SignedVerdict, profile: str) -> Iterable[GateReport]:
    found = verdict.judgement.report(profile)
    return () if found is None else (found,)


def _best(verdicts: Iterable[SignedVerdict], profile: str) -> list[GateReport]:
    """The approved ones, then those that came furthest."""
    reports = [report for one in verdicts for report in _reports(one, profile)]
    ranked = sorted(reports, key=lambda one: (not one.approved, -one.met, one.subject))
    return ranked[: max(BEST, sum(one.approved for one in ranked))]


def _by_profile(verdict: SignedVerdict) -> Iterable[GateGroup]:
    for report in verdict.judgement.reports:
        decides = " (decides)" if report.profile == verdict.judgement.deciding else ""
        yield GateGroup(f"Profile {report.profile}{decides}", (report,))
