"""What the run should have come to: the same engine over the venue's truth, without a network, a disk or a fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from tradewind.adapters.host_process import HostProcess
from tradewind.adapters.notify.console import SilentNotifier
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.memory_journal import MemoryJournal
from tradewind.app.session import Session
from tradewind.app.wiring import engine_for, sequencer_for, started_event
from tradewind.engine.plan import EnginePlan
from tradewind.fleetsim.evidence import Durable, Evidence
from tradewind.fleetsim.world import Horizon
from tradewind.model.bar import Bar
from tradewind.model.calendar import NewsCalendar
from tradewind.model.event import Asked, BarClosed, BarMissing, Command, FeedState
from tradewind.model.instruments import resolve
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR, MINUTE
from tradewind.model.venue import VenueReport
from tradewind.ports.store import Entry


def breaches_at_the_end(evidence: Evidence, plan: EnginePlan, times: Horizon) -> list[str]:
    """What only the whole run can show: one engine, determinism, no look-ahead, and that it lives on."""
    found = [*_same_engine(evidence, plan)]
    sequenced = [one for one in evidence.all if one.close is not None]
    if not _exceptions(evidence, sequenced):
        found += _same_as_clean(evidence, plan, sequenced, times)
    return [*found, *_alive(evidence, times)]


def _same_engine(evidence: Evidence, plan: EnginePlan) -> Iterator[str]:
    """INV-03: the journaled inputs, without where they came from, give the journaled decisions on a fresh engine."""
    engine = engine_for(plan)
    for one in evidence.all:
        event = one.entry.event
        if isinstance(event, BarClosed):
            event = BarClosed(event.bar, "history" if event.cause == "history" else "venue")
        if encode_outputs(engine.process(event)) != one.entry.outputs:
            yield f"INV-03 entry {one.entry.seq} gives other decisions on a fresh engine"
            return


def _exceptions(evidence: Evidence, sequenced: Iterable[Durable]) -> bool:
    """Whether the service could not have the venue's data, or was told not to trust it."""
    truth = evidence.venue.by_close
    for one in sequenced:
        event = one.entry.event
        if isinstance(event, BarClosed) and event.bar != truth.get((event.bar.symbol, event.bar.ts_close)):
            return True
        if isinstance(event, BarMissing) and (event.symbol, event.ts_close) in truth:
            return True
    return any(isinstance(one.entry.event, FeedState) and one.entry.event.state == "stale" for one in evidence.all)


def _same_as_clean(evidence: Evidence, plan: EnginePlan, sequenced: list[Durable], times: Horizon) -> Iterator[str]:
    """INV-02: where the data is the same, so is every decision; INV-01: whatever comes after the middle."""
    clean = _clean(evidence, plan, times, {})
    for one, expected in zip(sequenced, clean, strict=False):
        if one.entry.outputs != expected.outputs:
            yield f"INV-02 entry {one.entry.seq}: a clean run decides otherwise on {one.close}"
            return
    if len(clean) < len(sequenced):
        yield f"INV-02 {len(sequenced)} closes were decided on, a clean run has {len(clean)}"
    middle = sequenced[len(sequenced) // 2].entry.ts if sequenced else 0
    other = {key: _moved(bar) for key, bar in evidence.venue.by_close.items() if key[1] > middle}
    for one, expected in zip(sequenced, _clean(evidence, plan, times, other), strict=False):
        if one.entry.ts <= middle and one.entry.outputs != expected.outputs:
            yield f"INV-01 entry {one.entry.seq}: another future changes the decision on {one.close}"
            return


def _clean(evidence: Evidence, plan: EnginePlan, times: Horizon, instead: dict[tuple[str, int], Bar]) -> list[Entry]:
    """The sequenced entries of a run over the truth, with ``instead`` in place of some of its bars."""
    journal = MemoryJournal()
    session = Session(
        engine_for(plan), sequencer_for(plan), journal, SilentNotifier(), ManualClock(), HostProcess(),
        commit_every=4096,
    )  # fmt: skip
    session.begin(started_event(plan, 0))
    last = min((max(one.entry.ts for one in evidence.all), times.end))
    for key, bar in evidence.venue.by_close.items():
        if bar.ts_close <= last:
            cause = "history" if bar.ts_close <= times.start else "venue"
            session.push(BarClosed(instead.get(key, bar), cause))
    reached = 0
    for one in evidence.all:  # people's orders and what the venue said stand where they stood
        if one.close is not None:
            reached = one.close[2]
        elif isinstance(one.entry.event, Command | VenueReport | Asked | NewsCalendar):
            session.advance(min(reached, last))
            session.inject(one.entry.event)
    session.advance(last)
    session.flush()
    return [entry for entry in journal.read() if isinstance(entry.event, (BarClosed, BarMissing))]


def _alive(evidence: Evidence, times: Horizon) -> Iterator[str]:
    """INV-15: some time after the last fault everything that closed was decided on, and no feed is called stale."""
    done = evidence.decided
    for symbol, bars in evidence.venue.truth.items():
        owed = max((bar.ts_close for bar in bars if bar.ts_close <= times.end - 10 * MINUTE), default=0)
        if done.get(symbol, 0) < owed:
            yield f"INV-15 {symbol} stands at {done.get(symbol, 0)}, the venue closed {owed}"
    for symbol in sorted(evidence.stale):
        calendar = calendar_of(resolve(symbol).calendar)
        if all(calendar.is_open(times.end - back * HOUR) for back in range(4)):
            yield f"INV-15 the feed of {symbol} is still called stale"


def _moved(bar: Bar) -> Bar:
    """The bar a hundredth higher."""
    return msgspec.structs.replace(
        bar, open=bar.open * 1.01, high=bar.high * 1.01, low=bar.low * 1.01, close=bar.close * 1.01
    )
