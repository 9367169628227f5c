"""A project folder with a planted market: simulated candles in the store, a configuration that points at them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.simulated import SOURCE, simulate, spec_for
from tradewind.adapters.market.simulated_edge import EdgeKind, PlantedEdge
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.timeframe import Timeframe


def planted_project(folder: Path, bars: int = 6000, *, symbol: str = "BTC/USDT", settings: str = "") -> Path:
    """Writes candles with a planted trend and the configuration, whose path it returns; ``settings`` is more TOML."""
    instrument = INSTRUMENTS[symbol]
    edge = PlantedEdge(kind=EdgeKind.TREND, strength=0.3)
    columns = simulate(spec_for(instrument, bars=bars, edge=edge), np.random.default_rng(1))
    store = CandleStore(folder / "data" / "candles")
    store.write(symbol, Timeframe.H1, columns, SOURCE, price_kind=instrument.price_kind)
    config = folder / "tradewind.toml"
    places = f'[paths]\ndata = "{folder / "data"}"\nreports = "{folder / "reports"}"\n'
    config.write_text(f'symbols = ["{symbol}"]\n{settings}\n{places}', encoding="utf-8")
    return config
