"""Parity d: a process may die anywhere. What it decided, and what people heard, is what would have been without it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests import scene
from tests.scene import Tape
from tradewind.adapters.notify.console import REPEATED
from tradewind.adapters.replay_feed import ReplayFeed
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.codec import decode_outputs, encode_outputs
from tradewind.adapters.store.store import Store
from tradewind.app.market_feed import FeedRules, SymbolFeed
from tradewind.app.replay_loop import drive_replay
from tradewind.app.run_replay import JournaledRun
from tradewind.app.session import Recovery
from tradewind.app.wiring import engine_for, sequencer_for
from tradewind.engine.sequencer import SeriesKey
from tradewind.engine.snapshot import restore_engine, snapshot_engine
from tradewind.model.decision import NoDecision, NoTrade, Signal
from tradewind.model.event import BarClosed, BarMissing, Command, FeedState
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import Timeframe
from tradewind.ports.market import Update
from tradewind.ports.process import Crashed
from tradewind.ports.store import Entry

DEATHS = 14


class Mortal:
    """A process that ends at its ``left``-th checkpoint or spoken line, 0: never; ``said`` outlives it."""

    def __init__(self, left: int, said: list[str]) -> None:
        self.left = left
        self.said = said

    def checkpoint(self, name: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise Crashed(name)

    def say(self, line: str) -> None:
        self.said.append(line)
        self.checkpoint("said a line")


def life(tape: Tape, path: Path, mortal: Mortal, *, batch: int, snapshots: int, closes: int = 0) -> Recovery | None:
    """One life of a process on the store at ``path``: starts, goes on with the bars, ends or dies."""
    feed, clock = ReplayFeed(tape.recordings), ManualClock()
    with Store.open(path, 0) as store:
        run = JournaledRun(
            tape.plan,
            store,
            clock,
            mortal.say,
            origin="replay",
            process=mortal,
            commit_every=batch,
            snapshot_every=snapshots,
        )
        recovery = run.start(feed.first_ts)
        drive_replay(run.session, feed, clock, iterations=closes)
        return recovery


@pytest.mark.parametrize(("batch", "snapshots"), [(64, 700), (23, 0)])
def test_dying_anywhere_leaves_the_journal_of_an_uninterrupted_run(tmp_path: Path, batch: int, snapshots: int) -> None:
    """Around commits, while speaking, between speaking and noting; with snapshots and from the journal alone."""
    tape = scene.planted()
    scene.enough(tape)
    generator = np.random.default_rng(batch)
    said: list[str] = []
    deaths = finished = 0
    while not finished:
        left = int(generator.integers(1, 9_000 // DEATHS)) if deaths < DEATHS else 0
        try:
            life(tape, tmp_path / "run.db", Mortal(left, said), batch=batch, snapshots=snapshots)
            finished = 1
        except Crashed:
            deaths += 1
    with Store.read(tmp_path / "run.db") as store:
        entries = list(store.journal.read())
    new, again = scene.tellings(said)
    print(f"{deaths} deaths; {sum(new.values())} signals told as new, {sum(again.values())} as repeats (SIMULATED)")
    assert deaths >= DEATHS // 3
    assert entries == list(tape.entries)
    signals = {signal.id for signal in tape.signals}
    assert set(new) | set(again) == signals, "a signal was never told"
    assert max(new.values()) == 1, "a signal was told as new twice"
    assert sum((new + again).values()) - len(signals) <= deaths, "more than one true repeat for a death"


def test_the_state_after_recovery_is_the_state_before_the_end(tmp_path: Path) -> None:
    """From the journal alone, from a snapshot and the rest, and twice: the bytes an undisturbed process holds."""
    tape = scene.planted()
    feed, generator = ReplayFeed(tape.recordings), np.random.default_rng(4)
    for closes in sorted(int(n) for n in generator.integers(700, 2000, 2)):
        states = []
        for name, snapshots in (("plain", 0), ("snapshots", 300)):
            path = tmp_path / f"{name}{closes}.db"
            life(tape, path, Mortal(0, []), batch=100, snapshots=snapshots, closes=closes)
            for _ in range(2):
                with Store.open(path, 0) as store:
                    run = JournaledRun(tape.plan, store, ManualClock(), print, origin="replay")
                    recovery = run.start(feed.first_ts)
                    assert recovery is not None
                    assert (recovery.snapshot_seq > 0) is (snapshots > 0)
                    assert (recovery.entries < recovery.head_seq) is (snapshots > 0)
                    states.append(snapshot_engine(run.engine, run.session.sequencer))
                    head = store.journal.head.seq
        engine, sequencer = engine_for(tape.plan), sequencer_for(tape.plan)
        for entry in tape.entries[:head]:
            engine.process(entry.event)
            if isinstance(entry.event, BarClosed | BarMissing):
                sequencer.resume(entry.event)
        assert set(states) == {snapshot_engine(engine, sequencer)}


def test_a_snapshot_at_any_entry_continues_like_the_engine_it_was_taken_of() -> None:
    """Ten places, open positions and waiting orders among them; every later output is the recorded one."""
    tape = scene.planted()
    places = np.random.default_rng(5).integers(1, len(tape.entries) - 1, 8).tolist()
    places.append(next(e.seq for e in tape.entries if b'"type":"intent"' in e.outputs))
    places.append(next(e.seq for e in tape.entries if b'"leg":"entry"' in e.outputs))
    engine, sequencer = engine_for(tape.plan), sequencer_for(tape.plan)
    taken = {}
    for entry in tape.entries:
        engine.process(entry.event)
        if entry.seq in places:
            taken[entry.seq] = snapshot_engine(engine, sequencer)
    for seq, state in taken.items():
        other = engine_for(tape.plan)
        restore_engine(other, sequencer_for(tape.plan), state)
        for entry in tape.entries[seq : seq + 800]:
            assert encode_outputs(other.process(entry.event)) == entry.outputs, f"snapshot {seq}, entry {entry.seq}"


def test_a_series_that_ended_is_not_read_again_after_a_snapshot(tmp_path: Path) -> None:
    """EUR/USD ends first; a process that starts after that from a snapshot takes no bar of it a second time."""
    tape = scene.planted()
    path = tmp_path / "run.db"
    closes = len({int(ts) for one in tape.recordings for ts in one.columns.ts_close})
    ends = [int(one.columns.ts_close[-1]) for one in tape.recordings]
    after = sum(1 for ts in tape.recordings[0].columns.ts_close if ts > min(ends))
    assert after > 5
    life(tape, path, Mortal(0, []), batch=512, snapshots=1, closes=closes - after + 3)
    recovery = life(tape, path, Mortal(0, []), batch=100, snapshots=0)
    assert recovery is not None
    assert recovery.entries == 0
    with Store.read(path) as store:
        assert list(store.journal.read()) == list(tape.entries)


class DiesUntold(Mortal):
    """Ends right after the ``left``-th commit of its life, before a word is said."""

    def checkpoint(self, name: str) -> None:
        if name == "after-commit":
            super().checkpoint(name)


def test_signals_decided_and_not_yet_told_are_told_after_the_restart(tmp_path: Path) -> None:
    """Death right after the commit: the decision stands; people hear of it at the next start, marked as a repeat."""
    tape = scene.planted()
    path = tmp_path / "run.db"
    said: list[str] = []
    life(tape, path, Mortal(0, said), batch=512, snapshots=0, closes=800)
    with Store.read(path) as store:
        head = store.journal.head.seq
    seq = next(e.seq for e in tape.entries if e.seq > head and b'"type":"signal"' in e.outputs)
    signal = next(one for one in tape.signals if one.id.encode() in tape.entries[seq - 1].outputs)
    with pytest.raises(Crashed):
        life(tape, path, DiesUntold(seq - head, said), batch=1, snapshots=0)
    assert signal.id not in "\n".join(said)
    recovery = life(tape, path, Mortal(0, said), batch=1, snapshots=0, closes=1)
    assert recovery is not None
    assert recovery.head_seq == seq
    assert recovery.retold == 1
    assert f"{REPEATED}: {signal.id}" in said


def test_a_missing_note_repeats_nothing(tmp_path: Path) -> None:
    """A store copied without its note, or with one of another history: old news is not poured out again."""
    tape = scene.planted()
    path = tmp_path / "run.db"
    life(tape, path, Mortal(0, []), batch=100, snapshots=0, closes=1500)
    note = path.with_name("run.db.told")
    assert note.exists()
    for change in (note.unlink, lambda: note.write_bytes(b"%020d %s\n" % (5, b"ab" * 32))):
        change()
        said: list[str] = []
        recovery = life(tape, path, Mortal(0, said), batch=100, snapshots=0, closes=1)
        assert recovery is not None
        assert recovery.retold == 0
        assert not any(REPEATED in line for line in said)


def test_every_signal_is_told_once_when_nobody_dies(tmp_path: Path) -> None:
    """The plain case: each signal once, as new."""
    tape = scene.planted()
    said: list[str] = []
    life(tape, tmp_path / "run.db", Mortal(0, said), batch=512, snapshots=0)
    new, again = scene.tellings(said)
    assert new == Counter(one.id for one in tape.of(Signal))
    assert not again


def test_orders_of_the_operator_and_states_of_the_feed_outlive_the_process(tmp_path: Path) -> None:
    """Paused stays paused and stale stays stale over a restart, from the journal and from a snapshot."""
    tape = scene.planted()
    symbol = tape.recordings[0].symbol
    feed = ReplayFeed(tape.recordings)
    codes = []
    for snapshots in (0, 1):
        path = tmp_path / f"run{snapshots}.db"
        for closes, event in (
            (700, Command("pause", "operator", 1)),
            (40, FeedState(symbol, "stale", 2, "nothing heard")),
            (10, FeedState(symbol, "disconnected", 2)),
            (40, Command("resume", "operator", 3)),
            (40, FeedState(symbol, "fresh", 4)),
            (40, None),
        ):
            clock = ManualClock()
            with Store.open(path, 0) as store:
                run = JournaledRun(tape.plan, store, clock, print, origin="replay", snapshot_every=snapshots)
                run.start(feed.first_ts)
                drive_replay(run.session, feed, clock, iterations=closes)
                if event is not None:
                    run.session.inject(event)
        with Store.read(path) as store:
            entries = list(store.journal.read())
        engine = engine_for(tape.plan)
        assert [encode_outputs(engine.process(entry.event)) for entry in entries] == [one.outputs for one in entries]
        codes.append([reasons_of(entry) for entry in entries if b'"' + symbol.encode() in entry.outputs])
        places = [i for i, entry in enumerate(entries) if isinstance(entry.event, Command | FeedState)]
        stretches = [entries[a:b] for a, b in zip(places, [*places[1:], len(entries)], strict=True)]
        said = [Counter(code for entry in stretch for code in reasons_of(entry)) for stretch in stretches]
        assert said[0]["paused"] > 0
        assert said[0]["stale"] == 0
        assert said[1]["stale"] >= 10
        assert said[2]["stale"] >= 40
        assert said[3]["stale"] >= 40
        assert said[4]["paused"] == said[4]["stale"] == 0
    assert codes[0] == codes[1]


def reasons_of(entry: Entry) -> list[str]:
    """Codes of every reason an entry's decisions were refused for."""
    found: list[str] = []
    for one in decode_outputs(entry.outputs):
        if isinstance(one, NoTrade):
            found += [reason.code for reason in one.reasons]
        elif isinstance(one, NoDecision):
            found.append(one.reason.code)
    return found


def test_bars_that_cannot_be_true_are_journaled_as_they_came_and_recovered(tmp_path: Path) -> None:
    """A NaN has no JSON word, yet the journal gives it back, and the restart decides the same about it."""
    columns = scene.market("BTC/USDT", 60)[0]
    close = columns.close.copy()
    close[[7, 30]] = np.nan, np.inf
    broken = scene.run([scene.recording(columns._replace(close=close))])
    path = tmp_path / "run.db"
    life(broken, path, Mortal(0, []), batch=5, snapshots=0, closes=40)
    life(broken, path, Mortal(0, []), batch=5, snapshots=0)
    with Store.read(path) as store:
        entries = list(store.journal.read())
    assert [(one.outputs, one.digest, one.hash) for one in entries] == [
        (one.outputs, one.digest, one.hash) for one in broken.entries
    ]
    assert reasons_of(entries[8])[0] == reasons_of(entries[31])[0] == "bad_data"


def test_a_feed_that_was_stale_before_the_restart_is_called_fresh_when_it_moves() -> None:
    """The new process learns from the journal that the feed is stale; otherwise nobody would ever take it back."""
    columns = scene.market("BTC/USDT", 3)[0]
    bars = [event.bar for step in ReplayFeed([scene.recording(columns)]).steps() for event in step.bars]
    key, calendar = SeriesKey("BTC/USDT", Timeframe.H1), calendar_of("crypto")
    for stale in (True, False):
        feed = SymbolFeed(key, calendar, "venue", FeedRules(), 0, 0, stale=stale)
        states = [feed.state(Update(bar, True, bar.ts_close), bar.ts_close, bar.ts_close) for bar in bars]
        assert [one.state for one in states if one is not None] == (["fresh"] if stale else [])
