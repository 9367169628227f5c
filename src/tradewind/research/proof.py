"""What every member shows on its own over one series, and what the gates make of it.

The trades are the shadow book's: the same votes, brackets, matching and costs as in the engine, one position per
member, without ensemble, filters or limits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import numpy as np

from tradewind.ensemble.shadow import ShadowBook, ShadowTrade
from tradewind.features.bank import FeatureBank
from tradewind.features.graph import Seeding
from tradewind.features.rule import Member
from tradewind.features.rule_program import RuleProgram, indicators_of
from tradewind.model.bar import BarColumns
from tradewind.model.decision import Record
from tradewind.model.instrument import Instrument
from tradewind.model.report import GateReport, Stamp, Verdict, Window
from tradewind.model.timeframe import Timeframe
from tradewind.validation.gates import judge
from tradewind.validation.sample import TradeSample
from tradewind.validation.trade_metrics import TradeMetrics, trade_metrics

MIN_BOUND: Final = 30
"""Sealed trades below which no lower bound is told."""
_BOUNDS: Final = ("expectancy.sealed.lower_bound", "sealed.expectancy_bound")


class MemberProof(msgspec.Struct, frozen=True):
    """One member's shadow trades on ``symbol`` over the span, measured and judged."""

    member: str
    timeframe: Timeframe
    record: Record
    metrics: TradeMetrics
    report: GateReport
    symbol: str = ""

    @property
    def lower_bound(self) -> float | None:
        """``sealed_lower_bound`` of the report."""
        return sealed_lower_bound(self.report)


def sealed_lower_bound(report: GateReport) -> float | None:
    """Lower bound of the sealed net expectancy in R, at the level the gate asks for; None below ``MIN_BOUND`` trades.

    The resampled bound of a handful of trades says more about the handful than about the strategy.
    """
    found = (row.value for row in report.rows if row.name in _BOUNDS and row.n >= MIN_BOUND)
    return next(found, None)


def shadow_book(
    members: Sequence[Member], columns: BarColumns, instrument: Instrument, *, seeding: Seeding = "sma"
) -> ShadowBook:
    """The shadow trades of ``members`` over ``columns``, bars of the members' own timeframe, oldest first."""
    bank = FeatureBank(indicators_of(members), seeding)
    program = RuleProgram(members, bank.index)
    sides, ranges = program.run(bank.batch(columns))
    book = ShadowBook(members, instrument.costs, origin=f"shadow, {instrument.symbol}")
    book.run(columns, sides, ranges)
    return book


def judge_member(
    member: Member,
    trades: Sequence[ShadowTrade],
    record: Record,
    span: Window,
    generator: np.random.Generator,
    *,
    looked_at: int,
    stamp: Stamp,
    symbol: str = "",
) -> MemberProof:
    """Measures and judges closed shadow trades over ``span``; ``looked_at`` members shared the sealed window."""
    r = np.array([trade.r for trade in trades], dtype=np.float64)
    sample = TradeSample.of_rows((trade.ts_entry, trade.ts_exit, trade.r) for trade in trades)
    report = judge(sample, span, generator, looked_at=looked_at, stamp=stamp, subject=member.id)
    ambiguous = sum(trade.ambiguous for trade in trades)
    return MemberProof(member.id, member.timeframe, record, trade_metrics(r, ambiguous=ambiguous), report, symbol)


def prove(
    members: Sequence[Member],
    columns: BarColumns,
    instrument: Instrument,
    generator: np.random.Generator,
    *,
    stamp: Stamp,
    on_member: Callable[[], None] = lambda: None,
) -> tuple[MemberProof, ...]:
    """Every member over ``columns``, judged with the number of members as the number of looks.

    ``on_member`` is called after each one.
    """
    book = shadow_book(members, columns, instrument)
    span = Window(int(columns.ts_open[0]), int(columns.ts_close[-1]))
    proofs = []
    for position, member in enumerate(members):
        proofs.append(
            judge_member(
                member,
                book.closed(position),
                book.record(position),
                span,
                generator,
                looked_at=len(members),
                stamp=stamp,
                symbol=instrument.symbol,
            )
        )
        on_member()
    return tuple(proofs)


def best_first(proofs: Sequence[MemberProof]) -> list[MemberProof]:
    """Passed, failed, too little evidence, and within each by the lower bound; those without one last."""
    order = list(Verdict)
    return sorted(
        proofs,
        key=lambda one: (order.index(one.report.verdict), one.lower_bound is None, -(one.lower_bound or 0.0)),
    )


def edge_line(proofs: Sequence[MemberProof]) -> str:
    """``No edge found: ...`` or how many strategies passed the screen, and that this proves nothing."""
    passed = sum(proof.report.approved for proof in proofs)
    if passed:
        return (
            f"{passed} of {len(proofs)} strategies passed the screen of a backtest. It saw all bars of this run"
            " and counts no trials: choosing by it is how overfitting begins. `tradewind validate` proves."
        )
    open_ones = sum(proof.report.verdict is Verdict.INSUFFICIENT for proof in proofs)
    count = "all" if open_ones == len(proofs) else str(open_ones)
    have = "has" if open_ones == 1 else "have"
    rest = f"; {count} {have} too few trades to say either" if open_ones else ""
    return f"No edge found: none of {len(proofs)} strategies passed the gates{rest}."
