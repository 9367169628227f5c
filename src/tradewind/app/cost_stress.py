"""The same signals at higher costs: what is left when spread and slippage are two or three times as large."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np

from tradewind.adapters.replay_feed import Recording, ReplayFeed
from tradewind.app.wiring import scripted_engine_for, sequencer_for
from tradewind.engine.plan import EnginePlan
from tradewind.model.decision import Signal
from tradewind.model.outcome import Trade
from tradewind.model.report import CostStress
from tradewind.validation.trade_metrics import trade_metrics

FACTORS: Final = (2.0, 3.0)


def cost_stress(
    plan: EnginePlan,
    recordings: Sequence[Recording],
    signals: Sequence[Signal],
    trades: Sequence[Trade],
    on_bars: Callable[[int], None],
) -> tuple[CostStress, ...]:
    """The run's own trades, and those its signals would have made at each of ``FACTORS``; sizes stay the same."""
    rows = [_row(1.0, trades, 0)]
    for factor in FACTORS:
        made, skipped = trades_at(plan, recordings, signals, factor, on_bars)
        rows.append(_row(factor, made, skipped))
    return tuple(rows)


def trades_at(
    plan: EnginePlan,
    recordings: Sequence[Recording],
    signals: Iterable[Signal],
    factor: float,
    on_bars: Callable[[int], None],
) -> tuple[list[Trade], int]:
    """Trades of ``signals`` at ``factor`` times spread and slippage, and how many signals came too early for that."""
    engine = scripted_engine_for(plan, signals, factor)
    sequencer = sequencer_for(plan)
    trades: list[Trade] = []
    for step in ReplayFeed(recordings).steps():
        for event in step.bars:
            sequencer.push(event)
        for released in sequencer.release(step.ts):
            trades += [output for output in engine.process(released) if isinstance(output, Trade)]
        for key in sequencer.keys:
            if key.symbol in step.ended:
                sequencer.close(key)
        on_bars(len(step.bars))
    return trades, engine.skipped


def _row(factor: float, trades: Sequence[Trade], skipped: int) -> CostStress:
    found = trade_metrics(np.array([trade.r for trade in trades], dtype=np.float64))
    net = sum(float(trade.net) for trade in trades)
    return CostStress(factor, found.n, found.expectancy, found.profit_factor, net, skipped)
