"""A snapshot says the same of the sequencer and of the engine, wherever the process dies."""

from __future__ import annotations

import pytest

from tests.fakes.venue import made_up
from tradewind.adapters.notify.console import SilentNotifier
from tradewind.adapters.replay_feed import Recording, ReplayFeed
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.memory_journal import MemoryJournal
from tradewind.app.config import built_in
from tradewind.app.session import Session
from tradewind.app.wiring import engine_for, plan_for, sequencer_for, started_event
from tradewind.model.timeframe import Timeframe
from tradewind.ports.process import Crashed, Process

SYMBOLS = ("BTC/USDT", "ETH/USDT")


class Snapshots:
    """Keeps the newest."""

    def __init__(self) -> None:
        self.kept: tuple[int, bytes, bytes] | None = None

    def save(self, seq: int, digest: bytes, config_hash: str, state: bytes) -> None:
        self.kept = (seq, digest, state)

    def latest(self, config_hash: str, at_most_seq: int) -> tuple[int, bytes, bytes] | None:
        return self.kept


class DiesBeforeCommit:
    """At the ``at``-th transaction."""

    def __init__(self, at: int) -> None:
        self.left = at

    def checkpoint(self, name: str) -> None:
        if name == "before-commit":
            self.left -= 1
            if not self.left:
                raise Crashed


@pytest.mark.parametrize("dies_at", range(2, 8))
def test_a_death_between_two_closes_of_one_moment_loses_neither(dies_at: int) -> None:
    """INV-05, INV-24: a close released but not yet decided on is owed again after a start from a snapshot."""
    plan = plan_for(built_in().config, dict.fromkeys(SYMBOLS, Timeframe.H1), executes=False, simulated=True)
    journal, snapshots = MemoryJournal(), Snapshots()
    feed = ReplayFeed([Recording(symbol, Timeframe.H1, made_up(4, Timeframe.H1)) for symbol in SYMBOLS])

    def session(process: Process) -> Session:
        return Session(
            engine_for(plan), sequencer_for(plan), journal, SilentNotifier(), ManualClock(), process,
            snapshots=snapshots, snapshot_every=1,
        )  # fmt: skip

    first = session(DiesBeforeCommit(dies_at))
    with pytest.raises(Crashed):
        run(first, feed, started_event(plan, 0))
    second = session(DiesBeforeCommit(0))
    open_batch = journal.head[0]
    journal._tail = journal._head  # what was not committed died with the process
    del journal._entries[open_batch:]
    second.recover(1)
    run(second, feed, None)
    closes = [(entry.event.bar.symbol, entry.event.bar.ts_close) for entry in journal.read(2)]  # type: ignore[union-attr]
    assert closes == [(symbol, step.ts) for step in feed.steps() for symbol in SYMBOLS]


def run(session: Session, feed: ReplayFeed, started: object) -> None:
    if started is not None:
        session.begin(started)  # type: ignore[arg-type]
    for step in feed.steps(session.frontiers()):
        for event in step.bars:
            session.push(event)
        session.advance(step.ts)
