"""One shock on five coins at once: a desk of its own, on which every symbol signals at the same close.

The account's floors must hold for all of them together, and the venue must not be flooded.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np

from tradewind.adapters.host_process import HostProcess
from tradewind.adapters.notify.console import SilentNotifier
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.codec import decode_outputs
from tradewind.adapters.store.memory_journal import MemoryJournal
from tradewind.app.config import load_config
from tradewind.app.order_desk import RequestQueue, SteppedDesk
from tradewind.app.session import Session
from tradewind.app.wiring import engine_for, plan_for, sequencer_for, started_event
from tradewind.engine.orders.params import OrderParams
from tradewind.engine.plan import EnginePlan
from tradewind.fleetsim.evidence import Durable
from tradewind.fleetsim.exchange import BUDGET, Exchange
from tradewind.fleetsim.firm_laws import FirmLaws
from tradewind.model.bar import Bar
from tradewind.model.decision import Signal
from tradewind.model.event import BarClosed
from tradewind.model.timeframe import HOUR, SECOND, Timeframe

SYMBOLS: Final = ("BNB/USDT", "BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT")
CALM: Final = 180
WAVE: Final = 40.0
"""Four and a half waves: the last one ends at its bottom."""
AFTER: Final = 10
START: Final = 1_583_000_000 // 3600 * HOUR // SECOND * SECOND
SETTINGS: Final[dict[str, Any]] = {
    "timeframes": {"intervals": [{"interval": "1h", "weight": 1.0}]},
    "filters": {"enabled": []},
    "ensemble": {"min_confidence": 0.3, "quorum": 1, "min_record": 2},
    "strategies": {"members": [{"family": "EMA_Crossover", "timeframe": "1h"}]},
    "risk": {
        "firm": "ftmo-2step", "max_drawdown": 0.08, "drawdown_alert": 0.06, "daily_loss_limit": 0.04,
        "crypto_leverage": 5.0, "max_position_size": 1.0, "risk_per_trade": 0.03, "max_open_risk": 1.0,
    },
}  # fmt: skip


class Burst(NamedTuple):
    """What a shock came to: ``together`` is the most signals of one close."""

    broken: list[str]
    signals: int
    together: int


@cache
def plan() -> EnginePlan:
    """Five coins on hourly bars under a firm's rules, before a venue."""
    config = load_config(environment={}, overrides=SETTINGS)
    bases = dict.fromkeys(SYMBOLS, Timeframe.H1)
    return plan_for(config, bases, executes=True, simulated=True, orders=OrderParams(venue="hostile"))


def burst(share: float, size: int) -> Burst:
    """A fall or a rise of all coins, in one hour, after days in which all of them went the other way."""
    own, rng = plan(), np.random.default_rng([size, int(share * 1e6)])
    instruments = {one.instrument.symbol: one.instrument for one in own.symbols}
    clock, journal = ManualClock(START), MemoryJournal()
    exchange = Exchange(instruments, rng, lambda _: None)
    engine = engine_for(own)
    assert engine.orders is not None
    desk = SteppedDesk(engine.orders, exchange, clock, RequestQueue(BUDGET))
    session = Session(engine, sequencer_for(own), journal, SilentNotifier(), clock, HostProcess(), desk=desk)
    session.begin(started_event(own, START))
    exchange.connected(START)
    for hour, bars in enumerate(_bars(rng, 1 if share < 0.5 else -1)):
        clock.advance_to(bars[0].ts_close)
        for bar in bars:
            exchange.show(bar)
            session.push(BarClosed(bar, "history" if hour < CALM // 2 else "venue"))
        session.advance(bars[0].ts_close)
        for seconds in range(4):
            clock.advance_to(bars[0].ts_close + (1 + seconds) * SECOND)
            session.obey()
    laws = FirmLaws(instruments, own.opening_balance, 0.0 if own.guard is None or own.guard.firm is None else
                    own.guard.firm.buffer)  # fmt: skip
    broken, signals = list(exchange.breaches), Counter[int]()
    for entry in journal.read():
        about = entry.event.bar if isinstance(entry.event, BarClosed) else None
        one = Durable(entry, decode_outputs(entry.outputs), entry.ts, stale=False, bar=about, close=None, quiet=False)
        broken += laws.entry(one)
        signals.update(output.ts for output in one.outputs if isinstance(output, Signal))
    return Burst(broken, sum(signals.values()), max(signals.values(), default=0))


def _bars(rng: np.random.Generator, side: int) -> list[list[Bar]]:
    """Hours of all coins that swing together, end against ``side``, jump to it in one hour, and go on."""
    waves = side * np.cos(2.0 * np.pi * np.arange(CALM) / WAVE) * 0.03 + np.cumsum(rng.normal(0.0, 5e-4, CALM))
    common = np.concatenate((np.diff(waves, prepend=waves[0]), [side * 0.05], rng.normal(side * 1e-3, 4e-3, AFTER)))
    paths = {symbol: 100.0 * np.exp(np.cumsum(common + rng.normal(0.0, 2e-5, common.size))) for symbol in SYMBOLS}
    hours = []
    for hour in range(1, common.size):
        begin = START + (hour - 1) * HOUR
        made = []
        for symbol in SYMBOLS:
            before, price = (round(float(paths[symbol][at]), 2) for at in (hour - 1, hour))
            high, low = round(max(before, price) * 1.0005, 2), round(min(before, price) * 0.9995, 2)
            made.append(Bar(symbol, Timeframe.H1, begin, begin + HOUR, before, high, low, price, 1.0))
        hours.append(made)
    return hours
