"""The parameters of one family that did best on the train window of one symbol: a candidate, and no proof of anything.

The best of many tries looks good whatever they are worth. So every set that was evaluated is a trial: it goes into the
trial ledger and into the strategy book before the search hears what it was worth, and what comes later (deflated
Sharpe ratio, overfitting, the reality check) counts them all.

The window is the part of the span that is train however long a sealed window has to be: with the rules ``w`` of the
windows ``(1 - w.max_sealed_share) * (1 - w.test_share)`` of it, the first 40%. It follows from the times of the first
and the last bar alone. Neither test nor sealed window of a later proof has been read, not even for the number of trades
in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.ensemble.shadow import ShadowColumns
from tradewind.errors import Misconfigured, Rejected
from tradewind.features.rule import Member, member_of, spec_hash
from tradewind.model.report import Window
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.model.trial import TrialBatch, trial_batch
from tradewind.ports.parameter_search import ParameterSearch, Proposal
from tradewind.research.batch_search import daily_r, span_of, swept_trades
from tradewind.research.candidate_trades import Market, daily_returns_of
from tradewind.research.space import Space
from tradewind.validation.effective_trials import mean_correlation, score_sum
from tradewind.validation.return_metrics import return_metrics
from tradewind.validation.trade_metrics import TradeMetrics, trade_metrics
from tradewind.validation.trial_matrix import daily_sharpes
from tradewind.validation.windows import WindowRules, windows_of

Objective = Literal["wilson", "expectancy", "sharpe"]
OBJECTIVES: Final[tuple[Objective, ...]] = ("wilson", "expectancy", "sharpe")
BATCH: Final = 16
"""Sets proposed and swept together."""
FRUITLESS: Final = 640
"""Proposals in a row without a new set after which the space is taken to be exhausted."""
_NO_SCORE: Final = -1e9


class Tried(NamedTuple):
    """A set that was evaluated. ``score`` is None where it has too few trades or its objective is undefined."""

    member: Member
    spec: str
    score: float | None
    trades: TradeMetrics
    sharpe: float | None
    daily: NDArray[np.float32]


class Optimized(NamedTuple):
    """Every set that was evaluated, in order; ``repeats`` proposals named one again, ``impossible`` ones none at all.

    ``stopped`` is ``trials``, ``asked`` or ``exhausted``.
    """

    tried: tuple[Tried, ...]
    repeats: int
    impossible: int
    stopped: str

    def ranked(self) -> list[Tried]:
        """Those with a score, the best first; of equal ones the earlier first."""
        known = [one for one in self.tried if one.score is not None]
        return sorted(known, key=lambda one: -(one.score or 0.0))


def train_window(span: Window, rules: WindowRules) -> Window:
    """The part of ``span`` that is in the train window of every proof under ``rules``, whatever else it looks at.

    Raises:
        Rejected: the span is too short for any proof, so that a search on it leads nowhere.
    """
    length = span.end - span.start
    if length * rules.max_sealed_share < rules.min_sealed:
        raise Rejected(
            f"{length / DAY:.0f} days of bars hold no sealed window of {rules.min_sealed / DAY:.0f} days",
            allowed=f"at least {rules.min_sealed / rules.max_sealed_share / DAY:.0f} days",
            next_step="import or fetch more history",
        )
    widest = msgspec.structs.replace(rules, sealed_share=rules.max_sealed_share)
    return windows_of(span, np.empty(0, dtype=np.int64), rules=widest).train


def optimized(
    space: Space,
    timeframe: Timeframe,
    train: Market,
    search: ParameterSearch,
    objective: Objective,
    *,
    count: int,
    min_trades: int,
    keep: Callable[[Sequence[Tried]], None],
    go_on: Callable[[], bool] = lambda: True,
) -> Optimized:
    """Evaluates ``count`` distinct sets of ``space`` on the bars of ``train``, which must be cut already.

    ``keep`` is given every batch before the search hears of it: what it returned from is not lost. ``go_on`` is asked
    before each batch.

    Raises:
        Misconfigured: no set was asked for.
    """
    if count < 1 or min_trades < 1:
        raise Misconfigured(f"{count} trials with {min_trades} trades each", allowed="at least one of both")
    known: dict[str, Tried] = {}
    repeats = impossible = fruitless = 0
    stopped = "trials"
    while len(known) < count:
        if not go_on():
            stopped = "asked"
            break
        if fruitless >= FRUITLESS:
            stopped = "exhausted"
            break
        proposals = search.ask(min(BATCH, count - len(known)))
        named = [(one, _member_at(space, timeframe, one)) for one in proposals]
        fresh = {spec_hash(one): one for _, one in named if one is not None and spec_hash(one) not in known}
        if fresh:
            batch = _evaluated(fresh, train, objective, min_trades)
            keep(batch)
            known |= {one.spec: one for one in batch}
        fruitless = 0 if fresh else fruitless + len(proposals)
        impossible += sum(member is None for _, member in named)
        repeats += sum(member is not None for _, member in named) - len(fresh)
        for proposal, member in named:
            tried = None if member is None else known[spec_hash(member)]
            search.tell(proposal.number, _answer(tried))
    return Optimized(tuple(known.values()), repeats, impossible, stopped)


def trials_in(batch: Sequence[Tried], train: Market, symbol: str, data_hash: str) -> TrialBatch:
    """A batch as the trial ledger keeps it."""
    daily, window = np.stack([one.daily for one in batch]), span_of(train)
    return trial_batch(
        [one.spec for one in batch],
        [one.member.family for one in batch],
        symbol=symbol,
        timeframe=batch[0].member.timeframe,
        data_hash=data_hash,
        start=window.start,
        end=window.end,
        n_trades=[one.trades.n for one in batch],
        sharpe=daily_sharpes(daily),
        days=daily.shape[1],
        mean_correlation=mean_correlation(score_sum(daily)),
    )


def score_of(objective: Objective, trades: TradeMetrics, sharpe: float | None) -> float | None:
    """What is maximised, net of costs.

    ``wilson``: the lower 95% Wilson bound of the win rate less the win rate at which these trades earn nothing, so that
    near targets do not win by themselves; ``expectancy``: mean R; ``sharpe``: of the daily returns, annualised.
    """
    if objective == "sharpe":
        return sharpe
    if objective == "expectancy":
        return trades.expectancy
    if trades.win_rate_low is None or trades.breakeven is None:
        return None
    return trades.win_rate_low - trades.breakeven


def _member_at(space: Space, timeframe: Timeframe, proposal: Proposal) -> Member | None:
    """The member a proposal means; None where its values exclude each other."""
    values = space.draw(proposal.shares)
    if values is None:
        return None
    try:
        return member_of(space.family, timeframe, space.params(values), 1)
    except Misconfigured:
        return None


def _evaluated(fresh: dict[str, Member], train: Market, objective: Objective, min_trades: int) -> list[Tried]:
    members, days = list(fresh.values()), np.unique(train.day)
    return [
        _tried(spec, member, own, train, days, objective, min_trades)
        for (spec, member), own in zip(fresh.items(), swept_trades(members, train), strict=True)
    ]


def _tried(
    spec: str, member: Member, own: ShadowColumns, train: Market, days: NDArray[np.int64], objective: Objective,
    min_trades: int,
) -> Tried:  # fmt: skip
    trades = trade_metrics(own.r)
    sharpe = return_metrics(daily_returns_of(own, train), periods_per_year=train.periods_per_year).sharpe
    score = score_of(objective, trades, sharpe) if trades.n >= min_trades else None
    return Tried(member, spec, score, trades, sharpe, daily_r(own, train, days))


def _answer(tried: Tried | None) -> float:
    """What the search hears: without a score less than any, and the less the fewer trades there were."""
    if tried is None:
        return _NO_SCORE
    return _NO_SCORE + tried.trades.n if tried.score is None else tried.score
