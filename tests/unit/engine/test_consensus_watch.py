"""What signals say of themselves is held against what came of them."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tests.fakes.session_script import START, SYMBOL, signal
from tradewind.engine.consensus_watch import ConsensusWatch
from tradewind.model.drift import DriftCheck, Severity
from tradewind.model.outcome import SignalOutcome
from tradewind.model.timeframe import Timeframe
from tradewind.validation.drift import DriftLimits

LIMITS = DriftLimits()


def told(watch: ConsensusWatch, stated: float | None, r: float | None, number: int) -> SignalOutcome:
    one = signal(number)
    consensus = msgspec.structs.replace(one.consensus, win_probability=stated)
    one = msgspec.structs.replace(one, consensus=consensus)
    watch.add(one)
    result = "expired" if r is None else "won" if r > 0.0 else "lost"
    return SignalOutcome(one.id, SYMBOL, Timeframe.H1, one.ts, "a", "prices", result, r, "target", one.ts, 1.1, 1.11)


def checked(watch: ConsensusWatch) -> DriftCheck:
    return watch.check(SYMBOL, Timeframe.H1, START, LIMITS)


@pytest.mark.req("K17")
def test_signals_that_win_less_often_than_they_say_are_found_and_honest_ones_are_not() -> None:
    """Each is held to its own word: chances between 0.45 and 0.7, true in one stream and 0.2 too high in the other."""
    generator = np.random.default_rng(5)
    honest, boastful = ConsensusWatch(), ConsensusWatch()
    for number in range(300):
        chance = float(generator.uniform(0.45, 0.7))
        for watch, truth in ((honest, chance), (boastful, chance - 0.2)):
            watch.end(told(watch, chance, 1.0 if generator.random() < truth else -1.0, number))
    assert checked(honest).severity.rank < Severity.HIGH.rank
    assert checked(boastful).severity is Severity.CRITICAL
    assert checked(boastful).action == "REVIEW THE ENSEMBLE"
    assert f"{boastful.won} of 300 signals won" in checked(boastful).note


def test_an_outcome_counts_once_and_an_expired_signal_not_at_all() -> None:
    """A report after the fact, a signal that was never entered and one that states nothing change no level."""
    watch = ConsensusWatch()
    ended = told(watch, 0.5, -1.0, 1)
    watch.end(ended)
    level = watch.wins.level
    watch.end(ended)
    watch.end(told(watch, 0.5, None, 2))
    watch.end(told(watch, None, -1.0, 3))
    assert (watch.wins.seen, watch.wins.level, watch.stated) == (1, level, {})
    assert checked(watch).severity is Severity.NONE
    assert "insufficient" in checked(watch).note
    assert not watch.news
