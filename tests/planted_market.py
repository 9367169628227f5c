"""Strategies that can be proven: a SIMULATED market with a breakout edge, and members whose targets are near.

Some of them pass every honest gate, most do not: there is something of every verdict to see.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.simulated import SOURCE, simulate, spec_for
from tradewind.adapters.market.simulated_edge import PlantedEdge
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.features.rule import Member, member_of
from tradewind.model.bar import BarColumns
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import Timeframe
from tradewind.strategies import default_members, family

SYMBOL = "BTC/USDT"
CONFIGURATION = 'symbols = ["BTC/USDT"]\n'
EDGE = PlantedEdge(strength=0.35)
NEAR_TARGET = 0.75
"""Stop distances: near enough that an edge shows as a win rate above 65%."""
ENTERED = 1_700_000_000_000_000_000


def near(one: Member, version: int) -> Member:
    """The member with a near target."""
    exits = msgspec.structs.replace(one.params.exits, target_r=NEAR_TARGET)
    return member_of(family(one.family), one.timeframe, msgspec.structs.replace(one.params, exits=exits), version)


MEMBERS = tuple(near(one, k + 1) for k, one in enumerate(default_members([Timeframe.H1])))


def market(edge: PlantedEdge | None = EDGE, seed: int = 1, bars: int = 24_000) -> BarColumns:
    """SIMULATED hourly bars."""
    return simulate(spec_for(resolve(SYMBOL), bars=bars, edge=edge), np.random.default_rng(seed))


def project_at(folder: Path, columns: BarColumns, members: tuple[Member, ...] = MEMBERS) -> Path:
    """A project with these bars stored and these strategies in its book, judged on nothing yet."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tradewind.toml").write_text(CONFIGURATION)
    CandleStore(folder / "data" / "candles").write(SYMBOL, Timeframe.H1, columns, SOURCE)
    with StrategyBook.open(folder / "data" / "tradewind.db", ENTERED) as book:
        book.add(members, ENTERED)
    return folder
