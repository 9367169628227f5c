"""Parity c: stepped bar by bar or computed over whole series, every number is the same to the last bit."""

from __future__ import annotations

import numpy as np

from tests import scene
from tradewind.app.wiring import engine_for
from tradewind.engine.aggregate import aggregate
from tradewind.engine.series import Series
from tradewind.ensemble.shadow import ShadowBook
from tradewind.features.bank import FeatureBank
from tradewind.features.rule_program import RuleProgram
from tradewind.model.bar import BarColumns
from tradewind.model.event import BarClosed
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import Timeframe


def columns_of(symbol: str, timeframe: Timeframe) -> BarColumns:
    """The series as the batch drivers see it: longer bars made by the batch twin of the aggregator."""
    tape = scene.planted()
    columns = next(one.columns for one in tape.recordings if one.symbol == symbol)
    if timeframe is Timeframe.H1:
        return columns
    calendar = next(one.instrument.calendar for one in tape.plan.symbols if one.instrument.symbol == symbol)
    return aggregate(columns, calendar_of(calendar), timeframe)


def test_features_votes_and_shadow_trades_of_the_engine_are_those_of_the_batch_drivers() -> None:
    """Every symbol and timeframe of the market of the checks, whole series: bank, program and shadow book."""
    tape = scene.planted()
    scene.enough(tape)
    engine = engine_for(tape.plan, keep_shadow=True)
    rows: dict[int, list[np.ndarray]] = {}
    for entry in tape.entries:
        engine.process(entry.event)
        if isinstance(entry.event, BarClosed):
            for series in engine.desks[entry.event.bar.symbol].series.values():
                if series.row.ts == entry.ts:
                    rows.setdefault(id(series), []).append(series.bank.values.copy())
    voted = closed = 0
    for symbol, desk in engine.desks.items():
        for timeframe, series in desk.series.items():
            columns = columns_of(symbol, timeframe)
            stepped = np.array(rows[id(series)])
            features, sides, book = batch(series, columns)
            assert stepped.tobytes() == features.tobytes(), f"features of {symbol} {timeframe}"
            for position in range(len(series.members)):
                assert series.shadow.closed(position) == book.closed(position)
                assert series.record(position) == book.record(position)
                closed += len(book.closed(position))
            voted += int(np.count_nonzero(sides))
    print(f"{voted} votes and {closed} shadow trades compared (SIMULATED)")
    assert voted > 5_000
    assert closed > 1_000


def batch(series: Series, columns: BarColumns) -> tuple[np.ndarray, np.ndarray, ShadowBook]:
    bank = FeatureBank(series.bank.indicators, "sma")
    features = bank.batch(columns)
    sides, atr = RuleProgram(series.members, bank.index).run(features)
    costs = next(one.instrument.costs for one in scene.planted().plan.symbols if one.instrument.symbol == series.symbol)
    book = ShadowBook(series.members, costs, origin=series.shadow.origin, keep_closed=True)
    book.run(columns, sides, atr)
    return features, sides, book
