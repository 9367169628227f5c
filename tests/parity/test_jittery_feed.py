"""Parity a: the same bars through a bad connection and through a file lead to the same decisions, byte for byte."""

from __future__ import annotations

import asyncio
from collections import Counter

import numpy as np
import pytest

from tests import scene
from tests.fakes.jittery_venue import JitteryVenue
from tests.scene import Tape
from tradewind.adapters.host_process import HostProcess
from tradewind.adapters.notify.console import SilentNotifier
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.memory_journal import MemoryJournal
from tradewind.app.session import Session
from tradewind.app.wiring import engine_for, sequencer_for, started_event
from tradewind.engine.finality import BarFinality
from tradewind.engine.sequencer import SeriesKey
from tradewind.model.event import BarClosed, BarRevised
from tradewind.ports.market import Update


class Desk:
    """Reads several venues at once; the engine sees a close when every open series has all it owes until then."""

    def __init__(self, tape: Tape) -> None:
        self.journal = MemoryJournal()
        engine, sequencer = engine_for(tape.plan), sequencer_for(tape.plan)
        self.session = Session(engine, sequencer, self.journal, SilentNotifier(), ManualClock(), HostProcess())
        self.session.begin(started_event(tape.plan, 0))
        self.last = {one.symbol: int(one.columns.ts_close[-1]) for one in tape.recordings}
        self.newest = dict.fromkeys(self.last, 0)
        self.arrived: dict[str, set[int]] = {symbol: set() for symbol in self.last}
        self.finality = {one.symbol: BarFinality(f"venue-{one.symbol}") for one in tape.recordings}
        self.first = {one.symbol: int(one.columns.ts_close[0]) for one in tape.recordings}
        self.causes: Counter[str] = Counter()

    def take(self, update: Update) -> None:
        symbol = update.bar.symbol
        for event in self.finality[symbol].on_update(update.bar, closed=update.closed, ts_recv=update.ts_recv):
            if isinstance(event, BarRevised):
                self.causes["revision"] += 1
                self.session.inject(event)
                continue
            self.causes[event.cause] += 1
            self.session.push(BarClosed(event.bar, event.cause, event.source, event.ts_recv))
            self.newest[symbol] = max(self.newest[symbol], event.bar.ts_close)
            self.arrived[symbol].add(event.bar.ts_close)
        self.session.advance(min(self.complete(key) for key in self.session.sequencer.keys))
        for key in self.session.sequencer.keys:
            if self.session.frontiers().get(key.symbol, 0) >= self.last[key.symbol]:
                self.session.end(key.symbol)

    def complete(self, key: SeriesKey) -> int:
        """Close up to which a series has everything; without limit once it has ended."""
        frontier = self.session.frontiers().get(key.symbol, 0)
        if frontier >= self.last[key.symbol]:
            return 2**62
        if not frontier:
            return self.first[key.symbol] if self.first[key.symbol] in self.arrived[key.symbol] else 0
        newest = self.newest[key.symbol]
        owed = self.session.owed(key, newest)
        return owed[0][1] - 1 if owed else newest


async def read(tape: Tape, seed: int) -> tuple[Desk, Counter[str]]:
    desk = Desk(tape)
    queue: asyncio.Queue[Update | None] = asyncio.Queue()
    root = np.random.default_rng(seed)
    venues = [JitteryVenue(one, child) for one, child in zip(tape.recordings, root.spawn(2), strict=True)]

    async def pump(venue: JitteryVenue) -> None:
        async for item in venue.stream():
            if isinstance(item, Update):
                await queue.put(item)
        await queue.put(None)

    tasks = [asyncio.ensure_future(pump(venue)) for venue in venues]
    left = len(tasks)
    while left:
        item = await queue.get()
        if item is None:
            left -= 1
        else:
            desk.take(item)
    desk.session.flush()
    troubles: Counter[str] = Counter()
    for venue in venues:
        troubles.update(venue.done)
    return desk, troubles


@pytest.mark.req("C15")
@pytest.mark.parametrize("seed", [1, 2])
def test_a_bad_connection_changes_no_decision(seed: int) -> None:
    """Duplicates, reordering, reconnects, late bars and corrections: the digest is that of the clean run."""
    tape = scene.planted()
    scene.enough(tape)
    desk, troubles = asyncio.run(read(tape, seed))
    print(f"troubles: {dict(troubles)}; causes of finality: {dict(desk.causes)}")
    assert min(troubles.values()) > 50
    assert desk.causes["successor"] > 50
    assert desk.causes["revision"] > 50
    made = [entry.outputs for entry in desk.journal.read() if entry.outputs != b"[]"]
    clean = [entry.outputs for entry in tape.entries if entry.outputs != b"[]"]
    assert made == clean
    assert desk.journal.head[1] == tape.digest


def test_the_tape_of_a_bad_day_replays_to_the_same_bytes() -> None:
    """What was recorded, corrections included, is enough to decide the same again."""
    tape = scene.planted()
    desk, _ = asyncio.run(read(tape, 3))
    engine = engine_for(tape.plan)
    for entry in desk.journal.read():
        assert encode_outputs(engine.process(entry.event)) == entry.outputs
