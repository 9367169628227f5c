"""The way back from signed verdicts to a strategy book that does not know their strategies any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.pool import member_behind
from tradewind.app.proofs import Held, Shelf, newest_of, proven_strategy, unjudged
from tradewind.errors import Misconfigured
from tradewind.features.rule import Family, Member
from tradewind.model.report import Verdict
from tradewind.model.strategy import Judgement, StoredStrategy, StrategyEvidence, StrategyStatus
from tradewind.research.verdict import SignedVerdict

ACTOR = "strategy restore"
REASON = "entered again from its signed verdict; whether it was switched off before is not known"


class Restored(NamedTuple):
    """What the book knows again, and why of the other verdicts nothing could be entered."""

    rows: tuple[StoredStrategy, ...]
    faults: tuple[str, ...]


def restored(
    book: StrategyBook, shelf: Shelf, files: VerdictFiles, families: Mapping[str, Family[Any]], now: int
) -> Restored:
    """Enters the strategies of ``shelf`` that ``book`` does not know, or has no judgement of, as they were judged.

    The switches of people were in the book that is gone. So whoever passed is entered switched off, before the book
    says that it passed: nobody is heard by mistake, not even in between.
    """
    rows = book.judged([one.verdict.strategy.spec_hash for one in shelf.held])
    known = {(row.spec_hash, row.symbol): row for row in rows}
    faults: list[str] = []
    found: list[StoredStrategy] = []
    for one in _missing(shelf, known):
        verdict = one.verdict
        try:
            member = member_behind(proven_strategy(one, verdict.symbol), families)
        except Misconfigured as fault:
            faults.append(f"{verdict.name}: {fault.found}")
            continue
        found.append(_entered(book, one, member, str(files.place(verdict.name)), now))
    return Restored(tuple(found), tuple(faults))


def _missing(shelf: Shelf, known: Mapping[tuple[str, str], StoredStrategy]) -> Sequence[Held]:
    """The newest verdict on each strategy and symbol that the book has no judgement of, by id."""
    strategies: dict[str, list[Held]] = {}
    for one in shelf.held:
        strategies.setdefault(one.verdict.strategy.spec_hash, []).append(one)
    newest = [one for held in strategies.values() for one in newest_of(held)]
    gone = [one for one in newest if unjudged(known.get((one.verdict.strategy.spec_hash, one.verdict.symbol)))]
    return sorted(gone, key=lambda one: (one.verdict.strategy.family, len(one.verdict.strategy.id), one.verdict.name))


def _entered(book: StrategyBook, one: Held, member: Member, path: str, now: int) -> StoredStrategy:
    verdict = one.verdict
    kind = str(verdict.instrument_class)
    (name,) = book.add([member], now, symbol=verdict.symbol, asset_class=kind, renumber=False).ids
    told = judgement_in(one, path)
    if told.status is StrategyStatus.VALIDATED:
        book.disable(name, now, actor=ACTOR, reason=REASON)
    book.judge([told], now)
    return book.find(name)


def judgement_in(one: Held, path: str) -> Judgement:
    """What a signed verdict says, as the strategy book takes it."""
    verdict = one.verdict
    if verdict.judgement.proven:
        status = StrategyStatus.VALIDATED
    elif verdict.judgement.verdict is Verdict.INSUFFICIENT:
        status = StrategyStatus.CANDIDATE
    else:
        status = StrategyStatus.REJECTED
    return Judgement(
        spec_hash=verdict.strategy.spec_hash,
        symbol=verdict.symbol,
        status=status,
        reason="" if status is StrategyStatus.VALIDATED else _missed(verdict),
        verdict=verdict.judgement.verdict.value,
        verdict_path=path,
        verdict_hash=one.digest[:16],
        evidence=verdict.evidence or _shown(verdict),
        simulated=verdict.stamp.simulated,
    )


def _missed(verdict: SignedVerdict) -> str:
    reports = [verdict.judgement.report(verdict.judgement.deciding), verdict.judgement.report("honest")]
    rows = (row for report in reports if report is not None for row in report.rows if not row.passed)
    return next((row.text().removeprefix("✗ ") for row in rows), "its signed verdict refuses it")


def _shown(verdict: SignedVerdict) -> StrategyEvidence | None:
    """What the rows of a verdict tell that was signed before it carried its evidence."""
    honest = verdict.judgement.report("honest")
    rows = {row.name: row for row in honest.rows} if honest is not None else {}
    value = {name.removeprefix("sealed."): row.value for name, row in rows.items() if row.stage == "sealed"}
    n, rate = value.get("trades"), value.get("win_rate")
    if not n or rate is None:
        return None
    decay = value.get("decay")
    return msgspec.convert(
        {
            "trades": int(n),
            "wins": round(rate * n),
            "confidence": value.get("psr"),
            "profit_factor": value.get("profit_factor"),
            "expectancy_r": value.get("expectancy"),
            "max_drawdown": value.get("max_drawdown"),
            "retention": None if decay is None else 1.0 - decay,
            "until": verdict.windows.sealed.end,
        },
        StrategyEvidence,
    )
