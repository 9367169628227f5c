"""Drives one engine: sequences what arrives, journals what follows, tells people afterwards.

The order is always the same: the engine decides, the journal commits, then people hear of it. A process that starts
replays its journal through the engine and compares every output with what was recorded; there is no other way to start.

Everything is told at least once. What was told is noted after each telling; a start tells what the journal holds beyond
the note, marked as a repeat, because the last of it may have been heard before the process died. So nothing is told
twice without saying so, and a death repeats at most the one event whose note was lost (a power cut: those whose notes
had not reached the disk).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from tradewind.adapters.store.codec import decode_outputs, encode_outputs
from tradewind.app.signal_text import opened_text
from tradewind.engine.pipeline import Engine
from tradewind.engine.sequencer import Sequencer, SeriesKey
from tradewind.engine.snapshot import restore_engine, snapshot_engine
from tradewind.errors import Corrupt
from tradewind.model.decision import NoDecision, NoTrade, Signal
from tradewind.model.event import BarClosed, BarMissing, InputEvent, Started
from tradewind.model.order import Fill, Leg
from tradewind.model.outcome import Trade
from tradewind.model.output import Output
from tradewind.ports.clock import Clock
from tradewind.ports.notifier import Notifier
from tradewind.ports.process import Process
from tradewind.ports.store import Entry, Journal, Note, SnapshotStore

QUIET: Final = (NoTrade, NoDecision)
"""What nobody is told of, and nearly all there is."""
QUIET_ENTRIES: Final = 32
"""The note of what was told may lag by so many entries that nobody was told of."""


class Recovery(msgspec.Struct, frozen=True):
    """What a start found: entries replayed, from which snapshot, where the journal stands, entries told late."""

    entries: int
    snapshot_seq: int
    head_seq: int
    digest: str
    retold: int = 0


class VenueDesk(Protocol):
    """Carries what the engine asks of a venue, and brings back what it says; ``app/order_desk.py``."""

    def begin(self) -> None:
        """The run stands where its journal ends."""
        ...

    def take(self, outputs: Sequence[Output]) -> None:
        """Takes the requests among outputs that are durable."""
        ...

    def heard(self, event: InputEvent | None = None) -> Sequence[InputEvent]:
        """What is to be decided on before ``event``; empty when there is no more."""
        ...


class Session:
    """One engine with its sequencer, journal and notifier.

    ``commit_every`` is how many sequenced events share a transaction: 1 for a live feed, more for a fast replay.
    ``snapshot_every`` entries a snapshot is stored, 0 for never. ``told`` is where it is noted up to which entry people
    were told; without it a start repeats nothing. ``watch`` sees every event with its outputs after they
    are durable. ``orders`` gives what operators want by now; it is asked before the first close of a transaction.
    ``desk`` stands between the engine and a venue that keeps its own truth. ``closes`` counts the closes of this life.
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
        told: Note | None = None,
        commit_every: int = 1,
        snapshot_every: int = 0,
        watch: Callable[[InputEvent, Sequence[Output]], None] | None = None,
        orders: Callable[[], Sequence[InputEvent]] = tuple,
        desk: VenueDesk | None = None,
    ) -> None:
        self.engine = engine
        self.sequencer = sequencer
        self.journal = journal
        self.notifier = notifier
        self.clock = clock
        self.process = process
        self.snapshots = snapshots
        self.told = told
        self.commit_every = commit_every
        self.snapshot_every = snapshot_every
        self.watch = watch
        self.orders = orders
        self.desk = desk
        self.closes = 0
        self._batch: list[tuple[Entry, list[Output], int]] = []
        self._snapshot_seq = 0
        self._noted_seq = 0
        self._owing = 0

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
        if self.desk is not None:
            self.desk.begin()
        return Recovery(entries, self._snapshot_seq, head_seq, digest.hex(), self._tell_rest())

    def begin(self, started: Started) -> None:
        """Journals the start of a new run."""
        self._take(started)
        self.flush()
        if self.desk is not None:
            self.desk.begin()

    def push(self, event: BarClosed) -> None:
        """Hands a final bar to the sequencer; a correction of a decided bar is journaled at once."""
        revision = self.sequencer.push(event)
        if revision is not None:
            self._take(revision)

    def advance(self, watermark: int) -> None:
        """Lets the engine see everything that closed up to ``watermark``, and before that the orders that are due."""
        if self.desk is not None:
            self.flush()  # what is asked of a venue leaves after each close, not after a batch of them
        if not self._batch:
            self.obey()
        released = self.sequencer.release(watermark)
        for left, event in zip(range(len(released) - 1, -1, -1), released, strict=True):
            self._owing = left
            self._hear(event)
            self._take(event)
            self.closes += 1

    def inject(self, event: InputEvent) -> None:
        """Journals and processes an event that is not a bar (command, feed state), in arrival order."""
        self._take(event)
        self.flush()

    def obey(self) -> None:
        """Journals and processes the orders that are due."""
        for order in self.orders():
            self.inject(order)
        self._hear()

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
        for entry, outputs, made in told:
            if self.desk is not None:
                self.desk.take(outputs)
            if self._tell(outputs, made, repeated=False):
                self._note(entry)
            if self.watch is not None:
                self.watch(entry.event, outputs)
        last = told[-1][0]
        if last.seq - self._noted_seq >= QUIET_ENTRIES:  # nobody was told of anything since: only a start reads less
            self._note(last)
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

    def _hear(self, event: InputEvent | None = None) -> None:
        """Lets the engine see what the venue said before ``event``, until it has no more to say.

        Everything decided so far is made durable first: what is asked of a venue is on disk before it leaves.
        """
        if self.desk is None:
            return
        self.flush()
        while said := self.desk.heard(event):
            for one in said:
                self._take(one)
            self.flush()

    def _take(self, event: InputEvent) -> None:
        outputs = self.engine.process(event)
        self._batch.append((self.journal.append(event, encode_outputs(outputs)), outputs, self.clock.now()))
        if len(self._batch) >= self.commit_every:
            self.flush()

    def _tell(self, outputs: Sequence[Output], now: int, *, repeated: bool) -> bool:
        """Tells people what concerns them; whether there was anything.

        ``now`` is when the outputs were made: waiting for a batch's commit makes no signal late.
        """
        said = False
        for output in outputs:
            if isinstance(output, QUIET):
                continue
            if isinstance(output, Signal):
                self.notifier.signal(output, missed=now > output.valid_until, repeated=repeated)
            elif isinstance(output, Trade):
                self.notifier.trade_closed(output, repeated=repeated)
            elif isinstance(output, Fill) and output.leg is Leg.ENTRY:
                instrument = self.engine.desks[output.symbol].plan.instrument
                self.notifier.trade_opened(opened_text(output, instrument), repeated=repeated)
            else:
                continue
            said = True
        if said:
            self.process.checkpoint("said")
        return said

    def _note(self, entry: Entry) -> None:
        if self.told is not None:
            self.told.write(entry.seq, entry.hash)
        self._noted_seq = entry.seq

    def _tell_rest(self) -> int:
        """Tells what is in the journal beyond the note, as repeats; how many entries had something to tell."""
        if self.told is None:
            return 0
        seq, _, own = self.journal.head
        noted = self.told.read()
        entries = iter(() if noted is None else self.journal.read(noted[0]))
        first = next(entries, None)
        if noted is None or first is None or first.hash != noted[1]:
            self.told.write(seq, own)  # no note, or one of another history: a flood of old news helps nobody
            return 0
        retold = 0
        for entry in entries:
            retold += self._tell(decode_outputs(entry.outputs), self.clock.now(), repeated=True)
            self._note(entry)
        return retold

    def _maybe_snapshot(self) -> None:
        if self.snapshots is None or not self.snapshot_every or self._owing:
            return  # the sequencer is ahead of the engine while released events wait
        seq, digest, _ = self.journal.head
        if seq - self._snapshot_seq >= self.snapshot_every:
            self.snapshots.save(seq, digest, self.engine.plan.config_hash, snapshot_engine(self.engine, self.sequencer))
            self._snapshot_seq = seq
