"""The made-up world of one run: symbols, what the venue really produced, and the plan of the service watching it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from math import isnan
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from tradewind.adapters.market.simulated import simulate, spec_for
from tradewind.adapters.market.simulated_edge import EdgeKind, PlantedEdge
from tradewind.app.config import load_config
from tradewind.app.wiring import plan_for
from tradewind.engine.orders.params import OrderParams
from tradewind.engine.plan import EnginePlan
from tradewind.engine.sequencer import SeriesKey
from tradewind.fleetsim.faults import FaultKind, ScheduledFault
from tradewind.fleetsim.seeded import SeededRng
from tradewind.model.bar import Bar
from tradewind.model.instruments import resolve
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, HOUR, MINUTE, SECOND, Timeframe

YEAR: Final = 1_577_836_800 * 10**9
"""2020-01-01 00:00 UTC; a run begins on a seeded day of that year, so that clock changes come along."""
EDGE: Final = PlantedEdge(kind=EdgeKind.TREND, strength=0.3)
THRESHOLDS: Final[dict[str, Any]] = {"min_confidence": 0.3, "quorum": 1, "min_record": 2}
"""Low enough that signals, trades and their bookkeeping happen in days: laws about nothing prove nothing."""


FIRM: Final[dict[str, Any]] = {
    "firm": "ftmo-2step", "max_drawdown": 0.08, "drawdown_alert": 0.06, "daily_loss_limit": 0.04,
    "crypto_leverage": 5.0, "max_position_size": 1.0,
}  # fmt: skip
"""A prop firm's account on which a few losing trades reach a limit."""


NEWS: Final[dict[str, Any]] = {"enabled": ["news"], "news": {"crypto": True, "url": "http://newsroom/calendar"}}


class Tier(msgspec.Struct, frozen=True):
    """One kind of world: which markets, how fine, and how much of it is remembered. Times are nanoseconds.

    ``ticks`` is when after each full hour the service looks at the clock without having heard anything. ``chatter`` is
    the share of bars that are also told while they form. ``holes`` is the share of bars the venue never made. ``down``
    is the longest time until somebody starts a dead process. ``snapshot_every`` and ``sizes_every`` count entries and
    events. ``kept`` entries are decided again at the end. ``always_recorded`` puts every life on the disk whose power
    can go; else only those that a power cut ends. ``settings`` are laid over the configuration. With ``orders`` they go
    to a venue that keeps its own truth, else the engine fills them. ``over_changes``: every run meets one of clocks.
    """

    name: str
    symbols: tuple[str, ...]
    base: Timeframe
    timeframes: dict[str, float]
    members: tuple[tuple[str, str], ...] = ()
    warm_up: int = 14 * DAY
    ticks: tuple[int, ...] = ()
    chatter: float = 1.0
    holes: float = 0.004
    down: int = 3 * HOUR
    snapshot_every: int = 60
    sizes_every: int = 64
    kept: int = 1 << 40
    always_recorded: bool = True
    healing: int = 12 * HOUR
    batches: tuple[int, ...] = (1, 512)
    settings: dict[str, Any] = {}
    orders: OrderParams | None = None
    over_changes: bool = False


TWO_MARKETS: Final = Tier(
    "two markets",
    ("BTC/USDT", "EUR/USD"),
    Timeframe.H1,
    {"1h": 0.5, "4h": 0.5},
    ticks=(2 * SECOND, 8 * SECOND, 40 * SECOND, 66 * SECOND, 130 * SECOND, 31 * MINUTE),
)
BOT_YEAR: Final = Tier(
    "bot-year",
    ("BTC/USDT",),
    Timeframe.M1,
    {"1m": 0.05, "5m": 0.15, "15m": 0.2, "1h": 0.2, "4h": 0.2, "1d": 0.2},
    members=(("EMA_Crossover", "1m"), ("EMA_Crossover", "5m"), ("EMA_Crossover", "15m")),
    warm_up=2 * DAY,
    ticks=(31 * MINUTE,),
    chatter=0.02,
    holes=0.0005,
    down=20 * MINUTE,
    snapshot_every=720,
    sizes_every=8192,
    kept=12_000,
    always_recorded=False,
    healing=6 * HOUR,
    batches=(1,),
    orders=OrderParams(venue="hostile", reconcile_every=30 * MINUTE, dead_man=MINUTE),
    settings={"risk": FIRM, "filters": NEWS},
    over_changes=True,
)
TIERS: Final = (BOT_YEAR, TWO_MARKETS)


class Horizon(NamedTuple):
    """A run's times, UTC ns: history from ``first``, alive from ``start``, faults until ``calm``, over at ``end``."""

    first: int
    start: int
    calm: int
    end: int


CHANGES: Final = tuple(
    int(datetime(2020, month, day, hour, tzinfo=UTC).timestamp()) * SECOND
    for month, day, hour in ((3, 8, 7), (3, 29, 1), (10, 25, 1), (11, 1, 6))
)
"""When clocks changed in New York (07:00 and 06:00 UTC) and in Europe (01:00 UTC) in 2020."""


def horizon(tier: Tier, rng: SeededRng, length: int) -> Horizon:
    """Faults for ``length`` ns from a seeded midnight on, then healing; over a change of clocks, if a tier wants one.

    The change is anywhere in the run; in a short one on its first day.
    """
    start = YEAR + int(rng.generator("start").integers(21, 366)) * DAY
    if tier.over_changes:
        change = CHANGES[int(rng.generator("start").integers(len(CHANGES)))]
        before = int(rng.generator("start").random() * max(length - DAY, 0))
        start = (change - before) // DAY * DAY
    return Horizon(start - tier.warm_up, start, start + length, start + length + tier.healing)


def changes(tier: Tier, times: Horizon) -> tuple[ScheduledFault, ...]:
    """The changes of clocks that a run goes through."""
    found = [at for at in CHANGES if times.start <= at < times.calm]
    return tuple(ScheduledFault(at, FaultKind.CLOCK_CHANGE, tier.symbols[0], 1, 0.0) for at in found)


def settings_of(tier: Tier) -> dict[str, Any]:
    """What is written in the configuration of a tier, over the built-in one: low thresholds, and its own."""
    settings: dict[str, Any] = {
        "timeframes": {"intervals": [{"interval": text, "weight": w} for text, w in tier.timeframes.items()]},
        "filters": {"enabled": []},
        "ensemble": THRESHOLDS,
    }
    if tier.members:
        members = [{"family": family, "timeframe": timeframe} for family, timeframe in tier.members]
        settings["strategies"] = {"members": members}
    return settings | tier.settings


@cache
def plan(name: str) -> EnginePlan:
    """The service's plan in the tier of that name: the built-in configuration with low thresholds, on paper."""
    tier = next(one for one in TIERS if one.name == name)
    config = load_config(environment={}, overrides=settings_of(tier))
    bases = dict.fromkeys(tier.symbols, tier.base)
    return plan_for(config, bases, executes=True, simulated=True, orders=tier.orders)


def markets(tier: Tier, times: Horizon, rng: SeededRng, faults: Sequence[ScheduledFault]) -> dict[SeriesKey, list[Bar]]:
    """What the venue really produced: a planted edge, a bar missing here and there, frozen stretches on request."""
    made = {}
    for symbol in tier.symbols:
        instrument = resolve(symbol)
        due = len(calendar_of(instrument.calendar).expected_closes(times.first, times.end + DAY, tier.base))
        generator = rng.generator(f"market {symbol}")
        if tier.base.ns >= HOUR:
            spec = spec_for(instrument, bars=due, timeframe=tier.base, start=times.first, edge=EDGE)
            columns: Any = simulate(spec, generator)
        else:
            columns = walk(due, tier.base, times.first, generator)
        bars = list(_bars(symbol, tier.base, columns))
        holes = generator.random(len(bars)) < tier.holes
        for fault in faults:
            if fault.kind is FaultKind.FROZEN and fault.symbol == symbol:
                _freeze(bars, fault)
        made[SeriesKey(symbol, tier.base)] = [
            bar for bar, hole in zip(bars, holes.tolist(), strict=True) if not hole or bar.ts_open < times.start
        ]
    return made


def walk(bars: int, timeframe: Timeframe, start: int, generator: np.random.Generator) -> tuple[Any, ...]:
    """A market around the clock, made in one go: a random walk with a drift that turns every few hours.

    Columns as ``simulate`` gives them: ts_open, ts_close, open, high, low, close, volume, spread.
    """
    drift = np.repeat(generator.normal(0.0, 4.5e-5, -(-bars // 180)), 180)[:bars]
    close = 10_000.0 * np.exp(np.cumsum(generator.normal(0.0, 4e-4, bars) + drift))
    close = np.round(close, 2)
    open_ = np.concatenate(([10_000.0], close[:-1]))
    reach = np.abs(generator.normal(0.0, 2e-4, (2, bars)))
    high = np.round(np.maximum(open_, close) * (1.0 + reach[0]), 2)
    low = np.round(np.minimum(open_, close) * (1.0 - reach[1]), 2)
    opens = start + np.arange(bars, dtype=np.int64) * timeframe.ns
    volume = np.round(generator.lognormal(1.0, 0.6, bars), 3)
    return opens, opens + timeframe.ns, open_, high, low, close, volume, np.full(bars, np.nan)


def _bars(symbol: str, timeframe: Timeframe, columns: Any) -> Iterator[Bar]:
    for ts_open, ts_close, o, h, low, c, v, spread in zip(*(column.tolist() for column in columns), strict=True):
        yield Bar(symbol, timeframe, ts_open, ts_close, o, h, low, c, v, None if isnan(spread) else spread)


def _freeze(bars: list[Bar], fault: ScheduledFault) -> None:
    """The venue stands still for ``size`` + 2 bars at the last close."""
    place = next((position for position, bar in enumerate(bars) if bar.ts_open >= fault.at), len(bars))
    if not place:
        return
    level = bars[place - 1].close
    for position in range(place, min(place + fault.size + 2, len(bars))):
        bars[position] = msgspec.structs.replace(bars[position], open=level, high=level, low=level, close=level)
