"""What a research job has to say about a symbol: numbers for people, programs and pictures."""

from __future__ import annotations

import msgspec

from tradewind.model.timeframe import Timeframe
from tradewind.research.verdict import VerdictStamp
from tradewind.validation.gates_evidence import BatchEvidence, CandidateEvidence
from tradewind.validation.gates_profiles import Judgement
from tradewind.validation.histogram import Histogram
from tradewind.validation.windows import Windows


class FamilyResult(msgspec.Struct, frozen=True):
    """One family's part of the search: members, those that met the train criteria, its best train expectancy in R."""

    family: str
    members: int
    met: int
    best: float | None
    windows: Windows


class SearchResult(msgspec.Struct, frozen=True, kw_only=True):
    """The search on one symbol. ``missed`` counts candidates by the first criterion they miss, ``met_ids`` missed none.

    The criteria are sorted by name, as on disk: a result that was read again is told like the new one.

    Of ``trials`` strategies ``silent`` never traded and ``repeats`` traded exactly as another one. ``sharpe`` is the
    distribution of their daily Sharpe ratios before the seal.
    """

    symbol: str
    timeframe: Timeframe
    bars: int
    first_ts: int
    last_ts: int
    source: str
    simulated: bool
    data_hash: str
    trials: int
    repeats: int
    silent: int
    met: int
    missed: dict[str, int]
    families: tuple[FamilyResult, ...]
    sharpe: Histogram
    best_sharpe: float | None
    met_ids: tuple[str, ...] = ()

    @property
    def insufficient(self) -> str:
        """Why no family could be judged on these bars, ``""`` where one could."""
        reasons = [family.windows.reason for family in self.families]
        return reasons[0] if reasons and all(reasons) else ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy that was measured in full: one that met the train criteria, or one of those nearest to them.

    ``sharpe`` is the daily one before the seal, its place in the distribution of all trials.
    """

    id: str
    spec_hash: str
    missed: str
    sharpe: float | None
    evidence: CandidateEvidence
    judgement: Judgement
    verdict_path: str | None


class ProofResult(msgspec.Struct, frozen=True, kw_only=True):
    """The proof on one symbol. ``logits`` is the distribution of CSCV's logits, None where there is none."""

    batch: BatchEvidence
    logits: Histogram | None
    opened: int
    findings: tuple[Finding, ...]
    stamp: VerdictStamp

    @property
    def approved(self) -> tuple[Finding, ...]:
        """Those that passed."""
        return tuple(one for one in self.findings if one.judgement.approved)


class SymbolResult(msgspec.Struct, frozen=True):
    """Search and, once it is done, proof of one symbol."""

    search: SearchResult
    proof: ProofResult | None = None
