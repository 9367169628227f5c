"""A report's worth of data from a SIMULATED market and one hand-made rule; its own truth, no product engine."""

from __future__ import annotations

import numpy as np

from tradewind.adapters.market.simulated import simulate_market, spec_for
from tradewind.adapters.market.simulated_edge import PlantedEdge
from tradewind.app.html_report.data import EquityCurve, GateGroup, MemberRow, ReportData, SeriesChart
from tradewind.model.decision import Bracket, Consensus, Record, Signal
from tradewind.model.instruments import resolve
from tradewind.model.outcome import Trade
from tradewind.model.report import Baseline, CostStress, Stamp, Window
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.validation.gates import GateRules, judge
from tradewind.validation.metrics import daily_returns, metrics
from tradewind.validation.sample import TradeSample

STAMP = Stamp(data_hash="3f9ad2c4e1b7", config_hash="77b0c5d2a9e4", code_version="0.1.0", seed=7, simulated=True)


def trades_of(columns, symbol: str, every: int, hold: int) -> list[Trade]:
    """Enters at the open every ``every`` bars, in the direction of the last ten bars; leaves at a close."""
    trades = []
    for entry in range(20, columns.close.size - hold, every):
        side = 1 if columns.close[entry - 1] > columns.close[entry - 11] else -1
        last = entry + hold - 1
        risk = 0.004 * columns.open[entry]
        moved = side * (columns.close[last] - columns.open[entry]) / risk
        net = round(100.0 * (moved - 0.08), 2)
        trades.append(
            Trade(
                signal_id=f"s{entry}",
                symbol=symbol,
                timeframe=Timeframe.H1,
                side=side,
                lots=0.25,
                ts_entry=int(columns.ts_open[entry]),
                ts_exit=int(columns.ts_close[last]),
                entry=float(columns.open[entry]),
                exit=float(columns.close[last]),
                exit_leg="time",
                gross=str(round(net + 8.0, 2)),
                spread_cost="3.00",
                slippage_cost="4.00",
                commission="1.00",
                swap="0.00",
                net=str(net),
                r=net / 100.0,
                mae_r=0.6,
                mfe_r=1.1,
                ambiguous=entry % 3 == 0,
            )
        )
    return trades


def signal_of(trade: Trade, name: str) -> Signal:
    """A published signal of the trade's side and time."""
    consensus = Consensus(trade.side, 1.0, ("EMA_Crossover_1h_v1",), 1, 1.0, 0.55, 0.5, 0.9, 0.1, "shadow trades")
    price = trade.entry
    bracket = Bracket(trade.side, price, price, price, price * 0.99, price * 1.02, 0.25, 100.0, 24, 40.0, 0.1)
    return Signal(
        name, trade.symbol, Timeframe.H1, trade.ts_entry, trade.ts_entry + DAY, bracket, consensus, "standard", ()
    )


def report_data(bars: int = 9000, every: int = 14) -> ReportData:
    """A whole report: a chart too long to show in full, trades, gates, members, reasons, costs."""
    instrument = resolve("XAU/USD")
    made = simulate_market(spec_for(instrument, bars=bars, edge=PlantedEdge(strength=0.4)), np.random.default_rng(7))
    columns = made.columns
    trades = trades_of(columns, instrument.symbol, every, 8)
    equity = 10_000.0 + np.cumsum([float(trade.net) for trade in trades])
    ts = np.array([trade.ts_exit for trade in trades], dtype=np.int64)
    sample = TradeSample.of_trades(trades)
    span = Window(int(columns.ts_open[0]), int(columns.ts_close[-1]))
    generator = np.random.default_rng(7)
    rules = GateRules(resamples=400)
    noise = sample._replace(r=np.random.default_rng(3).normal(-0.03, 1.0, sample.r.size))
    gates = (
        judge(sample, span, generator, rules=rules, stamp=STAMP, subject="Ten_Bar_Momentum_1h_v1"),
        judge(noise, span, generator, rules=rules, stamp=STAMP, subject="Coin_Toss_1h_v1", looked_at=2),
    )
    record = Record(sample.r.size, int((sample.r > 0).sum()), 0.21, 1.4, 1.3, -1.0, "shadow, 2020-01 to 2021-07")
    stress = tuple(
        CostStress(factor, sample.r.size, 0.29 - 0.08 * factor, 1.6 - 0.2 * factor, 6000.0 - 1500.0 * factor)
        for factor in (1.0, 2.0, 3.0)
    )
    return ReportData(
        title="Backtest of 2 strategies on XAU/USD 1h",
        subtitle="Planted breakout edge of 0.4 deviations a bar",
        span=span,
        stamp=STAMP,
        metrics=metrics(
            daily_returns(ts // DAY, equity, 10_000.0), sample.r, periods_per_year=252, cost_to_risk=0.08, ambiguous=9
        ),
        trades=tuple(trades),
        charts=(
            SeriesChart(
                instrument.symbol,
                Timeframe.H1,
                2,
                columns,
                (*(signal_of(t, t.signal_id) for t in trades[-40:]), signal_of(trades[-1], "missed")),
                tuple(trades),
            ),
        ),
        equity=EquityCurve(ts, equity, 10_000.0),
        gates=(GateGroup("XAU/USD", gates),),
        findings=(("1 of 2 strategies passed the screen of a backtest.", True),),
        members=(
            MemberRow("Ten_Bar_Momentum_1h_v1", "XAU/USD", "momentum", Timeframe.H1, record, gates[0].verdict),
            MemberRow(
                "Coin_Toss_1h_v1", "XAU/USD", "reversion", Timeframe.H1, Record(0, 0, None, None, None, None), None
            ),
        ),
        reasons=(("no_quorum", 5120), ("trend", 1801), ("confidence", 640), ("liquidity_hours", 93)),
        stress=stress,
        baselines=(Baseline("Buy and hold", 0.12, 0.6, -0.18, "one unit, no costs"),),
        signals=len(trades) + 1,
        bars=bars,
        synthetic_bars=2,
        notes=("The market has an edge planted in it.",),
    )
