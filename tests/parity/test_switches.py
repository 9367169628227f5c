"""Strategies that are switched off: not heard, nothing else changed, the same after any death and in a replay."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from tests import scene
from tests.fakes.judged import NOW
from tests.parity.test_recovery import Mortal
from tests.scene import Tape
from tradewind.adapters.store.codec import decode_outputs, encode_outputs
from tradewind.adapters.store.store import Store
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.app.pool import Policy, Pool
from tradewind.app.recordings import Material
from tradewind.app.replayed_run import verify_run
from tradewind.app.run_plan import RunPlan
from tradewind.app.run_replay import run_replay
from tradewind.app.run_summary import RunSummary
from tradewind.app.stored_run import stored_run
from tradewind.app.wiring import engine_for, sequencer_for
from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan
from tradewind.engine.snapshot import restore_engine, snapshot_engine
from tradewind.features.rule import Member
from tradewind.model.decision import NoTrade, Signal
from tradewind.model.event import Command
from tradewind.model.output import Output
from tradewind.ports.process import Crashed
from tradewind.ports.store import Entry

BTC, EUR = "BTC/USDT", "EUR/USD"


def order(verb: str, member: Member, symbol: str = BTC) -> Command:
    return Command(verb, "ann", 1, f"{symbol} {member.id}")


def voters(outputs: Sequence[Output], symbol: str = BTC) -> set[str]:
    """Who stood behind the consensuses of a symbol."""
    said = [one.consensus for one in outputs if isinstance(one, Signal | NoTrade) and one.symbol == symbol]
    return {name for consensus in said if consensus is not None for name in consensus.voters}


def heard(tape: Tape) -> list[Member]:
    """Members of the first symbol that were ever heard, in the order of the plan."""
    found = voters([output for entry in tape.entries for output in decode_outputs(entry.outputs)])
    return [member for member in tape.plan.symbols[0].members if member.id in found]


def without(plan: EnginePlan, gone: Sequence[Member]) -> EnginePlan:
    """The plan as it would be had ``gone`` never been in the pool of the first symbol."""
    first, *rest = plan.symbols
    kept = tuple(member for member in first.members if member not in gone)
    return replace(plan, symbols=(replace(first, members=kept), *rest))


def played(engine: Engine, entries: Sequence[Entry]) -> list[bytes]:
    return [encode_outputs(engine.process(entry.event)) for entry in entries]


@pytest.mark.parametrize("which", [slice(0, 1), slice(5, 12)])
def test_a_silent_member_decides_as_little_as_one_that_is_not_there(which: slice) -> None:
    """Another engine, without the members at all, gives every decision, signal, fill and trade byte for byte."""
    tape = scene.planted()
    silent = heard(tape)[which]
    engine = engine_for(tape.plan)
    for member in silent:
        assert engine.process(order("disable", member)) == []
    other = engine_for(without(tape.plan, silent))
    warmups = [{str(tf): one.warmup for tf, one in each.desks[BTC].series.items()} for each in (engine, other)]
    assert warmups[0] == warmups[1]
    found = played(engine, tape.entries)
    assert found == played(other, tape.entries)
    assert found != [entry.outputs for entry in tape.entries]
    records = [[engine.desks[BTC].series[member.timeframe].record(
        engine.desks[BTC].series[member.timeframe].places[member.id]).n] for member in silent]  # fmt: skip
    assert min(records) > [0], "the shadow records go on"


def test_an_order_is_obeyed_at_the_next_close_and_taken_back_at_the_next() -> None:
    """From the order on no consensus names the member, from the opposite order on some do again; nobody else cares."""
    tape = scene.planted()
    member = heard(tape)[0]
    engine = engine_for(tape.plan)
    parts = []
    third = len(tape.entries) // 3
    for first, verb in ((0, "disable"), (third, "enable"), (2 * third, "")):
        part: list[Output] = []
        for entry in tape.entries[first : first + third]:
            part += engine.process(entry.event)
        parts.append(part)
        if verb:
            engine.process(order(verb, member))
    assert [member.id in voters(part) for part in parts] == [True, False, True]
    assert member.id in voters(parts[1], EUR), "on the other symbol it was not switched off"


def test_a_vote_that_stands_is_withdrawn_with_the_order() -> None:
    """A vote of before the order would have been counted for bars to come."""
    tape = scene.planted()
    engine = engine_for(tape.plan)
    series = engine.desks[BTC].series.values()
    for entry in tape.entries:
        engine.process(entry.event)
        standing = [vote for one in series if one.present for vote in one.votes() if vote.ts < entry.ts]
        if len(standing) > 1:
            break
    gone = next(member for member in tape.plan.symbols[0].members if member.id == standing[0].member)
    engine.process(order("disable", gone))
    now = [vote.member for one in series for vote in one.votes()]
    assert gone.id not in now
    assert standing[1].member in now


def test_a_snapshot_keeps_the_silence_and_one_from_before_there_was_any_is_still_read() -> None:
    """Restored engines go on like the one the snapshot was taken of."""
    tape = scene.planted()
    half = len(tape.entries) // 2
    member = heard(tape)[0]
    engine, sequencer = engine_for(tape.plan), sequencer_for(tape.plan)
    played(engine, tape.entries[:half])
    older = msgspec.msgpack.decode(snapshot_engine(engine, sequencer))
    assert older.pop("silenced") == []
    engine.process(order("disable", member))
    states = {"silent": snapshot_engine(engine, sequencer), "older": msgspec.msgpack.encode(older)}
    rest = tape.entries[half : half + 1500]
    wanted = {"silent": played(engine, rest), "older": [entry.outputs for entry in rest]}
    assert wanted["silent"] != wanted["older"]
    for name, state in states.items():
        other = engine_for(tape.plan)
        restore_engine(other, sequencer_for(tape.plan), state)
        assert played(other, rest) == wanted[name], name


def switched_off(path: Path, members: Sequence[Member]) -> None:
    with StrategyBook.open(path, NOW) as book:
        for name in book.add(members, NOW, symbol=BTC).ids:
            book.disable(name, NOW, actor="ann", reason="drift")


def life(tape: Tape, path: Path, mortal: Mortal, book: Path) -> None:
    """One life of a process, to the end of the recordings or to its death."""
    bases = {one.symbol: one.timeframe for one in tape.recordings}
    material = Material(tape.recordings, bases, data_hash="", simulated=True, synthetic=0)
    run_replay(
        RunPlan(tape.plan, Pool(Policy.UNPROVEN)),
        material,
        path,
        mortal.say,
        now=0,
        process=mortal,
        commit_every=64,
        book=book,
    )


def test_a_run_that_dies_anywhere_keeps_the_silence_and_its_journal_replays_byte_for_byte(tmp_path: Path) -> None:
    """The order is an entry like any other: one of it, before the first bar, whenever the process died."""
    tape = scene.planted()
    silent = heard(tape)[:2]
    names = {member.id for member in silent}
    book = tmp_path / "book.db"
    switched_off(book, silent)
    life(tape, tmp_path / "clean.db", Mortal(0, []), book)
    for left in (*range(1, 11), *np.random.default_rng(1).integers(20, 300, 5).tolist()):
        with pytest.raises(Crashed):
            life(tape, tmp_path / "run.db", Mortal(left, []), book)
        gc.collect()  # a dead process holds no connection: one left over here would share its log with the next life
    life(tape, tmp_path / "run.db", Mortal(0, []), book)
    journals = []
    for name in ("clean", "run"):
        with Store.read(tmp_path / f"{name}.db") as store:
            journals.append(list(store.journal.read()))
            done = verify_run(store, stored_run(store), engine_for(tape.plan), RunSummary(), lambda _: None)
            assert done.byte_equal
    assert journals[0] == journals[1]
    orders = [entry.event for entry in journals[0] if isinstance(entry.event, Command)]
    assert {(one.verb, one.actor, one.argument) for one in orders} == {
        ("disable", "ann", f"{BTC} {name}") for name in names
    }
    assert len(orders) == 2
    outputs = [output for entry in journals[0] for output in decode_outputs(entry.outputs)]
    assert not voters(outputs) & names
    assert voters(outputs, EUR) & names
