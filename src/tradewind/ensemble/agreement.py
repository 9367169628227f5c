"""Who voted, for what, and how much of the weight that was.

``agreement = W_side / (W_long + W_short)`` over the members that voted; abstainers do not count. A vote's weight is its
member's weight times its timeframe's weight, the latter renormalised over the timeframes that are present.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from tradewind.model.decision import Vote

TIE_TOLERANCE = 1e-12


class Tally(msgspec.Struct, frozen=True):
    """The count of one decision. ``winners`` are the votes of the winning side, ``weights`` their final weights."""

    side: int
    agreement: float
    n_voted: int
    winners: tuple[Vote, ...]
    weights: tuple[float, ...]


def timeframe_shares(weights: Mapping[str, float], present: Collection[str]) -> dict[str, float]:
    """Weights of the present timeframes, renormalised to sum to 1.

    Timeframes without a configured weight share equally when no weights are configured at all; otherwise they get 0.

    >>> timeframe_shares({"1h": 0.30, "4h": 0.25, "1d": 0.45}, ("1h", "4h"))["1h"]
    0.5454545454545454
    """
    names = sorted(present)
    if not weights:
        return {name: 1.0 / len(names) for name in names} if names else {}
    total = 0.0
    for name in names:  # sum() rounds differently from one Python to the next
        total += weights.get(name, 0.0)
    if total <= 0.0:
        return dict.fromkeys(names, 0.0)
    return {name: weights.get(name, 0.0) / total for name in names}


def tally(votes: Sequence[Vote], shares: Mapping[str, float]) -> Tally | None:
    """The winning side and its agreement; None when nobody voted, or with weight 0, or in an exact tie."""
    long = short = 0.0
    longs: list[tuple[Vote, float]] = []
    shorts: list[tuple[Vote, float]] = []
    for vote in votes:
        weight = vote.weight * shares.get(vote.timeframe, 0.0)
        if weight > 0.0:
            if vote.side > 0:
                long += weight
                longs.append((vote, weight))
            else:
                short += weight
                shorts.append((vote, weight))
    total = long + short
    if total <= 0.0 or abs(long - short) <= TIE_TOLERANCE * total:
        return None
    side = 1 if long > short else -1
    winners = longs if side > 0 else shorts
    return Tally(
        side=side,
        agreement=max(long, short) / total,
        n_voted=len(longs) + len(shorts),
        winners=tuple([vote for vote, _ in winners]),
        weights=tuple([weight for _, weight in winners]),
    )


def reaches(value: float, limit: float) -> bool:
    """``value >= limit`` with room for the rounding of a sum of weights: 80.0% passes, 79.9% does not."""
    return value >= limit - 1e-9
