"""What is known about a running simulation, for the laws to judge: the journal as it grew, the world's own truth."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from typing import NamedTuple

from tradewind.adapters.store.codec import decode_outputs, encode_outputs
from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan
from tradewind.engine.sequencer import Sequencer
from tradewind.engine.snapshot import snapshot_engine
from tradewind.fleetsim.clock import VirtualClock
from tradewind.fleetsim.people import Telling
from tradewind.fleetsim.venue import SimulatedVenue
from tradewind.model.bar import Bar
from tradewind.model.decision import NoDecision, NoTrade, Signal
from tradewind.model.event import BarClosed, BarMissing, FeedState, InputEvent
from tradewind.model.outcome import Trade
from tradewind.model.output import Output
from tradewind.model.timeframe import Timeframe
from tradewind.ports.store import Entry, Journal

_QUIET = (NoTrade, NoDecision)


class Durable(NamedTuple):
    """One entry that became durable, with its outputs read back; ``stale``: the feed of its symbol was then.

    ``bar`` is the bar it is about, ``close`` the ``(symbol, timeframe, ts_close)`` of a sequenced event. ``quiet``: its
    outputs are decisions for no trade and nothing else.
    """

    entry: Entry
    outputs: list[Output]
    at: int
    stale: bool
    bar: Bar | None
    close: tuple[str, Timeframe, int] | None
    quiet: bool


class WatchedJournal:
    """A journal that remembers what its caller was told is durable; the journal itself is the product's."""

    def __init__(self, journal: Journal, evidence: Evidence) -> None:
        self._journal = journal
        self._evidence = evidence
        self._open: list[Entry] = []

    @property
    def tail(self) -> int:
        """The sequence number of the last entry, durable or not."""
        return self._open[-1].seq if self._open else self._evidence.seq

    def append(self, event: InputEvent, outputs: bytes) -> Entry:
        """As the journal."""
        entry = self._journal.append(event, outputs)
        self._open.append(entry)
        return entry

    def commit(self) -> None:
        """As the journal; what was open is durable once it returns."""
        self._journal.commit()
        for entry in self._open:
            self._evidence.durable(entry)
        self._open.clear()

    def read(self, first_seq: int = 1) -> Iterator[Entry]:
        """As the journal."""
        return self._journal.read(first_seq)

    @property
    def head(self) -> tuple[int, bytes, bytes]:
        """As the journal."""
        return self._journal.head


class Twin:
    """An engine that goes on from a state of the service's, and is given the same events for ``left`` entries."""

    def __init__(self, engine: Engine, left: int) -> None:
        self._engine = engine
        self.left = left

    def differs(self, entry: Entry) -> str:
        """What is different about an entry, or nothing."""
        self.left -= 1
        same = encode_outputs(self._engine.process(entry.event)) == entry.outputs
        return "" if same else f"INV-03 entry {entry.seq}: settings read in another order decide otherwise"


class Restart(NamedTuple):
    """A start after a death: the states the dead process had at journal positions, and what the new one found."""

    expected: dict[int, bytes]
    seq: int
    state: bytes


class Evidence:
    """Everything the laws may look at. ``fresh`` is what became durable since the last look, ``all`` the first entries.

    ``keys`` counts what people are owed (a signal may close in several parts), ``posts`` names each part in the chat.
    ``decided`` is the last close of each symbol that was decided on. ``able``: a life that has caught up is at work.
    ``broken`` is what rehearsals beside the run found.
    """

    def __init__(self, venue: SimulatedVenue, clock: VirtualClock, plan: EnginePlan, kept: int) -> None:
        self._kept = kept
        self._hashes: deque[tuple[int, bytes]] = deque(maxlen=64)
        self.plans = {one.instrument.symbol: one for one in plan.symbols}
        self.venue = venue
        self.clock = clock
        self.engine: Engine | None = None
        self.able = False
        self.sequencer: Sequencer | None = None
        self.heard: list[Telling] = []
        self.fresh: list[Durable] = []
        self.all: list[Durable] = []
        self.decided: dict[str, int] = {}
        self.signals = self.trades = 0
        self.seq = 0
        self.hash = bytes(32)
        self.digest = bytes(32)
        self.restart: Restart | None = None
        self.vanished: list[str] = []
        self.intruders: list[str] = []
        self.refusals: list[str] = []
        self.broken: list[str] = []
        self.keys: Counter[str] = Counter()
        self.untold: Counter[str] = Counter()
        self.posts: list[str] = []
        self.stale: set[str] = set()
        self.sizes: dict[str, int] = {}
        self.twin: Twin | None = None

    def durable(self, entry: Entry) -> None:
        """An entry is on disk, as far as the service was told."""
        outputs = decode_outputs(entry.outputs)
        event = entry.event
        bar = event.bar if isinstance(event, BarClosed) else None
        where = event if bar is None else bar
        close = None
        if isinstance(where, (Bar, BarMissing)):
            close = (where.symbol, where.timeframe, where.ts_close)
            self.decided[where.symbol] = where.ts_close
        elif isinstance(event, FeedState) and event.state in ("stale", "fresh"):
            (self.stale.add if event.state == "stale" else self.stale.discard)(event.symbol)
        stale = bool(self.stale) and getattr(where, "symbol", "") in self.stale
        quiet = all(isinstance(output, _QUIET) for output in outputs)
        one = Durable(entry, outputs, self.clock.true, stale, bar, close, quiet)
        self.fresh.append(one)
        if len(self.all) < self._kept:
            self.all.append(one)
        if self.twin is not None:
            self._follow(self.twin, entry)
        self._hashes.append((entry.seq, entry.hash))
        self.seq, self.hash, self.digest = entry.seq, entry.hash, entry.digest
        for number, output in enumerate(() if quiet else outputs):
            if isinstance(output, Signal):
                self._owe(f"signal {output.id}", f"signal {output.id}")
                self.signals += 1
            elif isinstance(output, Trade):
                self._owe(f"trade {output.signal_id}", f"trade closed {output.signal_id} {entry.seq}-{number}")
                self.trades += 1

    def _follow(self, twin: Twin, entry: Entry) -> None:
        if what := twin.differs(entry):
            self.broken.append(what)
        if what or not twin.left:
            self.twin = None

    def _owe(self, key: str, post: str) -> None:
        self.keys[key] += 1
        self.untold[key] += 1
        self.posts.append(post)

    def losing_today(self, engine: Engine) -> bool:
        """Whether the account stands below where its day began."""
        account = engine.account
        return account is not None and engine.portfolio.equity < account.mark(0, "look").day_equity

    def hash_of(self, seq: int) -> bytes | None:
        """The hash of one of the last entries."""
        return next((digest for number, digest in self._hashes if number == seq), None)

    def is_durable(self, key: str) -> bool:
        """Whether the journal holds what is being said."""
        return key in self.keys

    def reopened(self, journal: Journal) -> None:
        """A new life opened what is left: entries may have become durable unheard of, none may have gone."""
        seq, _, _ = journal.head
        self.vanished.clear()
        if seq < self.seq:
            self.vanished.append(f"entry {self.seq} was durable, the journal now ends at {seq}")
            return
        for entry in journal.read(max(1, self.seq)):
            if entry.seq == self.seq and entry.hash != self.hash:
                self.vanished.append(f"entry {entry.seq} is another one than was durable")
            if entry.seq > self.seq:
                self.durable(entry)

    def recovered(self, expected: dict[int, bytes], engine: Engine) -> None:
        """The new life has recovered its engine."""
        self.restart = Restart(expected, self.seq, engine_state(engine))


def engine_state(engine: Engine) -> bytes:
    """Everything later decisions depend on, as bytes; the sequencer, which the feed fills again, left out."""
    return snapshot_engine(engine, Sequencer({}))
