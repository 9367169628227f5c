"""Properties of the simulated market for any seed and length."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.adapters.market.simulated import simulate, simulate_market, spec_for
from tradewind.adapters.market.simulated_edge import EdgeKind, PlantedEdge
from tradewind.model.instruments import resolve

EURUSD = resolve("EUR/USD")
seeds = st.integers(0, 2**32 - 1)
edges = st.none() | st.builds(
    PlantedEdge,
    kind=st.sampled_from(list(EdgeKind)),
    strength=st.floats(0.0, 1.0),
    lookback=st.integers(2, 40),
    hold=st.integers(1, 30),
    until_bar=st.none() | st.integers(0, 200),
    fade_bars=st.integers(0, 50),
)


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(1, 200), st.integers(0, 200), edges)
def test_a_longer_market_begins_with_the_shorter_one(seed, bars, more, edge):
    """What comes later changes nothing before it."""
    short = simulate(spec_for(EURUSD, bars=bars, edge=edge), np.random.default_rng(seed))
    long = simulate(spec_for(EURUSD, bars=bars + more, edge=edge), np.random.default_rng(seed))
    for a, b in zip(short, long, strict=True):
        assert a.tobytes() == b[:bars].tobytes()


@settings(max_examples=25, deadline=None)
@given(seeds, edges)
def test_an_edge_changes_nothing_before_it_first_acts(seed, edge):
    """Same seed with and without the edge: equal up to the first tilted bar."""
    plain = simulate_market(spec_for(EURUSD, bars=300), np.random.default_rng(seed))
    tilted = simulate_market(spec_for(EURUSD, bars=300, edge=edge), np.random.default_rng(seed))
    acts = np.flatnonzero(tilted.tilt)
    until = int(acts[0]) if acts.size else 300
    assert plain.clean.close[:until].tobytes() == tilted.clean.close[:until].tobytes()


@settings(max_examples=25, deadline=None)
@given(seeds, edges)
def test_high_and_low_hold_the_bar(seed, edge):
    """low <= open, close <= high and a positive spread, always."""
    c = simulate(spec_for(EURUSD, bars=300, edge=edge), np.random.default_rng(seed))
    assert (c.low <= np.minimum(c.open, c.close)).all()
    assert (c.high >= np.maximum(c.open, c.close)).all()
    assert (c.spread > 0).all()
