"""A strategy walked forward: its trades in each fold before and after, within the development window."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from tradewind.app.validation.subject import Subject
from tradewind.errors import Misconfigured
from tradewind.model.report import GateRow, Window
from tradewind.model.timeframe import DAY
from tradewind.research.candidate_trades import inside_of, run_members, sample_of
from tradewind.research.evidence import outline
from tradewind.validation.gates_evidence import BatchEvidence
from tradewind.validation.gates_measure import fold_counts
from tradewind.validation.gates_profiles import walk_forward_rows
from tradewind.validation.trade_metrics import TradeMetrics, trade_metrics
from tradewind.validation.walk_forward import walk_forward
from tradewind.validation.windows import inside


class Scheme(NamedTuple):
    """How to walk: ``folds`` tests behind ``lead`` segments, all before each as training, or with ``rolling`` the lead.

    ``embargo`` bars before each test are left out of its training.
    """

    folds: int = 5
    lead: int = 1
    rolling: bool = False
    embargo: int = 0


class ForwardFold(msgspec.Struct, frozen=True):
    """One fold: both windows and what the strategy's trades wholly inside them showed.

    ``kept`` is the validation win rate as a share of the training one, None where either has no trades or no win.
    """

    train_window: Window
    validation_window: Window
    train: TradeMetrics
    validation: TradeMetrics
    kept: float | None


class Forward(msgspec.Struct, frozen=True):
    """A walk forward; ``rows`` are its gates (retention, consistency, validation win rate), ``purged`` the trades
    across a boundary, which are in no window of their fold.
    """

    folds: tuple[ForwardFold, ...]
    rows: tuple[GateRow, ...]
    purged: int

    @property
    def passed(self) -> bool:
        """Whether every gate of the walk forward is met."""
        return all(row.passed for row in self.rows)


def walked(subject: Subject, scheme: Scheme) -> Forward:
    """Walks the subject forward over its development window; nothing from the seal on is read.

    Raises:
        Misconfigured: the window is too short for the folds, or the embargo leaves no training.
    """
    span, windows = subject.windows.development, subject.windows
    embargo = scheme.embargo * subject.series.timeframe.ns
    steps = walk_forward(span, folds=scheme.folds, lead=scheme.lead, anchored=not scheme.rolling, embargo=embargo)
    if steps is None:
        raise Misconfigured(
            f"{scheme.folds} folds with an embargo of {scheme.embargo} bars",
            where=f"a development window of {(span.end - span.start) / DAY:.0f} days",
            allowed="segments that are longer than the embargo",
            next_step="ask for fewer folds or a shorter embargo",
        )
    before = subject.series.market.within(span)
    (runs,) = run_members([subject.member], before)
    own = inside_of(runs.own, span)
    sample = sample_of(own)
    folds = []
    for step in steps:
        train, validation = inside(sample, step.train).r, inside(sample, step.test).r
        one, two = trade_metrics(train), trade_metrics(validation)
        kept = two.win_rate / one.win_rate if one.win_rate and two.win_rate is not None else None
        folds.append(ForwardFold(step.train, step.test, one, two, kept))
    nothing = BatchEvidence(trials=1, days=0, pbo=None, spa_p=None)
    evidence = msgspec.structs.replace(
        outline(subject.member.id, runs.own, before, windows, nothing), folds=fold_counts(sample, steps)
    )
    tested = sum(fold.validation.n for fold in folds)
    first = steps[0].test.start
    purged = int((sample.ts_exit > first).sum()) - tested
    return Forward(tuple(folds), walk_forward_rows(evidence, subject.terms.limits), purged)
