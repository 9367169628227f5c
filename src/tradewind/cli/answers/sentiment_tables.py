"""What the news were worth to a backtest, as a person reads it."""

from __future__ import annotations

from typing import Any

from tradewind.app.sentiment_run import RunShare, SentimentWorth
from tradewind.app.signal_text import percent
from tradewind.cli.contract import table


def worth_tables(worth: SentimentWorth) -> list[Any]:
    """The two runs side by side."""
    rows = [_row("with", worth.with_news), _row("without", worth.without)]
    names = ["news", "signals", "trades", "win rate", "expectancy", "profit factor", "net", "max drawdown"]
    note = f"{worth.articles:,} articles; {worth.blocked:,} decisions had the news against them."
    return [table("Ablation: the same bars with and without the news", names, rows, note=note)]


def _row(name: str, one: RunShare) -> tuple[Any, ...]:
    rate = f"{percent(one.win_rate)} (95% {percent(one.win_rate_low)} to {percent(one.win_rate_high)})"
    return (
        name,
        one.signals,
        one.trades,
        rate if one.trades else None,
        None if one.expectancy is None else f"{one.expectancy:+.3f} R",
        None if one.profit_factor is None else f"{one.profit_factor:.3f}",
        f"{one.net:+.2f}",
        percent(one.max_drawdown),
    )
