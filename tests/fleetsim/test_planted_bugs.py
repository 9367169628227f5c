"""The simulator against bugs put into the product on purpose: found within ten seeds, and the seed replays them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from msgspec.structs import replace

from tradewind.adapters.steady_clock import SteadyClock
from tradewind.adapters.store.codec import encode_outputs
from tradewind.adapters.store.lease import WriterLock
from tradewind.adapters.store.outbox import Outbox
from tradewind.app.feed_intake import FeedIntake
from tradewind.app.feed_links import Holes
from tradewind.app.people.courier import Courier
from tradewind.app.session import Recovery, Session
from tradewind.engine import pipeline
from tradewind.engine.finality import BarFinality
from tradewind.engine.guard import Guard
from tradewind.engine.ledger import Ledger
from tradewind.engine.pipeline import Engine
from tradewind.engine.plausibility import PriceWatch
from tradewind.engine.sequencer import Sequencer, SeriesKey
from tradewind.fleetsim.faults import FaultMix
from tradewind.fleetsim.report import SimulationReport
from tradewind.fleetsim.shrink import laws_of, shrink
from tradewind.fleetsim.simulation import run_simulation
from tradewind.model.event import BarClosed, BarMissing, FeedState
from tradewind.ports.sender import Doubtful, Refused
from tradewind.simulation.broker import SimBroker

DAYS = 3.0
MIX = FaultMix(per_day=9.0, deaths_per_day=3.0)
Patch = pytest.MonkeyPatch


def tells_before_it_commits(patch: Patch) -> None:
    def flush(self: Any) -> None:
        if not self._batch:
            return
        told, self._batch = self._batch, []
        for entry, *said in told:
            if self._tell(*said, repeated=False):
                self._note(entry)
        self.process.checkpoint("before-commit")
        self.journal.commit()
        self.process.checkpoint("after-commit")
        self.process.checkpoint("after-told")
        self._maybe_snapshot()

    patch.setattr(Session, "flush", flush)


def lets_a_late_bar_through(patch: Patch) -> None:
    def push(self: Any, event: BarClosed) -> None:
        self._series[SeriesKey(event.bar.symbol, event.bar.timeframe)].pending[event.bar.ts_close] = event

    patch.setattr(Sequencer, "push", push)


def recovers_all_but_the_last_entry(patch: Patch) -> None:
    def recover(self: Any, run_start: int) -> Recovery:
        for entry in list(self.journal.read(run_start))[:-1]:
            assert encode_outputs(self.engine.process(entry.event)) == entry.outputs
            if isinstance(entry.event, (BarClosed, BarMissing)):
                self.sequencer.resume(entry.event)
        return Recovery(0, 0, 0, "", self._tell_rest())

    patch.setattr(Session, "recover", recover)


def takes_a_forming_bar_for_closed(patch: Patch) -> None:
    real = BarFinality.on_update
    patch.setattr(
        BarFinality, "on_update", lambda self, bar, *, closed, ts_recv: real(self, bar, closed=True, ts_recv=ts_recv)
    )


def waits_for_one_symbol_only(patch: Patch) -> None:
    patch.setattr(Holes, "reached", lambda self, symbol, known: known if symbol == "BTC/USDT" else 1 << 62)


def believes_the_host_clock(patch: Patch) -> None:
    patch.setattr(SteadyClock, "now", lambda self: self._clock.now())


def asks_history_for_nothing(patch: Patch) -> None:
    async def none(self: Any, *asked: Any, **how: Any) -> tuple[()]:
        return ()

    patch.setattr(FeedIntake, "_history", none)


def decides_on_a_stale_feed(patch: Patch) -> None:
    real = Engine.process
    patch.setattr(Engine, "process", lambda self, event: [] if isinstance(event, FeedState) else real(self, event))


def believes_every_price(patch: Patch) -> None:
    patch.setattr(PriceWatch, "fault", lambda self, bar: "")


def pays_commissions_with_nobody(patch: Patch) -> None:
    real = Ledger.close

    def close(self: Any, realised: Any, spread: Any, slippage: Any) -> None:
        real(self, realised, spread, slippage)
        self._balances["cash"] += realised / 1000

    patch.setattr(Ledger, "close", close)


def gives_two_orders_one_name(patch: Patch) -> None:
    patch.setattr(pipeline, "client_id", lambda signal, leg: f"{signal[:6]}-{leg}")


def forgets_resting_orders(patch: Patch) -> None:
    patch.setattr(SimBroker, "restore", lambda self, state: None)


def starts_beside_another(patch: Patch) -> None:
    patch.setattr(WriterLock, "acquire", lambda self: None)


def repeats_without_a_word(patch: Patch) -> None:
    real = Session._tell
    patch.setattr(Session, "_tell", lambda self, *said, repeated: real(self, *said, repeated=False))


def snapshots_between_two_closes_of_one_moment(patch: Patch) -> None:
    real = Session._maybe_snapshot

    def always(self: Any) -> None:
        self._owing = 0
        self.snapshot_every = 1
        real(self)

    patch.setattr(Session, "_maybe_snapshot", always)


def marks_as_sent_before_it_sends(patch: Patch) -> None:
    async def carry(self: Any) -> bool:
        parcel = self._outbox.due(self._clock.now(), self.channel.name)
        if parcel is None:
            return False
        parcel = self._outbox.sending(parcel.id, self._clock.now())
        self._outbox.sent(parcel.id, "?", self._clock.now())
        with suppress(Refused, Doubtful):
            await self._sender.send(self._write(parcel, b""))
        return True

    patch.setattr(Courier, "carry", carry)


def repeats_a_doubtful_message_without_a_word(patch: Patch) -> None:
    real = Outbox.sending

    def sending(self: Any, delivery_id: int, now: int) -> Any:
        parcel = real(self, delivery_id, now)
        return replace(parcel, delivery=replace(parcel.delivery, repeat=False))

    patch.setattr(Outbox, "sending", sending)


def forgets_the_kill_switch_over_a_restart(patch: Patch) -> None:
    patch.setattr(Guard, "restore", lambda self, state: None)


def clears_the_kill_switch_without_a_reason(patch: Patch) -> None:
    patch.setattr(Guard, "refusal", lambda self, order: "")


# The laws that may be the first to see it; INV-15 where the product itself notices and stops.
BUGS: dict[Callable[[Patch], None], str] = {
    marks_as_sent_before_it_sends: "INV-04 INV-06",
    repeats_a_doubtful_message_without_a_word: "INV-06",
    forgets_the_kill_switch_over_a_restart: "INV-05 INV-10 INV-15",
    clears_the_kill_switch_without_a_reason: "INV-10",
    tells_before_it_commits: "INV-04",
    lets_a_late_bar_through: "INV-12 INV-15",
    recovers_all_but_the_last_entry: "INV-05",
    takes_a_forming_bar_for_closed: "INV-01",
    waits_for_one_symbol_only: "INV-17",
    believes_the_host_clock: "INV-01 INV-17",
    asks_history_for_nothing: "INV-12 INV-17",
    decides_on_a_stale_feed: "INV-11",
    believes_every_price: "INV-11",
    pays_commissions_with_nobody: "INV-14",
    gives_two_orders_one_name: "INV-07",
    forgets_resting_orders: "INV-05 INV-15",
    starts_beside_another: "INV-16",
    repeats_without_a_word: "INV-06",
    snapshots_between_two_closes_of_one_moment: "INV-24",
}


def first_breach() -> SimulationReport:
    """The first of ten seeds that breaks a law."""
    for seed in range(10):
        report = run_simulation(seed, days=DAYS, mix=MIX)
        if report.violations:
            return report
    raise AssertionError("ten seeds broke nothing")


@pytest.mark.parametrize(("plant", "laws"), BUGS.items(), ids=[plant.__name__ for plant in BUGS])
def test_a_planted_bug_is_found_within_ten_seeds_and_its_seed_replays(
    plant: Callable[[Patch], None], laws: str, monkeypatch: Patch
) -> None:
    """The law that is broken is the one the bug is about; the printed seed gives the same breach at the same event."""
    plant(monkeypatch)
    report = first_breach()
    print(report.text())
    assert laws_of(report) & set(laws.split()), report.text()
    again = run_simulation(report.seed, days=DAYS, mix=MIX)
    assert (again.violations, again.events, again.state_hash) == (
        report.violations,
        report.events,
        report.state_hash,
    )
    assert f"seed {report.seed}" in report.text()
    assert 1 <= len(report.last_events) <= 20


def test_a_broken_run_shrinks_to_the_faults_it_needs(monkeypatch: Patch) -> None:
    """A bug that only a death shows comes down to very few faults, and these alone break the same law."""
    recovers_all_but_the_last_entry(monkeypatch)
    report = first_breach()
    schedule, small = shrink(report, days=DAYS)
    print(*schedule, sep="\n")
    assert len(schedule) <= 2 < len(report.schedule)
    assert laws_of(small) & laws_of(report)
