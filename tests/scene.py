"""One market for all whole-pipeline checks: SIMULATED, with an edge planted in it, so that there is something to see.

Two symbols of different calendars decided on 1h and 4h, by the built-in configuration: enough signals and closed trades
that equality of two runs means something. ``MIN_SIGNALS`` and ``MIN_TRADES`` are what every such check asserts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.simulated import SOURCE, START, simulate_market, spec_for
from tradewind.adapters.market.simulated_edge import EdgeKind, PlantedEdge
from tradewind.adapters.market.simulated_faults import InjectedFault, MarketFaults
from tradewind.adapters.notify.console import REPEATED
from tradewind.adapters.replay_feed import Recording, ReplayFeed
from tradewind.adapters.store.codec import decode_outputs
from tradewind.app.backtest import Backtest
from tradewind.app.config import load_config
from tradewind.app.replay_loop import drive_replay
from tradewind.app.settings.root import AppConfig
from tradewind.app.wiring import plan_for, started_event
from tradewind.engine.plan import EnginePlan
from tradewind.model.bar import BarColumns
from tradewind.model.decision import NoDecision, NoTrade, Signal
from tradewind.model.instruments import resolve
from tradewind.model.outcome import Trade
from tradewind.model.timeframe import Timeframe
from tradewind.ports.store import Entry

MIN_SIGNALS = 100
MIN_TRADES = 50
EDGE = PlantedEdge(kind=EdgeKind.TREND, strength=0.3)
BOTH = {"intervals": [{"interval": "1h", "weight": 0.5}, {"interval": "4h", "weight": 0.5}]}


class Tape(NamedTuple):
    """A finished run: its plan, its input, and every entry of its journal."""

    plan: EnginePlan
    recordings: tuple[Recording, ...]
    entries: tuple[Entry, ...]
    digest: bytes

    def of(self, kind: type) -> list[Any]:
        """Every output of a kind, in order."""
        return [one for entry in self.entries for one in decode_outputs(entry.outputs) if isinstance(one, kind)]

    @property
    def signals(self) -> list[Signal]:
        return self.of(Signal)

    @property
    def trades(self) -> list[Trade]:
        return self.of(Trade)


def market(
    symbol: str = "BTC/USDT",
    bars: int = 3000,
    seed: int = 1,
    faults: MarketFaults | None = None,
    start: int = START,
) -> tuple[BarColumns, tuple[InjectedFault, ...]]:
    """Hourly SIMULATED bars as a feed delivers them, and the faults that were put in."""
    spec = spec_for(resolve(symbol), bars=bars, start=start, edge=EDGE, faults=faults)
    made = simulate_market(spec, np.random.default_rng(seed))
    return made.columns, made.injected


def recording(columns: BarColumns, symbol: str = "BTC/USDT") -> Recording:
    return Recording(symbol, Timeframe.H1, columns, SOURCE)


@cache
def settings(both: bool = True) -> AppConfig:
    """The built-in configuration; with ``both``, 4h votes beside 1h. No file and no variable of this host is read."""
    return load_config(
        environment={"TRADEWIND__EXECUTION": "paper"},
        overrides={"timeframes": BOTH} if both else {},
        folder=Path(__file__).parent,
    )


def plan(symbols: Iterable[str], *, both: bool = True, executes: bool = True) -> EnginePlan:
    bases = dict.fromkeys(symbols, Timeframe.H1)
    return plan_for(settings(both), bases, executes=executes, simulated=True)


def run(recordings: Sequence[Recording], *, both: bool = True, iterations: int = 0) -> Tape:
    """A clean run over recordings, its journal kept; ``iterations`` > 0 stops after so many closes."""
    made = Backtest(plan((one.symbol for one in recordings), both=both), recordings, keep_journal=True)
    feed = ReplayFeed(recordings)
    made.session.begin(started_event(made.plan, feed.first_ts))
    drive_replay(made.session, feed, made.clock, iterations=iterations)
    return Tape(made.plan, tuple(recordings), tuple(made.journal.read()), made.journal.head[1])


@cache
def planted() -> Tape:
    """The market of the checks: BTC/USDT around the clock, EUR/USD with its week-ends, both with the same planted edge.

    ``pytest`` workers make it once each.
    """
    recordings = [recording(market("BTC/USDT", 3000)[0]), recording(market("EUR/USD", 2100, 2)[0], "EUR/USD")]
    return run(recordings)


TIMEFRAMES = """
[timeframes]
intervals = [{ interval = "1h", weight = 0.5 }, { interval = "4h", weight = 0.5 }]
"""


def store_candles(folder: Path, recordings: Sequence[Recording], *, both: bool = True) -> None:
    """Makes ``folder`` a project: candles of the recordings, and the configuration of ``plan``."""
    store = CandleStore(folder / "data" / "candles")
    for one in recordings:
        store.write(one.symbol, one.timeframe, one.columns, one.source)
    names = ", ".join(f'"{one.symbol}"' for one in recordings)
    text = f"symbols = [{names}]\n{TIMEFRAMES if both else ''}"
    (folder / "tradewind.toml").write_text(text, encoding="utf-8")


def tellings(said: Iterable[str]) -> tuple[Counter[str], Counter[str]]:
    """How often each signal was told as new, and how often marked as a repeat, in the lines people were shown."""
    new: Counter[str] = Counter()
    again: Counter[str] = Counter()
    marked = ""
    for line in said:
        words = line.split()
        if line.startswith(f"{REPEATED}: ") and len(words) == len(REPEATED.split()) + 1:
            marked = words[-1]
        if words[:1] == ["Id"]:
            (again if marked == words[-1] else new)[words[-1]] += 1
            marked = ""
    return new, again


def decision_rows(entries: Iterable[Entry]) -> list[tuple[str, str, int, str]]:
    """``(symbol, timeframe, ts, kind)`` of every decision, in order."""
    return [
        (one.symbol, str(one.timeframe), one.ts, str(one.__struct_config__.tag))
        for entry in entries
        for one in decode_outputs(entry.outputs)
        if isinstance(one, Signal | NoTrade | NoDecision)
    ]


def enough(tape: Tape) -> str:
    """Asserts that a run shows enough to compare; returns (and prints) both counts."""
    signals, trades = len(tape.signals), len(tape.trades)
    said = f"{signals} signals, {trades} closed trades, {len(tape.entries)} entries (SIMULATED)"
    print(said)
    assert signals >= MIN_SIGNALS, said
    assert trades >= MIN_TRADES, said
    return said
