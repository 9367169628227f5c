"""The work that engine, latency, restart and memory measure: SIMULATED bars and a plan that trades on them.

The thresholds are those of a desk that takes every consensus: nearly every bar of two hundred members has a vote, and
signals, fills, brackets and trades happen, so that no figure is of an engine that only says no.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.votes import members_of
from tradewind.adapters.market.simulated import SOURCE, simulate, spec_for
from tradewind.adapters.market.simulated_edge import PlantedEdge
from tradewind.adapters.replay_feed import Recording
from tradewind.app.config import load_config
from tradewind.app.instruments import instrument_for
from tradewind.app.settings.root import AppConfig
from tradewind.app.wiring import plan_for
from tradewind.engine.plan import EnginePlan
from tradewind.features.rule import Member
from tradewind.model.timeframe import Timeframe

EAGER = {
    "ensemble.min_confidence": 0.0,
    "ensemble.min_agreement": 0.5,
    "ensemble.quorum": 1,
    "ensemble.min_record": 2,
    "risk.max_cost_to_risk": 1.0,
}


def desk_config(symbols: Sequence[str] = ("EUR/USD",), **overrides: object) -> AppConfig:
    """The built-in configuration for these symbols; nothing of this machine's own is read."""
    return load_config(environment={}, overrides={"symbols": list(symbols), **overrides}, folder=Path("/nonexistent"))


def recordings_of(config: AppConfig, bars: int, timeframe: Timeframe = Timeframe.H1) -> tuple[Recording, ...]:
    """``bars`` SIMULATED bars of every configured symbol, with a planted edge."""
    return tuple(
        Recording(
            symbol,
            timeframe,
            simulate(
                spec_for(instrument_for(config, symbol), bars=bars, timeframe=timeframe, edge=PlantedEdge()),
                np.random.default_rng(7 + number),
            ),
            SOURCE,
        )
        for number, symbol in enumerate(config.symbols)
    )


def plan_of(config: AppConfig, recordings: Sequence[Recording], members: Sequence[Member] | None = None) -> EnginePlan:
    """A paper plan over the recordings; ``members`` replace the configured ones."""
    bases = {one.symbol: one.timeframe for one in recordings}
    return plan_for(config, bases, executes=True, simulated=True, members=members)


def crossing_members(count: int) -> list[Member]:
    """``count`` EMA crosses with periods and gates drawn at random, seed 42."""
    return members_of(count)
