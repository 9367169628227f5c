"""What is kept of a judgement: the signed verdict as a file, and what the strategy book says about the strategy."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.errors import Corrupt, Rejected, Unavailable
from tradewind.model.instrument import Instrument
from tradewind.model.report import Verdict
from tradewind.model.strategy import Judgement, StrategyEvidence, StrategyStatus
from tradewind.research.batch import Judged
from tradewind.research.verdict import SignedVerdict, VerdictStamp, sign, verdict_name, verdict_on, verify
from tradewind.validation.gates_evidence import CandidateEvidence


class Kept(NamedTuple):
    """A judgement as the book takes it, and the verdict file behind it.

    Both None where an earlier passed verdict was left as it is; ``lost`` where the book knows of it and its file is not
    there, or is not what was signed.
    """

    judgement: Judgement | None
    path: Path | None
    lost: bool = False


def keep(
    files: VerdictFiles,
    judged: Sequence[Judged],
    instrument: Instrument,
    stamp: VerdictStamp,
    now: int,
    proven: frozenset[str] = frozenset(),
) -> tuple[Kept, ...]:
    """Writes one signed verdict file for each; the key is made when there is none yet.

    Whoever has a passed verdict keeps it where this one read a sealed window that had been read before, or had too
    little to say anything: neither proves anything, and neither refutes anything. What counts is the file. ``proven``
    are those of whom the book says that they have one: where it is gone nothing is written in its place, so that it can
    be restored.

    Raises:
        Unavailable: the disk refuses.
    """
    key = files.make_key()
    signed: dict[str, bytes] = {}
    silent = [one for one in judged if refutes_nothing(one)]
    passed = passed_on_file(files, key, [one.candidate.spec for one in silent], instrument.symbol)
    spared = {one.candidate.spec for one in silent if one.candidate.spec in passed | proven}
    standing = [one.candidate.spec in spared for one in judged]
    for one, stands in zip(judged, standing, strict=True):
        if not stands:
            member, windows = one.candidate.member, one.candidate.windows
            shown = evidence_of(one.evidence)
            verdict = verdict_on(member, instrument, windows, one.judgement, stamp, now, shown)
            signed[verdict.name] = sign(verdict, key)
    written = iter(zip(files.write_all(signed), signed.values(), strict=True))
    kept = []
    for one, stands in zip(judged, standing, strict=True):
        if stands:
            kept.append(Kept(None, None, lost=one.candidate.spec not in passed))
        else:
            path, data = next(written)
            digest = hashlib.sha256(data).hexdigest()[:16]
            told = book_entry(one, instrument.symbol, path, digest, simulated=stamp.simulated)
            kept.append(Kept(told, path))
    return tuple(kept)


def passed_on_file(files: VerdictFiles, key: bytes, specs: Sequence[str], symbol: str) -> frozenset[str]:
    """Those of ``specs`` whose newest genuine verdict on ``symbol`` is a PASS."""
    ends = {verdict_name("", spec, symbol): spec for spec in specs}
    newest: dict[str, SignedVerdict] = {}
    for name in files.names() if ends else ():
        spec = ends.get(name[name.find(".") :])
        if spec is None:
            continue
        try:
            found = verify(files.read(name), key)
        except (Corrupt, Rejected, Unavailable):  # the start of a run names it
            continue
        if found.strategy.spec_hash == spec and found.symbol == symbol:
            known = newest.get(spec)
            newest[spec] = found if known is None or known.issued_at <= found.issued_at else known
    return frozenset(spec for spec, found in newest.items() if found.judgement.proven)


def refutes_nothing(judged: Judged) -> bool:
    """Whether a judgement cannot take back an earlier one: its window had been read, or there was too little in it."""
    return contaminated(judged) or judged.judgement.verdict is Verdict.INSUFFICIENT


def contaminated(judged: Judged) -> bool:
    """Whether its sealed window had been read by its family before."""
    sealed = judged.evidence.sealed
    return sealed is not None and sealed.earlier_looks > 0


def book_entry(
    judged: Judged, symbol: str, path: Path | None = None, digest: str | None = None, *, simulated: bool = False
) -> Judgement:
    """Validated with the honest PASS alone; refused ones with the first criterion they missed; the rest candidates."""
    verdict, proven = judged.judgement.verdict, judged.judgement.proven
    if proven:
        status = StrategyStatus.VALIDATED
    elif verdict is Verdict.INSUFFICIENT:
        status = StrategyStatus.CANDIDATE
    else:
        status = StrategyStatus.REJECTED
    return Judgement(
        spec_hash=judged.candidate.spec,
        symbol=symbol,
        status=status,
        reason="" if proven else reason_of(judged),
        verdict=verdict.value,
        verdict_path=None if path is None else str(path),
        verdict_hash=digest,
        evidence=evidence_of(judged.evidence),
        simulated=simulated,
    )


def reason_of(judged: Judged) -> str:
    """The first criterion that was missed, as its row says it; of the deciding profile, else of the honest one."""
    reports = [judged.judgement.report(judged.judgement.deciding), judged.judgement.report("honest")]
    missed = (row for report in reports if report is not None for row in report.rows if not row.passed)
    first = next(missed, None)
    return "" if first is None else first.text().removeprefix("✗ ")


def evidence_of(evidence: CandidateEvidence) -> StrategyEvidence | None:
    """What the sealed window showed, None while it is closed; the confidence is PSR(0) of its days."""
    sealed = evidence.sealed
    if sealed is None:
        return None
    trades, returns = sealed.window.trades, sealed.window.returns
    before = evidence.train.trades.win_rate
    return StrategyEvidence(
        trades=trades.n,
        wins=trades.wins,
        confidence=sealed.psr,
        breakeven=trades.breakeven,
        profit_factor=trades.profit_factor,
        sharpe_ratio=returns.sharpe,
        expectancy_r=trades.expectancy,
        max_drawdown=-returns.max_drawdown if returns.n else None,
        retention=trades.win_rate / before if trades.win_rate is not None and before else None,
        until=evidence.windows.sealed.end,
    )
