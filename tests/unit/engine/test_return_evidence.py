"""The evidence of a return is a test supermartingale: without an edge nobody gets far, however often one looks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tradewind.engine.mode_seat import BETS, ModelRecord, ShadowEvent

BOUND = 1.0 / max(BETS)
"""A loss of so many R costs the largest bet all it has: none may be larger."""
RUNS, EVENTS = 2000, 400

Results = NDArray[np.float64]


def taken(record: ModelRecord, r: float) -> ModelRecord:
    """A copy of ``record`` after one more event."""
    other = ModelRecord(bets=list(record.bets))
    other.take(ShadowEvent(0, r), 10)
    return other


def mixture(r: Results) -> Results:
    """ln E after each event, ``(runs, events)``, as ``ModelRecord`` has it."""
    logs = np.stack([np.cumsum(np.log(1.0 + bet * r), axis=1) for bet in BETS])
    top = logs.max(axis=0)
    found: Results = top + np.log(np.exp(logs - top).mean(axis=0))
    return found


def adaptive(r: Results) -> Results:
    """ln E of one bet that follows mean over variance of what was seen so far, cut to the largest bet here (aGRAPA)."""
    bets = np.zeros_like(r)
    seen = np.arange(1, r.shape[1])
    mean = np.cumsum(r, axis=1)[:, :-1] / (seen + 1)
    square = (1.0 + np.cumsum(r**2, axis=1)[:, :-1]) / (seen + 1)
    bets[:, 1:] = np.clip(mean / square, 0.0, max(BETS))
    found: Results = np.cumsum(np.log(1.0 + bets * r), axis=1)
    return found


def symmetric(win: float, seed: int) -> Results:
    """R of a symmetric bracket after costs of 0.05 R."""
    return np.where(np.random.default_rng(seed).random((RUNS, EVENTS)) < win, 0.95, -1.05)


def first(evidence: Results, level: float) -> Results:
    """The event (from 1) at which each run reaches ``level``; one past the last where it does not."""
    reached = evidence >= np.log(level)
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, EVENTS + 1)


NULLS = {
    "a coin": lambda g: g.choice([-1.0, 1.0], (RUNS, EVENTS)),
    "a bracket that just pays its costs": lambda g: np.where(g.random((RUNS, EVENTS)) < 0.525, 0.95, -1.05),
    "rare large losses": lambda g: np.where(g.random((RUNS, EVENTS)) < 3.3 / 3.4, 0.1, -3.3),
    "rare large wins": lambda g: np.where(g.random((RUNS, EVENTS)) < 0.1, 9.0, -1.0),
    "quiet for long, then lively": lambda g: g.choice([-1.0, 1.0], (RUNS, EVENTS)) * np.repeat([0.1, 3.0], EVENTS // 2),
}


@given(
    st.lists(st.floats(-BOUND, 10.0), min_size=2, max_size=6),
    st.lists(st.floats(0.01, 1.0), min_size=6, max_size=6),
    st.lists(st.floats(-BOUND, 3.0), max_size=30),
)
def test_no_event_of_mean_zero_or_less_raises_the_expected_evidence(atoms, weights, before):
    """Rule: E[next | any past] <= now for every distribution on R >= -10/3 with a mean that is not positive."""
    share = np.array(weights[: len(atoms)]) / sum(weights[: len(atoms)])
    mean = float(share @ np.array(atoms))
    fair = [max(-BOUND, one - max(0.0, mean)) for one in atoms]
    if float(share @ np.array(fair)) > 0.0:
        return  # cut at the bound, it pays again
    record = ModelRecord()
    for r in before:
        record = taken(record, r)
    expected = sum(p * taken(record, r).evidence for p, r in zip(share, fair, strict=True))
    assert expected <= record.evidence * (1.0 + 1e-9)


@pytest.mark.req("HZ22")
@pytest.mark.parametrize("name", NULLS)
@pytest.mark.parametrize("evidence", [mixture, adaptive])
def test_without_an_edge_a_level_is_reached_in_no_more_runs_than_its_inverse(name, evidence):
    """Rule: Ville: at most 1 of A runs ever reaches A; 2,000 runs of 400 events, with three standard errors of luck."""
    r = NULLS[name](np.random.default_rng(7))
    for level in (20.0, 40.0, 120.0):
        share = float((first(evidence(r), level) <= EVENTS).mean())
        assert share <= 1.0 / level + 3.0 * (1.0 / level / RUNS) ** 0.5


@pytest.mark.parametrize(("win", "events", "of"), [(0.60, 340, 0.55), (0.65, 120, 0.98), (0.70, 70, 1.0)])
def test_an_edge_reaches_the_first_level_within_so_many_events(win, events, of):
    """Rule: the median of 2,000 runs to a level of 40, and the share that comes there within 400."""
    found = first(mixture(symmetric(win, 3)), 40.0)
    assert float(np.median(found)) <= events
    assert float((found <= EVENTS).mean()) >= of


@pytest.mark.parametrize("win", [0.58, 0.60, 0.65])
def test_fixed_bets_need_fewer_events_than_one_that_adapts(win):
    """Rule: why the bets are fixed: at the edges that models show, what an adaptive bet learns comes too late."""
    r = symmetric(win, 5)
    assert float(np.mean(first(mixture(r), 40.0))) < float(np.mean(first(adaptive(r), 40.0)))


def test_the_record_counts_as_the_arrays_here_do():
    """Rule: the product's numbers, one after the other, are those that the rates above were measured on."""
    r = symmetric(0.6, 1)[0]
    record = ModelRecord()
    for number, one in enumerate(r.tolist()):
        record.take(ShadowEvent(number, one), 10)
    assert record.evidence == pytest.approx(float(np.exp(mixture(r[None])[0, -1])))
