"""Measures a window for the gates, and what only a whole batch can say: the correction for everything looked at."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from tradewind.errors import Misconfigured
from tradewind.validation.bootstrap import mean_bounds, profit_factor_bounds
from tradewind.validation.gates_evidence import CandidateEvidence, Fold, SealedEvidence, WindowEvidence
from tradewind.validation.return_metrics import Floats, return_metrics
from tradewind.validation.sample import TradeSample
from tradewind.validation.significance import binomial_p, holm
from tradewind.validation.trade_metrics import TradeMetrics, trade_metrics
from tradewind.validation.walk_forward import ForwardStep
from tradewind.validation.windows import inside

_SAME_PAYOFF = 1e-9


def measure_window(
    r: Floats,
    daily: Floats,
    generator: np.random.Generator | None,
    *,
    periods_per_year: float,
    resamples: int = 4000,
    cost_to_risk: float | None = None,
    ambiguous: int | None = None,
) -> WindowEvidence:
    """Everything the gates ask of one window.

    Args:
        r: net R of its closed trades in order of exit, shape ``(n,)``.
        daily: net returns of its trading days as fractions of equity, flat days kept, shape ``(days,)``.
        generator: source of the bootstrap; None leaves its intervals out.
        periods_per_year: trading days in a year.
        resamples: of the bootstrap.
        cost_to_risk: mean cost of a trade / cash risked.
        ambiguous: trades whose exit bar touched both stop and target.
    """
    low, high, bounds = None, None, None
    if generator is not None:
        low, high = profit_factor_bounds(r, generator, resamples=resamples)
        bounds = mean_bounds(r, generator, resamples=resamples)
    return WindowEvidence(
        trades=trade_metrics(r, cost_to_risk=cost_to_risk, ambiguous=ambiguous),
        returns=return_metrics(daily, periods_per_year=periods_per_year),
        bounds=bounds,
        profit_factor_low=low,
        profit_factor_high=high,
        equal_payoffs=equal_payoffs(r),
    )


def equal_payoffs(r: Floats) -> bool:
    """Whether all wins are alike, all losses are alike, and no trade ended at exactly 0."""
    won, lost = r[r > 0.0], r[r < 0.0]
    return r.size == won.size + lost.size and all(
        side.size == 0 or float(np.ptp(side)) <= _SAME_PAYOFF for side in (won, lost)
    )


def fold_counts(trades: TradeSample, steps: Sequence[ForwardStep]) -> tuple[Fold, ...]:
    """Win counts of a walk forward; a trade across a boundary is in neither window of a step."""
    found = []
    for step in steps:
        train, validation = inside(trades, step.train).r, inside(trades, step.test).r
        wins = int((train > 0.0).sum()), int((validation > 0.0).sum())
        found.append(Fold(wins[0], train.size, wins[1], validation.size, step.train, step.test))
    return tuple(found)


def net_breakeven(*windows: TradeMetrics) -> float | None:
    """The largest break-even win rate among the windows, None where none has one.

    A sealed window that happened to hold few large losses must not lower the bar it is held to, so the one before it
    counts as well.
    """
    known = [window.breakeven for window in windows if window.breakeven is not None]
    return max(known) if known else None


def settle(
    candidates: Sequence[CandidateEvidence], *, looked_at: int | None = None, ledger_trials: int | None = None
) -> tuple[CandidateEvidence, ...]:
    """The candidates whose sealed window was opened together, each with its exact p and both corrections for looks.

    Holm's step-down over ``looked_at`` looks (default: these candidates) and over ``ledger_trials`` (default: the
    largest count the candidates carry). Looks and trials that are not among the candidates are taken as p = 1, which
    can only raise the others. Candidates with a closed sealed window pass through unchanged.

    Raises:
        Misconfigured: fewer looks or trials than candidates that were opened.
    """
    opened = [one for one in candidates if one.sealed is not None]
    looks = len(opened) if looked_at is None else looked_at
    known = max([looks, *(one.batch.ledger_trials for one in opened)])
    trials = known if ledger_trials is None else ledger_trials
    if looks < len(opened) or trials < len(opened):
        raise Misconfigured(
            f"{looks} looks and {trials} trials for {len(opened)} opened candidates",
            where="settle",
            allowed="at least as many as were opened",
        )
    breakevens, p_values = [], []
    for one in opened:
        assert one.sealed is not None
        measured = one.sealed.window.trades
        breakeven = net_breakeven(one.train.trades, measured)
        breakevens.append(breakeven)
        p_values.append(1.0 if breakeven is None else binomial_p(measured.wins, measured.n, breakeven))
    over_looks, over_trials = holm_among(p_values, looks), holm_among(p_values, trials)
    settled = iter(zip(breakevens, p_values, over_looks, over_trials, strict=True))
    return tuple(one if one.sealed is None else _settled(one, one.sealed, looks, *next(settled)) for one in candidates)


def holm_among(p_values: Sequence[float], hypotheses: int) -> tuple[float, ...]:
    """Holm's adjusted p-values among ``hypotheses``, those not given being taken as 1, in the order given."""
    return holm([*p_values, *([1.0] * (hypotheses - len(p_values)))])[: len(p_values)]


def _settled(
    one: CandidateEvidence,
    sealed: SealedEvidence,
    looks: int,
    breakeven: float | None,
    p: float,
    over_looks: float,
    over_trials: float,
) -> CandidateEvidence:
    known = breakeven is not None
    changed = msgspec.structs.replace(
        sealed,
        looked_at=looks,
        breakeven=breakeven,
        p=p if known else None,
        holm_p=over_looks if known else None,
        holm_p_ledger=over_trials if known else None,
    )
    return msgspec.structs.replace(one, sealed=changed)
