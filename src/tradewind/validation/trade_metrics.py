"""Measures of closed trades, net of costs, in R (multiples of the cash risked at entry)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from tradewind.errors import Corrupt
from tradewind.model.outcome import Trade
from tradewind.validation.return_metrics import Floats, longest_run, ratio
from tradewind.validation.significance import breakeven_win_rate, wilson

_SQN_CAP = 100
_MIN_TRADES = 2


class TradeMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """Measures of ``n`` closed trades; None wherever the formula is undefined, never an infinite number.

    A win has R > 0, a loss R < 0. ``breakeven`` is the win rate at which these wins and losses would earn nothing and
    ``margin`` the win rate above it. ``false_signal_rate`` = losses / n. ``flags`` says in words what is undefined.
    """

    n: int
    wins: int
    losses: int
    win_rate: float | None
    win_rate_low: float | None
    win_rate_high: float | None
    mean_win: float | None
    mean_loss: float | None
    payoff: float | None
    breakeven: float | None
    margin: float | None
    profit_factor: float | None
    expectancy: float | None
    sd: float | None
    sqn: float | None
    sqn100: float | None
    kelly: float | None
    max_drawdown_r: float
    longest_losing_streak: int
    longest_winning_streak: int
    false_signal_rate: float | None
    sharpe_per_trade: float | None
    cost_to_risk: float | None
    ambiguous_share: float | None
    flags: tuple[str, ...] = ()


def trade_metrics(r: Floats, *, cost_to_risk: float | None = None, ambiguous: int | None = None) -> TradeMetrics:
    """All measures of the trades ``r``, shape ``(n,)``, net R in order of their exit.

    Payoff = mean win / mean loss; profit factor = sum of wins / |sum of losses|; expectancy = mean R;
    SQN = sqrt(n) * mean / std(ddof=1), SQN100 with n capped at 100 (Tharp); Kelly = W - (1 - W) / payoff;
    the drawdown in R is that of the running sum, its start counting as a peak.

    Args:
        r: net R of each trade.
        cost_to_risk: mean cost of a trade / cash risked, where the costs are known.
        ambiguous: trades whose exit bar touched both stop and target and could not be drilled into.

    Raises:
        Corrupt: an R is not finite.
    """
    if not bool(np.all(np.isfinite(r))):
        raise Corrupt("the R of a trade is not finite", where="trade_metrics")
    n = int(r.size)
    won, lost = r[r > 0.0], r[r < 0.0]
    wins, losses = int(won.size), int(lost.size)
    interval = wilson(wins, n)
    win_rate = wins / n if n else None
    mean_win = float(won.mean()) if wins else None
    mean_loss = float(-lost.mean()) if losses else None
    payoff = None if mean_win is None or mean_loss is None else ratio(mean_win, mean_loss)
    breakeven = None if payoff is None else breakeven_win_rate(payoff)
    expectancy = float(r.mean()) if n else None
    varied = n >= _MIN_TRADES and float(np.ptp(r)) > 0.0
    sd = float(r.std(ddof=1)) if n >= _MIN_TRADES else None
    per_trade = ratio(expectancy, sd) if varied and expectancy is not None and sd is not None else None
    return TradeMetrics(
        n=n,
        wins=wins,
        losses=losses,
        win_rate=win_rate,
        win_rate_low=None if interval is None else interval[0],
        win_rate_high=None if interval is None else interval[1],
        mean_win=mean_win,
        mean_loss=mean_loss,
        payoff=payoff,
        breakeven=breakeven,
        margin=None if win_rate is None or breakeven is None else win_rate - breakeven,
        profit_factor=ratio(float(won.sum()), float(-lost.sum())) if losses else None,
        expectancy=expectancy,
        sd=sd,
        sqn=None if per_trade is None else per_trade * math.sqrt(n),
        sqn100=None if per_trade is None else per_trade * math.sqrt(min(n, _SQN_CAP)),
        kelly=None if win_rate is None or payoff is None else win_rate - (1.0 - win_rate) / payoff,
        max_drawdown_r=_drawdown_r(r),
        longest_losing_streak=longest_run(r < 0.0),
        longest_winning_streak=longest_run(r > 0.0),
        false_signal_rate=losses / n if n else None,
        sharpe_per_trade=per_trade,
        cost_to_risk=cost_to_risk,
        ambiguous_share=ambiguous / n if ambiguous is not None and n else None,
        flags=_flags(n, wins, losses),
    )


def metrics_of_trades(trades: Sequence[Trade]) -> TradeMetrics:
    """The measures of round trips, with their cost to risk and share of ambiguous exits, in order of exit."""
    ordered = sorted(trades, key=lambda trade: (trade.ts_exit, trade.ts_entry))
    return trade_metrics(
        np.array([trade.r for trade in ordered], dtype=np.float64),
        cost_to_risk=cost_to_risk(ordered),
        ambiguous=sum(trade.ambiguous for trade in ordered),
    )


def cost_to_risk(trades: Iterable[Trade]) -> float | None:
    """Mean of ``(spread + slippage + commission - swap) / cash risked``; the cash risked is net / R.

    Trades that ended at exactly 0 R do not tell what they risked and are left out; None when no trade is left.
    """
    shares = []
    for trade in trades:
        net = float(trade.net)
        if trade.r == 0.0 or net == 0.0:
            continue
        paid = float(trade.spread_cost) + float(trade.slippage_cost) + float(trade.commission) - float(trade.swap)
        shares.append(paid * trade.r / net)
    return math.fsum(shares) / len(shares) if shares else None


def _drawdown_r(r: Floats) -> float:
    """Deepest fall of the running sum of R below its peak, positive, in R."""
    curve = np.concatenate(([0.0], np.cumsum(r)))
    return float(np.max(np.maximum.accumulate(curve) - curve))


def _flags(n: int, wins: int, losses: int) -> tuple[str, ...]:
    """Why some measures are None."""
    if n == 0:
        return ("no_trades",)
    return tuple(flag for flag, count in (("no_wins", wins), ("no_losses", losses)) if count == 0)
