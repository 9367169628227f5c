"""Every measure of a run in one call; the formulae are in docs/metrics.md and in the two modules beneath."""

from __future__ import annotations

import msgspec

from tradewind.validation.return_metrics import Floats, ReturnMetrics, annualisation, daily_returns, return_metrics
from tradewind.validation.trade_metrics import TradeMetrics, cost_to_risk, metrics_of_trades, trade_metrics

__all__ = [
    "Metrics",
    "ReturnMetrics",
    "TradeMetrics",
    "annualisation",
    "cost_to_risk",
    "daily_returns",
    "metrics",
    "metrics_of_trades",
    "return_metrics",
    "trade_metrics",
]


class Metrics(msgspec.Struct, frozen=True):
    """What the equity did day by day, and what the trades did one by one."""

    returns: ReturnMetrics
    trades: TradeMetrics


def metrics(
    returns: Floats,
    trades_r: Floats,
    *,
    periods_per_year: float,
    cost_to_risk: float | None = None,
    ambiguous: int | None = None,
) -> Metrics:
    """Measures of daily returns, shape ``(days,)``, and of net trades in R, shape ``(n,)``.

    ``periods_per_year`` is explicit because no default is right: ``annualisation(asset_class)`` gives it.
    """
    return Metrics(
        returns=return_metrics(returns, periods_per_year=periods_per_year),
        trades=trade_metrics(trades_r, cost_to_risk=cost_to_risk, ambiguous=ambiguous),
    )
