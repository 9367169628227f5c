"""Markets with a planted edge of known size, and the strategy that knows where it is.

At the close of one or two hours of the day, on chosen weekdays, the price begins to drift for ``HOLD`` bars: in the
direction of the bar that just closed on some days, against it on the others, so that neither following nor fading alone
finds it. The drift is the one at which a bracket of ``target_r`` wins with the asked-for probability (the exit of a
Brownian motion from an interval). Nothing after the close takes part, so whoever trades it could have seen it.
"""

from __future__ import annotations

import math
from typing import Annotated, Final, NamedTuple

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy.optimize import brentq

from tradewind.adapters.market.simulated import MarketSpec, simulate, spec_for
from tradewind.adapters.market.simulated_regimes import Regime
from tradewind.features.rule import Exits, Family, Member, Rule, StrategyParams, member_of, value
from tradewind.features.rule_series import close, hour
from tradewind.features.spec import price, weekday
from tradewind.model.bar import BarColumns
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import DAY, HOUR, Timeframe

INSTRUMENT: Final = resolve("EUR/USD")
STOP: Final = 0.01
STOP_BARS: Final = 1.75
"""The stop in deviations of a bar."""
HOLD: Final = 10
HOURS: Final = (8, 16)
FOLLOWED: Final = (0, 2, 4)
"""Weekdays on which the drift goes with the bar before it; on the others it goes against it."""
BARS_A_YEAR: Final = 4 * 6240.0
TIMEFRAME: Final = Timeframe.M15
"""Short bars, so that the drift fills few of them and the strategies beside the planted one hardly feel it."""


class Plant(NamedTuple):
    """An edge: probability that a bracket wins before costs, target by stop, hours and last weekday it is traded at."""

    win_rate: float
    target_r: float
    hours: int
    last_day: int


class Params(StrategyParams, frozen=True, kw_only=True):
    """Closing hours (UTC) at which it looks, and its last weekday."""

    first_hour: Annotated[int, Meta(ge=0, le=23)] = HOURS[0]
    second_hour: Annotated[int, Meta(ge=0, le=23)] = HOURS[0]
    last_day: Annotated[int, Meta(ge=0, le=6)] = 4
    exits: Exits = Exits(stop_mode="pct", stop_pct=STOP, time_stop_bars=0)


def rule(params: Params) -> Rule:
    """With the bar that closed on some days, against it on the others."""
    at = hour()
    due = ((at.lag() < params.first_hour) & (at >= params.first_hour)) | (
        (at.lag() < params.second_hour) & (at >= params.second_hour)
    )
    day = value(weekday())
    with_it = (day <= 0) | ((day >= FOLLOWED[1]) & (day <= FOLLOWED[1])) | (day >= FOLLOWED[2])
    rose, fell = close() > value(price("open")), close() < value(price("open"))
    due = due & (day <= params.last_day)
    return Rule(
        long=due & ((with_it & rose) | (~with_it & fell)),
        short=due & ((with_it & fell) | (~with_it & rose)),
        exits=params.exits,
    )


FAMILY: Final = Family("Planted", "session", Params, rule, pool=(Params(),))


def planted_member(plant: Plant) -> Member:
    """The strategy that trades the edge."""
    exits = Exits(stop_mode="pct", stop_pct=STOP, target_r=plant.target_r, time_stop_bars=0)
    second = HOURS[plant.hours - 1]
    return member_of(FAMILY, TIMEFRAME, Params(second_hour=second, last_day=plant.last_day, exits=exits), 1)


def planted_market(plant: Plant, bars: int, generator: np.random.Generator) -> BarColumns:
    """SIMULATED bars of one calm regime with the edge in them."""
    deviation = STOP / STOP_BARS
    spec = spec_for(INSTRUMENT, bars=bars, timeframe=TIMEFRAME)
    even = Regime("even", 1.0, 1.0, 1.0, 1.0)
    noise = simulate(_plain(spec, even, deviation), generator)
    drift = np.zeros(bars)
    sides = sides_of(noise, plant)
    size = drift_for(plant.win_rate, plant.target_r) * deviation
    for bar in np.flatnonzero(sides).tolist():
        drift[bar + 1 : bar + 1 + HOLD] = sides[bar] * size
    before = np.concatenate(([0.0], np.cumsum(drift)[:-1]))
    after = before + drift
    opened, closed = noise.open * np.exp(before), noise.close * np.exp(after)
    middle = np.exp((before + after) / 2.0)
    high = np.maximum(noise.high * middle, np.maximum(opened, closed))
    low = np.minimum(noise.low * middle, np.minimum(opened, closed))
    return noise._replace(open=opened, high=high, low=low, close=closed, spread=noise.spread * np.exp(before))


def sides_of(columns: BarColumns, plant: Plant) -> NDArray[np.int64]:
    """+1, -1 or 0 after every bar: where the drift goes."""
    at = np.where(columns.ts_close % HOUR == 0, columns.ts_close // HOUR % 24, -1)
    day = (columns.ts_close // DAY + 3) % 7
    due = np.isin(at, HOURS[: plant.hours]) & (day <= plant.last_day)
    turn = np.where(np.isin(day, FOLLOWED) | (day > FOLLOWED[2]), 1, -1)
    found: NDArray[np.int64] = np.where(due, turn * np.sign(columns.close - columns.open).astype(np.int64), 0)
    return found


def drift_for(win_rate: float, target_r: float) -> float:
    """Drift in deviations a bar at which a bracket of ``STOP_BARS`` and its target wins with this probability."""
    up, down = target_r * STOP_BARS, STOP_BARS

    def excess(drift: float) -> float:
        return (1.0 - math.exp(2.0 * drift * down)) / (math.exp(-2.0 * drift * up) - math.exp(2.0 * drift * down))

    return float(brentq(lambda drift: excess(drift) - win_rate, -1.0 + 1e-6, 2.0))


def _plain(spec: MarketSpec, regime: Regime, deviation: float) -> MarketSpec:
    return MarketSpec(
        symbol=spec.symbol,
        bars=spec.bars,
        start_price=spec.start_price,
        tick=spec.tick,
        annual_volatility=deviation * math.sqrt(BARS_A_YEAR),
        timeframe=spec.timeframe,
        calendar=spec.calendar,
        spread_fraction=spec.spread_fraction,
        regimes=(regime,),
        transitions=((1.0,),),
        first_regime=0,
        cluster_alpha=0.0,
        cluster_beta=0.0,
        tail_freedom=1000.0,
    )
