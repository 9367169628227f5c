"""Parity g: without faults, a paper account that keeps its own truth has the fills of the broker inside the engine."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from tests import scene
from tradewind.adapters.replay_feed import ReplayFeed
from tradewind.adapters.sim_clock import ManualClock
from tradewind.adapters.store.codec import decode_outputs
from tradewind.adapters.store.inspection import inspect
from tradewind.adapters.store.store import Store
from tradewind.app.backtest import Backtest
from tradewind.app.replay_loop import drive_replay
from tradewind.app.run_replay import JournaledRun
from tradewind.app.settings.orders import OrderSettings
from tradewind.app.venues import order_params
from tradewind.engine.plan import EnginePlan
from tradewind.model.decision import Signal
from tradewind.model.notice import Notice
from tradewind.model.order import Charge, Fill, Refusal
from tradewind.model.outcome import Outcome, Trade
from tradewind.model.output import Output
from tradewind.model.venue import OrderUpdate, VenueRequest

MONEY = (Signal, Charge, Trade, Outcome)


def on_paper(plan: EnginePlan) -> EnginePlan:
    """The plan with the paper venue behind its broker; its hash stays, so that signals keep their names."""
    return msgspec.structs.replace(plan, orders=order_params(OrderSettings(venue="paper", reconcile_every=86_400.0)))


def outputs_of(plan: EnginePlan) -> list[Output]:
    """Everything that a run of the market of the checks puts out."""
    run = Backtest(plan, scene.planted().recordings, keep_journal=True)
    run.run()
    return [one for entry in run.journal.read() for one in decode_outputs(entry.outputs)]


@pytest.fixture(scope="module")
def both() -> tuple[list[Output], list[Output]]:
    plan = scene.planted().plan
    return outputs_of(plan), outputs_of(on_paper(plan))


def money(outputs: list[Output]) -> list[Output]:
    """Signals, charges, trades and the outcomes that are no mere expiry, whose moment is the venue's to say."""
    return [
        one for one in outputs if isinstance(one, MONEY) and not (isinstance(one, Outcome) and one.result == "expired")
    ]


def bare(fill: Fill) -> Fill:
    """A fill without its names: exits have orders of their own at a venue."""
    return msgspec.structs.replace(fill, client_id="", trade_id="")


def test_fills_on_the_same_bars_are_the_same(both: tuple[list[Output], list[Output]]) -> None:
    """Price, size, moment, leg and every cost, over more than 50 trades of two symbols."""
    inside, paper = ([bare(one) for one in outputs if isinstance(one, Fill)] for outputs in both)
    assert inside == paper
    assert Counter(one.leg.value for one in paper)["entry"] >= scene.MIN_TRADES


def test_signals_trades_charges_and_outcomes_are_the_same(both: tuple[list[Output], list[Output]]) -> None:
    assert money(both[0]) == money(both[1])
    assert sum(isinstance(one, Trade) for one in both[1]) >= scene.MIN_TRADES


def test_what_the_broker_refuses_the_venue_refuses(both: tuple[list[Output], list[Output]]) -> None:
    inside, paper = ([(one.signal_id, one.code) for one in outputs if isinstance(one, Refusal)] for outputs in both)
    assert inside == paper


def test_the_venue_and_the_books_never_differ(both: tuple[list[Output], list[Output]]) -> None:
    """No notice but that everything was found in order."""
    inside, paper = ({one.code for one in outputs if isinstance(one, Notice)} for outputs in both)
    assert paper - inside == {"reconciled"}
    assert not any(isinstance(one, VenueRequest | OrderUpdate) for one in both[0])


def test_lives_that_end_anywhere_come_to_one_account(tmp_path: Path, both: tuple[list[Output], list[Output]]) -> None:
    """The run on a store, ended every 300 steps: manager from the journal, account from its own note."""
    plan = on_paper(scene.planted().plan)
    instruments = {one.instrument.symbol: one.instrument for one in plan.symbols}
    last = 0
    for _ in range(5):
        with Store.open(tmp_path / "run.db", 0, instruments=instruments) as store:
            clock = ManualClock()
            run = JournaledRun(plan, store, clock, lambda _: None, origin="replay")
            feed = ReplayFeed(scene.planted().recordings)
            run.start(feed.first_ts)
            last = drive_replay(run.session, feed, clock, iterations=300).last_ts
    with Store.read(tmp_path / "run.db") as store:
        outputs = [one for entry in store.journal.read() for one in decode_outputs(entry.outputs)]
        assert all(one.ok for one in inspect(store.database))
    fills = [bare(one) for one in outputs if isinstance(one, Fill)]
    assert fills == [bare(one) for one in both[0] if isinstance(one, Fill) and one.ts < last]
    assert len(fills) >= 20
