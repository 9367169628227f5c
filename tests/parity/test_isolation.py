"""Parity e: a symbol's features, votes and shadow records are its own; only the account is shared."""

from __future__ import annotations

from tests import scene
from tests.scene import Tape
from tradewind.app.wiring import engine_for
from tradewind.model.decision import Consensus, NoTrade, Signal
from tradewind.model.timeframe import Timeframe


def opinions(tape: Tape, symbol: str) -> dict[tuple[Timeframe, int], Consensus]:
    """What the ensemble thought at every close of a symbol where it thought anything."""
    return {
        (one.timeframe, one.ts): one.consensus
        for one in [*tape.of(Signal), *tape.of(NoTrade)]
        if one.symbol == symbol and one.consensus is not None
    }


def test_another_symbol_changes_nobodys_votes_or_records() -> None:
    """With and without the neighbour: the same consensus at every close, the same state of bank, votes and shadow."""
    both = scene.planted()
    scene.enough(both)
    for one in both.recordings:
        alone = scene.run([one])
        assert opinions(alone, one.symbol) == opinions(both, one.symbol)
        assert len(opinions(alone, one.symbol)) > 300
        states = []
        for tape in (alone, both):
            engine = engine_for(tape.plan)
            for entry in tape.entries:
                engine.process(entry.event)
            states.append({tf: series.snapshot() for tf, series in engine.desks[one.symbol].series.items()})
        assert states[0] == states[1]
