"""What a run is measured on: its own bars, its own signals at other costs, its own market's alternatives."""

from __future__ import annotations

import msgspec
import pytest

from tests import scene
from tradewind.app.backtest import Backtest
from tradewind.app.cost_stress import cost_stress, trades_at
from tradewind.app.measured_run import measure
from tradewind.app.run_page import WARMUP_SHOWN, report_data
from tradewind.model.report import Verdict
from tradewind.model.timeframe import Timeframe
from tradewind.research.proof import best_first, edge_line


def _still(steps: float = 1) -> None:
    """Draws no bar."""


def _costs(trade) -> float:
    return float(trade.spread_cost) + float(trade.slippage_cost)


@pytest.fixture(scope="module")
def recordings():
    return (scene.recording(scene.market("BTC/USDT", 2000)[0], "BTC/USDT"),
            scene.recording(scene.market("EUR/USD", 1400, seed=2)[0], "EUR/USD"))  # fmt: skip


@pytest.fixture(scope="module")
def plan():
    return scene.plan(("BTC/USDT", "EUR/USD"))


@pytest.fixture(scope="module")
def finished(plan, recordings):
    backtest = Backtest(plan, recordings)
    backtest.run()
    return backtest.finished


def test_the_signals_of_a_run_at_its_own_costs_make_its_own_trades(plan, recordings, finished):
    """The second walk over the bars is the first one: same fills, same time stops, same order."""
    signals, trades = finished.summary.signals, finished.summary.trades
    assert len(trades) > 50
    made, skipped = trades_at(plan, recordings, signals, 1.0, _still)
    assert made == trades
    assert skipped == 0


@pytest.mark.req("X11")
def test_dearer_costs_leave_less_of_the_same_signals(plan, recordings, finished):
    """Two and three times spread and slippage: the costs booked grow by as much, the result falls each time."""
    signals, trades = finished.summary.signals, finished.summary.trades
    rows = cost_stress(plan, recordings, signals, trades, _still)
    assert [row.factor for row in rows] == [1.0, 2.0, 3.0]
    assert rows[0].net > rows[1].net > rows[2].net
    dear, _ = trades_at(plan, recordings, signals, 2.0, _still)
    same = {(trade.signal_id, trade.ts_exit): trade for trade in trades}
    pairs = [
        (trade, same[trade.signal_id, trade.ts_exit]) for trade in dear if (trade.signal_id, trade.ts_exit) in same
    ]
    assert len(pairs) > 0.9 * len(trades)  # quoted spreads reach some stops earlier
    for two, one in pairs:
        # Rounding to a tick against the trader does not double: at most a tick a side.
        assert _costs(two) == pytest.approx(2.0 * _costs(one), rel=0.06)
    assert all(row.n + row.skipped <= len(signals) for row in rows)


def test_bars_that_only_warm_up_are_in_no_number(plan, recordings):
    """Decisions, span, equity and charts begin after them; how many they were is told."""
    cut = 1000
    until = int(recordings[0].columns.ts_close[cut - 1])
    one = msgspec.structs.replace(recordings[0], warm_until=until)
    alone = scene.plan(("BTC/USDT",))
    backtest = Backtest(alone, (one,))
    backtest.run()
    result = measure(backtest.finished, "data", 1, proofs=())
    assert (result.counts.history, result.counts.bars) == (cut, 2000 - cut)
    assert result.counts.decisions == sum(
        1 + (ts % (4 * 3600 * 10**9) == 0) for ts in one.columns.ts_close[cut:].tolist()
    )
    assert "history" not in result.counts.reasons
    assert result.counts.first_ts == int(one.columns.ts_close[cut])
    assert len(result.equity) <= (2000 - cut) / 24 + 2
    assert result.opening_balance == alone.opening_balance
    page = report_data(backtest.finished, result, "Backtest")
    assert page.charts[0].columns.ts_open.size == 2000 - cut + WARMUP_SHOWN
    assert page.warmup_bars == cut


def test_naive_alternatives_are_those_of_the_bars_decided_on(finished, recordings):
    """Buy and hold of each symbol by hand: last close over first open; random entry only where there was a trade."""
    result = measure(finished, "data", 1, proofs=(), naive=True)
    by_name = {row.name: row for row in result.baselines}
    for recording in recordings:
        held = recording.columns.close[-1] / recording.columns.open[0] - 1.0
        assert by_name[f"{recording.symbol}: Buy and hold"].total_return == pytest.approx(held)
        traded = any(trade.symbol == recording.symbol for trade in finished.summary.trades)
        assert (f"{recording.symbol}: Random entry" in by_name) == traded
    assert by_name["Always flat"].total_return == 0.0
    assert list(by_name)[-1] == "Always flat"


def test_the_verdicts_come_by_symbol_best_first_and_in_plain_words(finished):
    result = measure(finished, "data", 1)
    groups = report_data(finished, result, "Backtest").gates
    assert [group.label for group in groups] == list(result.symbols)
    assert sum(len(group.reports) for group in groups) == len(result.proofs)
    order = list(Verdict)
    for group in groups:
        ranks = [order.index(report.verdict) for report in group.reports]
        assert ranks == sorted(ranks)
    failed = [proof for proof in result.proofs if not proof.report.approved]
    assert edge_line(failed).startswith(f"No edge found: none of {len(failed)} strategies passed the gates")
    assert best_first(result.proofs)[0].lower_bound is not None


def test_what_passes_the_screen_of_a_backtest_is_not_called_an_edge(finished):
    """Rule: it saw the last part of the bars and counts no trials, so the line says who proves."""
    proofs = measure(finished, "data", 1).proofs
    passed = msgspec.structs.replace(proofs[0].report, verdict=Verdict.PASS)
    line = edge_line([msgspec.structs.replace(proofs[0], report=passed), *proofs[1:]])
    assert "Edge found" not in line
    assert "counts no trials" in line
    assert "tradewind validate" in line


def test_a_chart_shows_the_bars_decided_on(plan):
    """Decisions on 4h alone are shown on 4h candles, whatever the bars they are made from."""
    four = msgspec.structs.replace(
        plan,
        symbols=tuple(
            msgspec.structs.replace(one, timeframes=(Timeframe.H4,), members=one.members_of(Timeframe.H4))
            for one in scene.plan(("BTC/USDT",)).symbols
        ),
    )
    backtest = Backtest(four, (scene.recording(scene.market("BTC/USDT", 400)[0], "BTC/USDT"),))
    backtest.run()
    page = report_data(backtest.finished, measure(backtest.finished, "data", 1, proofs=()), "Backtest")
    assert page.charts[0].timeframe is Timeframe.H4
    assert page.charts[0].columns.ts_open.size == 100
