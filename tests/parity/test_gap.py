"""A market that opens beyond the stop fills at its open, through the whole pipeline and not at the stop's price."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests import scene
from tests.scene import Tape
from tradewind.model.bar import BarColumns
from tradewind.model.outcome import Trade
from tradewind.model.timeframe import HOUR


@cache
def fx() -> Tape:
    """EUR/USD alone: its weeks end, its positions stay open over the end."""
    return scene.run([scene.planted().recordings[1]], both=False)


def mondays(columns: BarColumns) -> list[int]:
    """Rows of bars that open after at least a day without market."""
    return [int(i) + 1 for i in np.flatnonzero(columns.ts_open[1:] - columns.ts_close[:-1] >= 24 * HOUR)]


def opened_beyond(columns: BarColumns, row: int, side: int, stop: float) -> BarColumns:
    """The market from ``row`` on moved so far against ``side`` that it opens 60 pips beyond ``stop``."""
    shift = (stop - side * 0.0060) - float(columns.open[row])
    prices = [np.where(np.arange(len(column)) >= row, column + shift, column) for column in columns[2:6]]
    return BarColumns(columns.ts_open, columns.ts_close, *prices, columns.volume, columns.spread)


def held_over(row: int, columns: BarColumns) -> list[Trade]:
    ts = int(columns.ts_open[row])
    return [trade for trade in fx().trades if trade.ts_entry < int(columns.ts_close[row - 1]) and trade.ts_exit > ts]


@pytest.mark.req("X07")
def test_a_monday_open_beyond_the_stop_fills_at_the_open() -> None:
    """Every position held over a week-end, gapped through its stop: the exit is at Monday's open."""
    tape = fx()
    columns = tape.recordings[0].columns
    stops = {signal.id: signal.bracket for signal in tape.signals}
    instrument = tape.plan.symbols[0].instrument
    seen = 0
    for row in mondays(columns):
        for trade in held_over(row, columns):
            bracket = stops[trade.signal_id]
            gapped = opened_beyond(columns, row, bracket.side, bracket.stop)
            other = scene.run([scene.recording(gapped, "EUR/USD")], both=False)
            closed = next(one for one in other.trades if one.signal_id == trade.signal_id)
            opened = float(gapped.open[row])
            costs = float(gapped.spread[row]) + instrument.costs.slippage_fraction * opened + instrument.tick
            assert closed.exit_leg == "stop"
            assert closed.ts_exit == int(gapped.ts_open[row])
            assert abs(closed.exit - opened) <= costs
            assert (bracket.stop - closed.exit) * bracket.side > 0.0050
            assert closed.r < -1.5
            seen += 1
    print(f"{seen} positions gapped through their stop (SIMULATED)")
    assert seen >= 2
