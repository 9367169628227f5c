"""Drives one engine: sequences what arrives, journals what follows, tells people afterwards.

The order is always the same: the engine decides, the journal commits, then people hear of it. A process that starts
replays its journal through the engine and compares every output with what was recorded; there is no other way to start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from tradewind.adapters.store.codec import encode_outputs
from tradewind.engine.pipeline import Engine
from tradewind.engine.sequencer import Sequencer, SeriesKey
from tradewind.engine.snapshot import restore_engine, snapshot_engine
from tradewind.errors import Corrupt
from tradewind.model.decision import Signal
from tradewind.model.event import BarClosed, BarMissing, InputEvent, Started
from tradewind.model.order import Fill, Leg
from tradewind.model.outcome import Trade
from tradewind.model.output import Output
from tradewind.ports.clock import Clock
from tradewind.ports.notifier import Notifier
from tradewind.ports.process import Process
from tradewind.ports.store import Journal, SnapshotStore


class Recovery(msgspec.Struct, frozen=True):
    """What a start found: entries replayed, from which snapshot, and where the journal stands."""

    entries: int
    snapshot_seq: int
    head_seq: int
    digest: str


class Session:
    """One engine with its sequencer, journal and notifier.

    ``commit_every`` is how many sequenced events share a transaction: 1 for a live feed, more for a fast replay.
    ``snapshot_every`` entries a snapshot is stored, 0 for never. ``watch`` sees every event with its outputs after they
    are durable.
    """

    def __init__(
        self,
        engine: Engine,
        sequencer: Sequencer,
        journal: Journal,
        notifier: Notifier,
        clock: Clock,
        process: Process,
        *,
        snapshots: SnapshotStore | None = None,
        commit_every: int = 1,
        snapshot_every: int = 0,
        watch: Callable[[InputEvent, Sequence[Output]], None] | None = None,
    ) -> None:
        self.engine = engine
        self.sequencer = sequencer
        self.journal = journal
        self.notifier = notifier
        self.clock = clock
        self.process = process
        self.snapshots = snapshots
        self.commit_every = commit_every
        self.snapshot_every = snapshot_every
        self.watch = watch
        self._batch: list[tuple[InputEvent, list[Output]]] = []
        self._snapshot_seq = 0

    def recover(self, run_start: int) -> Recovery:
        """Replays the journal from the run's first entry, or from its newest snapshot, and checks every output.

        Raises:
            Corrupt: an output differs from the recorded one; the message names the entry.
        """
        config = self.engine.plan.config_hash
        head_seq, digest, _ = self.journal.head
        first = run_start
        found = self.snapshots.latest(config, head_seq) if self.snapshots is not None else None
        if found is not None and found[0] >= run_start:
            restore_engine(self.engine, self.sequencer, found[2])
            first = found[0] + 1
            self._snapshot_seq = found[0]
        entries = 0
        for entry in self.journal.read(first):
            made = encode_outputs(self.engine.process(entry.event))
            if made != entry.outputs:
                raise Corrupt(
                    f"entry {entry.seq} gives other decisions when replayed",
                    where="journal",
                    allowed="the decisions that were recorded",
                    next_step="run `tradewind replay --verify` to see the first difference",
                )
            if isinstance(entry.event, (BarClosed, BarMissing)):
                self.sequencer.resume(entry.event)
            entries += 1
        return Recovery(entries, first - 1 if found is not None else 0, head_seq, digest.hex())

    def begin(self, started: Started) -> None:
        """Journals the start of a new run."""
        self._take(started)
        self.flush()

    def push(self, event: BarClosed) -> None:
        """Hands a final bar to the sequencer; a correction of a decided bar is journaled at once."""
        revision = self.sequencer.push(event)
        if revision is not None:
            self._take(revision)

    def advance(self, watermark: int) -> None:
        """Lets the engine see everything that closed up to ``watermark``."""
        for event in self.sequencer.release(watermark):
            self._take(event)

    def inject(self, event: InputEvent) -> None:
        """Journals and processes an event that is not a bar (command, feed state), in arrival order."""
        self._take(event)
        self.flush()

    def end(self, symbol: str) -> None:
        """The feed of a symbol has ended: nothing more is owed."""
        for key in self.sequencer.keys:
            if key.symbol == symbol:
                self.sequencer.close(key)

    def flush(self) -> None:
        """Commits the open batch and tells what it holds."""
        if not self._batch:
            return
        self.process.checkpoint("before-commit")
        self.journal.commit()
        self.process.checkpoint("after-commit")
        told, self._batch = self._batch, []
        for event, outputs in told:
            self._tell(outputs)
            if self.watch is not None:
                self.watch(event, outputs)
        self.process.checkpoint("after-told")
        self._maybe_snapshot()

    def frontiers(self) -> dict[str, int]:
        """``ts_close`` per symbol up to which everything has been decided."""
        done: dict[str, int] = {}
        for key in self.sequencer.keys:
            frontier = self.sequencer.frontier(key)
            if frontier is not None:
                done[key.symbol] = frontier
        return done

    def owed(self, key: SeriesKey, until: int) -> list[tuple[int, int]]:
        """Bars a backfill should ask for."""
        return self.sequencer.owed(key, until)

    def _take(self, event: InputEvent) -> None:
        outputs = self.engine.process(event)
        self.journal.append(event, encode_outputs(outputs))
        self._batch.append((event, outputs))
        if len(self._batch) >= self.commit_every:
            self.flush()

    def _tell(self, outputs: Sequence[Output]) -> None:
        now = self.clock.now()
        for output in outputs:
            if isinstance(output, Signal):
                self.notifier.signal(output, missed=now > output.valid_until)
            elif isinstance(output, Trade):
                self.notifier.trade_closed(output)
            elif isinstance(output, Fill) and output.leg is Leg.ENTRY:
                self.notifier.trade_opened(_opened(self.engine, output))

    def _maybe_snapshot(self) -> None:
        if self.snapshots is None or not self.snapshot_every:
            return
        seq, digest, _ = self.journal.head
        if seq - self._snapshot_seq >= self.snapshot_every:
            self.snapshots.save(seq, digest, self.engine.plan.config_hash, snapshot_engine(self.engine, self.sequencer))
            self._snapshot_seq = seq


def _opened(engine: Engine, fill: Fill) -> str:
    """``BUY BTC/USDT @ 43300.00``."""
    instrument = engine.desks[fill.symbol].plan.instrument
    word = "BUY" if fill.side > 0 else "SELL"
    return f"{word} {fill.symbol} @ {instrument.to_price(fill.price_ticks):.{instrument.digits}f}"
