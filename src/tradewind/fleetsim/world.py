"""The made-up world of one run: symbols, what the venue really produced, and the plan of the service watching it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from tradewind.adapters.market.simulated import simulate, spec_for
from tradewind.adapters.market.simulated_edge import EdgeKind, PlantedEdge
from tradewind.app.config import load_config
from tradewind.app.wiring import plan_for
from tradewind.engine.plan import EnginePlan
from tradewind.engine.sequencer import SeriesKey
from tradewind.fleetsim.faults import FaultKind, ScheduledFault
from tradewind.fleetsim.seeded import SeededRng
from tradewind.model.bar import Bar
from tradewind.model.instruments import resolve
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, HOUR, Timeframe

SYMBOLS: Final = ("BTC/USDT", "EUR/USD")
BASE: Final = Timeframe.H1
WARM_UP: Final = 14 * DAY
YEAR: Final = 1_577_836_800 * 10**9
"""2020-01-01 00:00 UTC; a run begins on a seeded day of that year, so that clock changes come along."""
EDGE: Final = PlantedEdge(kind=EdgeKind.TREND, strength=0.3)
SETTINGS: Final[dict[str, Any]] = {
    "timeframes": {"intervals": [{"interval": "1h", "weight": 0.5}, {"interval": "4h", "weight": 0.5}]},
    "filters": {"enabled": []},
    "ensemble": {"min_confidence": 0.3, "quorum": 1, "min_record": 2},
}
"""Thresholds low enough that signals, trades and their bookkeeping happen in days: laws about nothing prove nothing."""


class Horizon(NamedTuple):
    """A run's times, UTC ns: history from ``first``, alive from ``start``, faults until ``calm``, over at ``end``."""

    first: int
    start: int
    calm: int
    end: int


def horizon(rng: SeededRng, length: int, healing: int = 12 * HOUR) -> Horizon:
    """Faults for ``length`` ns from a seeded midnight on, then ``healing``."""
    start = YEAR + int(rng.generator("start").integers(21, 366)) * DAY
    return Horizon(start - WARM_UP, start, start + length, start + length + healing)


@cache
def plan(symbols: Sequence[str] = SYMBOLS) -> EnginePlan:
    """The service's plan: the built-in configuration with low thresholds, on paper, stamped SIMULATED."""
    config = load_config(environment={}, overrides=SETTINGS)
    return plan_for(config, dict.fromkeys(symbols, BASE), executes=True, simulated=True)


def markets(times: Horizon, rng: SeededRng, faults: Sequence[ScheduledFault]) -> dict[SeriesKey, list[Bar]]:
    """What the venue really produced: a planted edge, a bar missing here and there, frozen stretches on request."""
    made = {}
    for symbol in SYMBOLS:
        instrument = resolve(symbol)
        due = calendar_of(instrument.calendar).expected_closes(times.first, times.end + DAY, BASE)
        generator = rng.generator(f"market {symbol}")
        columns = simulate(spec_for(instrument, bars=len(due), timeframe=BASE, start=times.first, edge=EDGE), generator)
        bars = list(_bars(symbol, columns))
        holes = generator.random(len(bars)) < 0.004
        for fault in faults:
            if fault.kind is FaultKind.FROZEN and fault.symbol == symbol:
                _freeze(bars, fault)
        made[SeriesKey(symbol, BASE)] = [
            bar for bar, hole in zip(bars, holes.tolist(), strict=True) if not hole or bar.ts_open < times.start
        ]
    return made


def _bars(symbol: str, columns: Any) -> Iterator[Bar]:
    for ts_open, ts_close, o, h, low, c, v, spread in zip(*(column.tolist() for column in columns), strict=True):
        yield Bar(symbol, BASE, ts_open, ts_close, o, h, low, c, v, None if np.isnan(spread) else spread)


def _freeze(bars: list[Bar], fault: ScheduledFault) -> None:
    """The venue stands still for ``size`` + 2 bars at the last close."""
    place = next((position for position, bar in enumerate(bars) if bar.ts_open >= fault.at), len(bars))
    if not place:
        return
    level = bars[place - 1].close
    for position in range(place, min(place + fault.size + 2, len(bars))):
        bars[position] = msgspec.structs.replace(bars[position], open=level, high=level, low=level, close=level)
