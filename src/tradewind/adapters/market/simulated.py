"""A market made to order, with the truth about it known. Everything made here is SIMULATED and says so.

Log price moves in ``steps`` Gaussian sub-steps a bar, so that high and low are those of a path that was walked. The bar
deviation is ``annual / sqrt(bars a year)`` times regime, clustering (GARCH), hour of day and a heavy-tailed mixing
factor, all known before the bar's direction is drawn; half its square is taken off the drift. Without a planted edge
the price is therefore a martingale: no rule earns more than chance, and every rule pays its costs.

Only bars the session calendar expects exist; over a closure the price jumps by ``closed_share`` of the variance that
open hours would have had. Every kind of draw has a generator of its own, so that a longer market begins with the
shorter one, and an edge or a fault changes nothing before it acts.
"""

from __future__ import annotations

import math
from typing import Annotated, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.adapters.market.simulated_edge import EdgeKind, PlantedEdge, trigger_of
from tradewind.adapters.market.simulated_faults import FaultKind, InjectedFault, MarketFaults, apply, place
from tradewind.adapters.market.simulated_regimes import (
    REGIMES,
    Floats,
    Regime,
    by_hour,
    clustered_variance,
    hour_tables,
    regime_path,
    transitions,
)
from tradewind.errors import Misconfigured
from tradewind.model.bar import BarColumns
from tradewind.model.instrument import AssetClass, Instrument
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, HOUR, Timeframe

SOURCE: Final = "SIMULATED"
START: Final = 1_577_836_800 * 10**9
"""2020-01-01 00:00 UTC, where a market starts unless told otherwise."""

_OPEN_HOURS: Final = {"crypto": 8760.0, "fx": 6240.0, "metals": 5980.0}
_VOLATILITY: Final = {AssetClass.FX: 0.08, AssetClass.METAL: 0.15, AssetClass.CRYPTO: 0.60, AssetClass.FUTURE: 0.18}
_PRICES: Final = {
    "EUR/USD": 1.10, "GBP/USD": 1.27, "USD/JPY": 145.0, "AUD/USD": 0.67, "USD/CHF": 0.90, "USD/CAD": 1.35,
    "EUR/GBP": 0.86, "EUR/JPY": 160.0, "XAU/USD": 2000.0, "BTC/USDT": 40_000.0, "BTC/USD": 40_000.0,
    "ETH/USDT": 2_500.0, "ETH/USD": 2_500.0,
}  # fmt: skip
_REOPENING_SPREAD: Final = 3.0
_LONG_CLOSURE: Final = 12 * HOUR


class MarketSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What to simulate. Times in UTC nanoseconds, prices in quote currency, fractions of price.

    ``spec_for`` fills it from an instrument. ``spread_fraction`` is ask minus bid at the hour factor 1.
    """

    symbol: str
    bars: Annotated[int, msgspec.Meta(ge=1)]
    start_price: float
    tick: float
    annual_volatility: float
    timeframe: Timeframe = Timeframe.H1
    start: int = START
    calendar: str = "fx"
    spread_fraction: float = 0.0001
    regimes: tuple[Regime, ...] = REGIMES
    transitions: tuple[tuple[float, ...], ...] = transitions()
    first_regime: int = 2
    cluster_alpha: float = 0.06
    cluster_beta: float = 0.92
    tail_freedom: float = 6.0
    closed_share: float = 0.1
    steps: Annotated[int, msgspec.Meta(ge=1)] = 12
    edge: PlantedEdge | None = None
    faults: MarketFaults | None = None

    def __post_init__(self) -> None:
        """Refuses what cannot be simulated, all faults at once."""
        rows = len(self.regimes)
        faults = [
            text
            for broken, text in (
                (not (self.start_price > 0.0 and self.tick > 0.0), "price and tick must be positive"),
                (not self.annual_volatility > 0.0, "annual volatility must be positive"),
                (not 0.0 <= self.cluster_alpha + self.cluster_beta < 1.0, "clustering must sum to less than 1"),
                (not self.tail_freedom > 2.0, "tail freedom must exceed 2, or the variance is infinite"),
                (not 0 <= self.first_regime < rows, "the first regime does not exist"),
                (
                    len(self.transitions) != rows
                    or any(
                        len(row) != rows or abs(sum(row) - 1.0) > 1e-9 or min(row) < 0.0 for row in self.transitions
                    ),
                    "transitions must be a square matrix of probabilities, one row a regime",
                ),
            )
            if broken
        ]
        if faults:
            raise Misconfigured("; ".join(faults), where=f"simulated market {self.symbol}")


class SimulatedMarket(NamedTuple):
    """A simulated market and the truth about it.

    ``columns`` is what a feed delivers, faults included; ``clean`` what it should have delivered. ``regime`` (number)
    and ``tilt`` (planted drift, in bar deviations) belong to ``clean`` and have its shape ``(n,)``.
    """

    source: str
    columns: BarColumns
    clean: BarColumns
    injected: tuple[InjectedFault, ...]
    regime: NDArray[np.int64]
    tilt: Floats


def spec_for(
    instrument: Instrument,
    *,
    bars: int,
    timeframe: Timeframe = Timeframe.H1,
    start: int = START,
    start_price: float | None = None,
    edge: PlantedEdge | None = None,
    faults: MarketFaults | None = None,
) -> MarketSpec:
    """A specification with the calendar, tick, spread and usual volatility of an instrument."""
    return MarketSpec(
        symbol=instrument.symbol,
        bars=bars,
        start_price=_PRICES.get(instrument.symbol, 100.0) if start_price is None else start_price,
        tick=instrument.tick,
        annual_volatility=_VOLATILITY[instrument.asset_class],
        timeframe=timeframe,
        start=start,
        calendar=instrument.calendar,
        spread_fraction=2.0 * instrument.costs.spread_fraction,  # costs are per side, a spread is both
        edge=edge,
        faults=faults,
    )


def simulate(spec: MarketSpec, generator: np.random.Generator) -> BarColumns:
    """The bars a feed delivers; the same specification and seed give the same bytes."""
    return simulate_market(spec, generator).columns


def simulate_market(spec: MarketSpec, generator: np.random.Generator) -> SimulatedMarket:
    """The bars and the truth about them.

    Raises:
        Misconfigured: an unknown calendar, or more faults than the bars can hold apart.
    """
    regimes, shocks, tails, closures, volumes, spreads, troubles = generator.spawn(7)
    ts_open, ts_close = expected_bars(spec.calendar, spec.timeframe, spec.start, spec.bars)
    n = spec.bars
    path = regime_path(spec.transitions, spec.first_regime, n, regimes)
    table = np.array([(r.volatility, r.spread, r.following, r.reverting) for r in spec.regimes])[path]
    normal = spec.annual_volatility / math.sqrt(_OPEN_HOURS[spec.calendar] * HOUR / _open_length(spec))
    mixing = np.sqrt((spec.tail_freedom - 2.0) / tails.chisquare(spec.tail_freedom, n))
    walk = np.cumsum(shocks.standard_normal((n, spec.steps)), axis=1) / math.sqrt(spec.steps)
    clusters = clustered_variance(walk[:, -1] * mixing, spec.cluster_alpha, spec.cluster_beta)
    volatility_hours, spread_hours = hour_tables(spec.calendar)
    hours = by_hour(volatility_hours, ts_open, spec.timeframe)
    deviation = normal * table[:, 0] * np.sqrt(clusters) * hours * mixing
    closed = np.maximum(ts_open - np.concatenate((ts_open[:1], ts_close[:-1])), 0)
    closed_variance = closed / _open_length(spec) * spec.closed_share * normal**2
    jumps = np.sqrt(closed_variance) * closures.standard_normal(n) - closed_variance / 2.0
    faults = spec.faults or MarketFaults()
    injected = place(faults, ts_open, ts_close, troubles)
    for fault in injected:
        if fault.kind is FaultKind.GAP:
            jumps[fault.first] += fault.side * faults.gap_deviations * normal
    ticks, tilt = _walk(spec, walk, deviation, jumps, table)
    prices = [np.round(ticks[:, column] * spec.tick, 10) for column in range(4)]
    busy = 1000.0 * hours * table[:, 0] * (0.5 + np.abs(walk[:, -1]))
    volume = np.round(busy * np.exp(0.3 * volumes.standard_normal(n)))
    dear = table[:, 1] * np.array(spread_hours)[(ts_close - 1) // HOUR % 24]
    dear *= np.where(closed > _LONG_CLOSURE, _REOPENING_SPREAD, 1.0)
    spread = _spread(spec, prices[3] * dear * np.exp(0.15 * spreads.standard_normal(n)))
    clean = BarColumns(ts_open, ts_close, prices[0], prices[1], prices[2], prices[3], volume, spread)
    delivered = apply(clean, faults, injected, normal, spec.tick) if injected else clean
    return SimulatedMarket(SOURCE, delivered, clean, injected, path, tilt)


def _spread(spec: MarketSpec, priced: Floats) -> Floats:
    """Ask minus bid in whole ticks, at least one; ``priced`` is the price times every factor, shape ``(n,)``."""
    ticks = np.maximum(1.0, np.round(spec.spread_fraction * priced / spec.tick))
    spread: Floats = np.round(ticks * spec.tick, 10)
    return spread


def _is_distribution(row: tuple[float, ...], size: int) -> bool:
    return len(row) == size and min(row) >= 0.0 and math.isclose(sum(row), 1.0, abs_tol=1e-9)


def expected_bars(
    calendar: str, timeframe: Timeframe, start: int, bars: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """``(ts_open, ts_close)`` of the first ``bars`` bars a calendar expects with ``ts_open >= start``."""
    sessions = calendar_of(calendar)
    found: list[tuple[int, int]] = []
    after = start
    while len(found) < bars:
        # A closed week-end is the longest usual pause; three more days carry over any cluster of holidays.
        until = after + (bars - len(found)) * timeframe.ns * 3 // 2 + 3 * DAY
        found += [bar for bar in sessions.expected_closes(after, until, timeframe) if bar[0] >= start]
        after = until
    times = np.array(found[:bars], dtype=np.int64)
    return np.ascontiguousarray(times[:, 0]), np.ascontiguousarray(times[:, 1])


def _open_length(spec: MarketSpec) -> int:
    """Open time in one bar, nanoseconds; a daily bar of metals holds 23 hours."""
    if spec.timeframe is Timeframe.D1 and spec.calendar == "metals":
        return 23 * HOUR
    return spec.timeframe.ns


def _walk(
    spec: MarketSpec, walk: Floats, deviation: Floats, jumps: Floats, table: Floats
) -> tuple[NDArray[np.int64], Floats]:
    """OHLC in ticks, shape ``(n, 4)``, and the tilt of each bar.

    The standardised path of a bar depends on the tilt only through its direction: all three are prepared at once, and
    the loop, which alone knows the direction, picks one. Triggers see rounded prices, the ones a feed shows.
    """
    n, edge, tick = spec.bars, spec.edge, spec.tick
    following = table[:, 3] if edge is not None and edge.kind is EdgeKind.REVERSION else table[:, 2]
    fading = np.array([edge.share_at(bar) for bar in range(n)]) if edge is not None else np.zeros(n)
    size = fading * following * (edge.strength if edge is not None else 0.0)
    moves = [_extremes(walk, deviation, side * size) for side in ((0.0,) if edge is None else (0.0, 1.0, -1.0))]
    trigger = None if edge is None else trigger_of(edge)
    hold = 0 if edge is None else edge.hold
    ticks = np.empty((n, 4), dtype=np.int64)
    direction = np.zeros(n, dtype=np.int64)
    level, side, left = math.log(spec.start_price), 0, 0
    for bar, jump in enumerate(jumps.tolist()):
        high, low, close = moves[side][bar]
        level += jump
        top, bottom = _to_ticks(level + high, tick), _to_ticks(level + low, tick)
        row = _to_ticks(level, tick), top, bottom, _to_ticks(level + close, tick)
        level += close
        ticks[bar] = row
        direction[bar] = side
        if trigger is not None:
            left = max(0, left - 1)
            seen = trigger.seen(top, bottom, row[3])
            if left == 0:
                side, left = seen, hold if seen else 0
    return ticks, direction * size


def _extremes(walk: Floats, deviation: Floats, drift: Floats) -> list[tuple[float, float, float]]:
    """High, low and close of each bar as log distance from its open; ``drift`` in bar deviations, ``(n,)``."""
    share = np.arange(1, walk.shape[1] + 1) / walk.shape[1]
    path = deviation[:, None] * (walk + (drift - deviation / 2.0)[:, None] * share)
    high = np.maximum(path.max(axis=1), 0.0)
    low = np.minimum(path.min(axis=1), 0.0)
    return list(zip(high.tolist(), low.tolist(), path[:, -1].tolist(), strict=True))


def _to_ticks(log_price: float, tick: float) -> int:
    """Nearest tick, at least one."""
    return max(1, round(math.exp(log_price) / tick))
