"""Twenty-four models of four symbols on six timeframes, bars to signed version, two processes of one thread each."""

from __future__ import annotations

import functools
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from tradewind.adapters.market.simulated import SOURCE, simulate, spec_for
from tradewind.app.config import load_config
from tradewind.app.executors import executor_for
from tradewind.app.feature_sets import SeriesBars
from tradewind.app.instruments import instrument_for
from tradewind.app.models.material import SAMPLES, Material, cost_of
from tradewind.app.models.training import train
from tradewind.app.workspace import Workspace
from tradewind.features.input_schema import default_schema
from tradewind.model.bar import BarColumns
from tradewind.model.session import calendar_of
from tradewind.model.stamp import SIMULATED
from tradewind.model.timeframe import Timeframe
from tradewind.research.dataset import chronological, feature_set, labelled
from tradewind.research.model_gates import InputCheck
from tradewind.research.model_training import Order, Part

SYMBOLS: Final = ("BTC/USDT", "ETH/USDT", "EUR/USD", "XAU/USD")
TIMEFRAMES: Final = tuple(Timeframe.parse(one) for one in ("5m", "15m", "30m", "1h", "4h", "1d"))
BARS: Final = 14_000
WORKERS: Final = 2


class Seat(NamedTuple):
    """One model to be trained, of which the bars are in a file."""

    symbol: str
    timeframe: Timeframe
    bars: Path


class Fleet(msgspec.Struct, frozen=True):
    """Wall clock of all, processor time of each, and the samples a model was fitted on (least and most)."""

    seconds: float
    cpu_seconds: tuple[float, ...]
    fitted_on: tuple[int, int]
    epochs: tuple[int, ...]


def measured(kind: str, samples: int = SAMPLES, bars: int = BARS) -> Fleet:
    """Trains all of them; making the bars and starting the processes is not in the figure."""
    config = load_config(None, environment={}, folder=Path("/nonexistent"))
    with tempfile.TemporaryDirectory() as name, executor_for(WORKERS) as executor:
        folder = Path(name)
        seats = [_made(config, symbol, timeframe, folder, bars) for symbol in SYMBOLS for timeframe in TIMEFRAMES]
        for _ in executor.map_chunks(_ready, [kind] * WORKERS):
            pass
        begun = time.perf_counter()
        found = list(executor.map_chunks(functools.partial(_trained, kind, folder, samples), seats))
        seconds = time.perf_counter() - begun
    sizes = [one[1] for one in found]
    return Fleet(seconds, tuple(one[0] for one in found), (min(sizes), max(sizes)), tuple(one[2] for one in found))


def _made(config: object, symbol: str, timeframe: Timeframe, folder: Path, bars: int) -> Seat:
    instrument = instrument_for(config, symbol)  # type: ignore[arg-type]  # as load_config gives it
    spec = spec_for(instrument, bars=bars, timeframe=timeframe)
    columns = simulate(spec, np.random.default_rng([SYMBOLS.index(symbol), timeframe.rank]))
    path = folder / f"{symbol.replace('/', '-')}-{timeframe}.npz"
    np.savez(path, **columns._asdict())
    return Seat(symbol, timeframe, path)


def _ready(kind: str) -> str:
    """Imports what training needs, as a process that trains all day has."""
    from tradewind.research.nets import net  # in the worker

    return net(kind).name


def _trained(kind: str, folder: Path, samples: int, seat: Seat) -> tuple[float, int, int]:
    begun = time.process_time()
    config = load_config(None, environment={}, folder=Path("/nonexistent"))
    with np.load(seat.bars) as file:
        columns = BarColumns(**{name: file[name] for name in file.files})
    bars = SeriesBars(seat.symbol, seat.timeframe, columns, SOURCE, SIMULATED)
    calendar = calendar_of(instrument_for(config, seat.symbol).calendar)
    data = labelled(feature_set(seat.symbol, default_schema(seat.timeframe), columns, calendar), columns)
    order = Order(kind=kind)
    usable = data.samples(order.length)[-samples:]
    part = Part(data, chronological(data, usable), cost_of(config, bars))
    workspace = Workspace(config, folder / seat.bars.stem)
    done = train(workspace, order, Material((part,), (bars,)), seat.timeframe, InputCheck((), 1.0), 1)
    card = done.manifest.card
    return time.process_time() - begun, card["samples"]["fit"], len(card["epochs"])
