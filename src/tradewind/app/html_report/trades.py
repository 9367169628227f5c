"""The round trips: the worst, the best, all of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tradewind.app.html_report.data import ReportData
from tradewind.app.html_report.figures import moment, multiple, number, tone
from tradewind.app.html_report.markup import Cell, folded, section, table, text
from tradewind.app.html_report.series import EXTREMES
from tradewind.model.outcome import Trade
from tradewind.model.timeframe import Timeframe

MAX_ROWS: Final = 2000
_HEADERS: Final = (
    Cell("Entry (UTC)"),
    Cell("Symbol"),
    Cell("Side"),
    Cell("R", "num"),
    Cell("Net", "num"),
    Cell("By"),
    Cell("Exit (UTC)"),
    Cell("Lots", "num"),
    Cell("Entry", "num"),
    Cell("Exit", "num"),
    Cell("Costs", "num"),
    Cell("Worst", "num"),
    Cell("Best", "num"),
)
_COSTS: Final = ("spread_cost", "slippage_cost", "commission")


def trades(data: ReportData) -> str:
    """Worst and best open, all of them folded; choosing a row shows the trade on its chart."""
    if not data.trades:
        return ""
    digits = {chart.symbol: chart.digits for chart in data.charts}
    frames = {(chart.symbol, chart.timeframe): number for number, chart in enumerate(data.charts)}
    ordered = sorted(data.trades, key=lambda trade: trade.r)
    best = list(reversed(ordered[-EXTREMES:]))
    latest = sorted(data.trades, key=lambda trade: trade.ts_exit, reverse=True)[:MAX_ROWS]
    n = len(data.trades)
    shown = f"All {n:,} trades" if n <= MAX_ROWS else f"The last {MAX_ROWS:,} of {n:,} trades"
    folds = (
        (f"Worst {min(n, EXTREMES)}", ordered[:EXTREMES]),
        (f"Best {min(n, EXTREMES)}", best),
        (shown, latest),
    )
    inner = "".join(
        folded(text(title), table(_HEADERS, [_row(trade, digits) for trade in group], [_key(t, frames) for t in group]))
        for title, group in folds
    )
    return section("Trades", inner, "Choose a row to see the trade on its chart. * exit bar touched stop and target.")


def _row(trade: Trade, digits: dict[str, int]) -> tuple[Cell, ...]:
    places = digits.get(trade.symbol, 5)
    cost = sum((Decimal(getattr(trade, field)) for field in _COSTS), Decimal(0))
    return (
        Cell(moment(trade.ts_entry)),
        Cell(trade.symbol),
        Cell("long" if trade.side > 0 else "short"),
        Cell(multiple(trade.r), f"num {tone(trade.r)}"),
        Cell(number(float(Decimal(trade.net)), 2), f"num {tone(trade.r)}"),
        Cell(trade.exit_leg + (" *" if trade.ambiguous else "")),
        Cell(moment(trade.ts_exit)),
        Cell(number(trade.lots, 2), "num"),
        Cell(number(trade.entry, places), "num"),
        Cell(number(trade.exit, places), "num"),
        Cell(number(float(cost), 2), "num"),
        Cell(multiple(-abs(trade.mae_r)), "num"),
        Cell(multiple(trade.mfe_r), "num"),
    )


def _key(trade: Trade, frames: dict[tuple[str, Timeframe], int]) -> str:
    """``chart,first second,last second`` for the script; empty where the trade has no chart."""
    chart = frames.get((trade.symbol, trade.timeframe))
    return "" if chart is None else f"{chart},{trade.ts_entry // 10**9},{trade.ts_exit // 10**9}"
