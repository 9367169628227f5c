"""Promotion by paired bets: how often equals are promoted, and how soon the better one is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.errors import Misconfigured
from tradewind.validation.paired_promotion import STAKES, PairedEvidence


def differences(generator: np.random.Generator, gain: float, trades: int) -> list[float]:
    """Half of the events are equally hard for both models, which is why they are paired; the others are independent."""
    hard = generator.random(trades)
    own = np.where(generator.random(trades) < 0.5, hard, generator.random(trades))
    return ((hard < 0.55 + gain).astype(float) - (own < 0.55)).tolist()


def promoted_at(generator: np.random.Generator, gain: float, trades: int = 400, *, drifted: bool = False) -> int | None:
    evidence = PairedEvidence()
    for n, difference in enumerate(differences(generator, gain, trades), start=1):
        evidence.step(difference)
        if evidence.promotes(champion_drifted=drifted):
            return n
    return None


def test_equals_are_seldom_promoted_and_better_ones_soon():
    """SCIENCE 5: 2.5% of equals within 400 events; 10 points better .88 by a median of 177, 15 points 1.0 by 85."""
    generator = np.random.default_rng(17)
    shares, medians = {}, {}
    for gain in (0.0, 0.10, 0.15):
        at = [promoted_at(generator, gain) for _ in range(400)]
        found = [n for n in at if n is not None]
        shares[gain], medians[gain] = len(found) / len(at), float(np.median(found)) if found else None
    assert shares[0.0] <= 0.05
    assert shares[0.10] == pytest.approx(0.88, abs=0.06)
    assert medians[0.10] == pytest.approx(177, rel=0.2)
    assert shares[0.15] >= 0.97
    assert medians[0.15] == pytest.approx(85, rel=0.25)


@given(st.lists(st.floats(-1.0, 1.0), max_size=40))
def test_the_evidence_is_the_mean_of_the_products(differences):
    """Rule: E = mean_k prod (1 + s_k d), and the same with the margin for "not worse"."""
    evidence = PairedEvidence()
    for one in differences:
        evidence.step(one)
    x = np.asarray(differences, float)
    assert evidence.of_better == pytest.approx(float(np.mean([np.prod(1.0 + s * x) for s in STAKES])))
    moved = (x + 0.1) / 1.1
    assert evidence.of_not_worse == pytest.approx(float(np.mean([np.prod(1.0 + s * moved) for s in STAKES])))
    assert evidence.mean is None if not differences else evidence.mean == pytest.approx(float(x.mean()))


def test_the_best_of_many_needs_as_much_more_evidence():
    """Rule: 20 for the first challenger on some bars, 20 times its number for each that follows."""
    evidence = PairedEvidence(better=[59.0] * 4, not_worse=[59.0] * 4)
    for drifted, word in ((False, "better"), (True, "better")):
        assert [evidence.promotes(champion_drifted=drifted, looks=k) for k in (1, 2, 3)] == [word, word, ""]
    worse = PairedEvidence(better=[1.0] * 4, not_worse=[41.0] * 4)
    assert [worse.promotes(champion_drifted=True, looks=k) for k in (1, 2, 3)] == ["champion drifted"] * 2 + [""]


def test_a_drifted_champion_yields_to_one_that_is_not_worse():
    """Rule: beside a champion that has drifted an equal is enough, in some 150 events; a much worse one is not."""
    generator = np.random.default_rng(23)
    equal = [promoted_at(generator, 0.0, 1000, drifted=True) for _ in range(100)]
    found = [n for n in equal if n is not None]
    assert len(found) > 90
    assert 100 < np.median(found) < 200
    worse = [promoted_at(generator, -0.10, 1000, drifted=True) for _ in range(200)]
    assert sum(n is not None for n in worse) <= 0.05 * 200


def test_nonsense_is_refused():
    """A difference that is no number, or beyond a whole event, is an error."""
    for wrong in (float("nan"), 1.5):
        with pytest.raises(Misconfigured, match="from -1 to 1"):
            PairedEvidence().step(wrong)
    with pytest.raises(Misconfigured, match="below 1"):
        PairedEvidence(margin=1.0)
