"""Members in the shadow: they vote and are journaled with their outcomes, and no decision depends on them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec
import numpy as np
import pytest

from tests import scene
from tradewind.adapters.store.codec import decode_outputs, encode_outputs
from tradewind.app.backtest import Backtest
from tradewind.app.wiring import engine_for, plan_for, sequencer_for
from tradewind.engine.inspection import inspect
from tradewind.engine.plan import EnginePlan
from tradewind.engine.snapshot import restore_engine, snapshot_engine
from tradewind.features.rule import Member
from tradewind.model.decision import NoDecision, NoTrade, Signal
from tradewind.model.guard import AccountMark
from tradewind.model.shadow import ShadowOutcome, ShadowVotes
from tradewind.model.timeframe import Timeframe
from tradewind.research.proof import shadow_book
from tradewind.strategies import default_members

BASE = {"BTC/USDT": Timeframe.H1}
BARS = 1200
EVERYBODY = default_members([Timeframe.H1])
HEARD = EVERYBODY[::4]
IN_SHADOW = tuple(member for member in EVERYBODY if member not in HEARD)


def plan_of(members: Sequence[Member], unheard: Sequence[Member] = ()) -> EnginePlan:
    """A plan over ``members``, of which ``unheard`` are in the shadow."""
    made = plan_for(scene.settings(False), BASE, executes=True, simulated=True, members=members)
    one = msgspec.structs.replace(made.symbols[0], unheard=tuple(member.id for member in unheard))
    return msgspec.structs.replace(made, symbols=(one,), config_hash="one")  # which is part of every id


@cache
def outputs_of(*names: str) -> tuple:
    """Every output of a run over one SIMULATED market with the pools of that name."""
    members = [
        member for member in EVERYBODY if {member in HEARD: "heard", member in IN_SHADOW: "shadow"}[True] in names
    ]
    plan = plan_of(members, [member for member in members if member in IN_SHADOW])
    run = Backtest(plan, [scene.recording(scene.market(bars=BARS)[0])], keep_journal=True)
    run.run()
    return tuple(one for entry in run.journal.read() for one in decode_outputs(entry.outputs))


@pytest.mark.req("HZ18", "D24")
def test_decisions_fills_and_trades_are_the_same_whoever_votes_in_the_shadow():
    """Seventeen more members, with longer warm-ups and other indicators: the same bytes but for the shadow's own."""
    alone = outputs_of("heard")
    together = [one for one in outputs_of("heard", "shadow") if not isinstance(one, ShadowVotes | ShadowOutcome)]
    assert sum(isinstance(one, Signal) for one in alone) > 20
    assert encode_outputs(together) == encode_outputs(alone)


def test_where_nobody_is_heard_every_bar_says_so():
    """No signal, no order; the warm-up is the shadow's own, and after it each bar says `nothing_proven`."""
    found = outputs_of("shadow")
    kinds = {type(one) for one in found}
    assert kinds == {NoDecision, NoTrade, ShadowVotes, ShadowOutcome, AccountMark}
    assert {one.reasons[0].code for one in found if isinstance(one, NoTrade)} == {"nothing_proven"}
    assert all(one.consensus is None for one in found if isinstance(one, NoTrade))


def test_votes_and_outcomes_of_the_shadow_are_those_of_a_shadow_book():
    """Every vote at its bar, every closed trade once, against a book that ran over the same bars by itself."""
    columns = scene.market(bars=BARS)[0]
    plan = plan_of(IN_SHADOW)
    book = shadow_book(IN_SHADOW, columns, plan.symbols[0].instrument)
    found = outputs_of("heard", "shadow")
    for place, member in enumerate(IN_SHADOW):
        told = [one for one in found if isinstance(one, ShadowOutcome) and one.member == member.id]
        wanted = book.closed(place)
        assert [(one.ts_entry, one.ts_exit, one.side, one.r, one.leg) for one in told] == [
            (one.ts_entry, one.ts_exit, one.side, one.r, one.leg) for one in wanted
        ]
    votes = [one for one in found if isinstance(one, ShadowVotes)]
    assert sum(len(one.votes) for one in votes) > len([one for one in found if isinstance(one, ShadowOutcome)])
    assert {side for one in votes for side in one.votes.values()} == {1, -1}
    assert np.all(np.diff([one.ts for one in votes]) > 0)


def test_bars_that_only_warm_up_put_nothing_of_the_shadow_out():
    """History is no record of what was said in time."""
    columns = scene.market(bars=BARS)[0]
    half = int(columns.ts_close[BARS // 2])
    recording = msgspec.structs.replace(scene.recording(columns), warm_until=half)
    run = Backtest(plan_of(EVERYBODY, IN_SHADOW), [recording], keep_journal=True)
    run.run()
    found = [one for entry in run.journal.read() for one in decode_outputs(entry.outputs)]
    assert all(one.ts > half for one in found if isinstance(one, ShadowVotes))
    assert all(one.ts_exit > half for one in found if isinstance(one, ShadowOutcome))


def test_a_restart_from_a_snapshot_keeps_the_shadow_in_the_shadow():
    """The second half after a restore is the second half of the whole run."""
    run = Backtest(plan_of(EVERYBODY, IN_SHADOW), [scene.recording(scene.market(bars=BARS)[0])], keep_journal=True)
    run.run()
    entries = list(run.journal.read())
    first, second = engine_for(run.plan), engine_for(run.plan)
    for entry in entries[:600]:
        first.process(entry.event)
    restore_engine(second, sequencer_for(run.plan), snapshot_engine(first, sequencer_for(run.plan)))
    assert [encode_outputs(second.process(entry.event)) for entry in entries[600:]] == [
        entry.outputs for entry in entries[600:]
    ]


def test_why_shows_the_shadow_beside_those_who_are_heard():
    """Its side at the bar is told, its weight is none, and no vote of it stands."""
    plan = plan_of(EVERYBODY, IN_SHADOW)
    run = Backtest(plan, [scene.recording(scene.market(bars=BARS)[0])], keep_journal=True)
    seen = []

    def watch(event, outputs):
        votes = [one for one in outputs if isinstance(one, ShadowVotes)]
        decisions = [one for one in outputs if isinstance(one, NoTrade | Signal)]
        if votes and decisions:
            chain = inspect(run.engine, decisions[0], event.bar, outputs)
            seen.append(({one.member: one.side for one in chain.members if one.unheard and one.side}, votes[0].votes))
            assert all(one.weight == 0.0 and one.vote is None for one in chain.members if one.unheard)

    run.session.watch = watch
    run.session.commit_every = 1
    run.run()
    assert len(seen) > 50
    assert all(shown == voted for shown, voted in seen)
