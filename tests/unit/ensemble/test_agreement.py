"""Counting votes: who agrees, with what weight, and where 80% lies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.ensemble.agreement import reaches, tally, timeframe_shares
from tradewind.ensemble.params import EnsembleParams
from tradewind.errors import Misconfigured
from tradewind.model.decision import Vote
from tradewind.model.timeframe import Timeframe


def vote(side: int, weight: float = 1.0, timeframe: Timeframe = Timeframe.H1, member: str = "m") -> Vote:
    return Vote(member, timeframe, side, 0, 1, weight)


@pytest.mark.req("E01")
def test_eighty_percent_passes_and_a_hair_less_does_not() -> None:
    """Agreement is the winning side's share of the weight that voted."""
    exact = tally([vote(1, 0.8), vote(-1, 0.2)], {"1h": 1.0})
    short = tally([vote(1, 0.799), vote(-1, 0.201)], {"1h": 1.0})
    assert exact is not None
    assert short is not None
    assert reaches(exact.agreement, 0.80)
    assert not reaches(short.agreement, 0.80)


@pytest.mark.req("E01")
def test_abstainers_do_not_count() -> None:
    """Four long votes of five members agree fully when the fifth said nothing."""
    result = tally([vote(1) for _ in range(4)], {"1h": 1.0})
    assert result is not None
    assert result.agreement == 1.0
    assert result.n_voted == 4


def test_an_exact_tie_has_no_winner() -> None:
    """Half against half is no consensus."""
    assert tally([vote(1), vote(-1)], {"1h": 1.0}) is None


@pytest.mark.req("E06")
def test_timeframe_weights_are_applied_as_computed_by_hand() -> None:
    """1h 0.30 long and 4h 0.25 short, renormalised: long holds 0.30 / 0.55 of the weight."""
    shares = timeframe_shares({"1h": 0.30, "4h": 0.25, "1d": 0.45}, ["1h", "4h"])
    result = tally([vote(1), vote(-1, timeframe=Timeframe.H4)], shares)
    assert result is not None
    assert result.side == 1
    assert result.agreement == pytest.approx(0.30 / 0.55, abs=1e-12)


@pytest.mark.req("E06")
def test_weights_that_do_not_sum_to_one_are_refused() -> None:
    """The message says what they sum to."""
    with pytest.raises(Misconfigured, match=r"sum to 0\.55"):
        EnsembleParams(timeframe_weights={"1h": 0.30, "4h": 0.25})


@given(
    st.lists(
        st.tuples(st.sampled_from([-1, 1]), st.floats(0.01, 10.0), st.sampled_from([Timeframe.H1, Timeframe.H4])),
        min_size=1,
        max_size=12,
    )
)
def test_agreement_is_a_majority_share_and_mirrors_with_the_sides(votes: list[tuple[int, float, Timeframe]]) -> None:
    """Agreement lies in (1/2, 1]; turning every vote round turns the side and leaves the agreement."""
    shares = timeframe_shares({"1h": 0.6, "4h": 0.4}, {timeframe for _, _, timeframe in votes})
    straight = tally([vote(side, weight, timeframe) for side, weight, timeframe in votes], shares)
    mirrored = tally([vote(-side, weight, timeframe) for side, weight, timeframe in votes], shares)
    assert (straight is None) == (mirrored is None)
    if straight is not None and mirrored is not None:
        assert 0.5 < straight.agreement <= 1.0
        assert straight.side == -mirrored.side
        assert straight.agreement == pytest.approx(mirrored.agreement)


@pytest.mark.req("E10")
def test_tiers_follow_the_configured_thresholds() -> None:
    """At the threshold a tier is reached."""
    params = EnsembleParams(tier_high=0.95, tier_medium=0.90)
    assert [params.tier(level) for level in (0.95, 0.949, 0.90, 0.899)] == ["high", "medium", "medium", "low"]
