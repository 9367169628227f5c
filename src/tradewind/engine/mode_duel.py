"""Champion against challenger on the same forecasts: when the duel of a seat is over."""

from __future__ import annotations

import math

from tradewind.engine.mode_seat import ModelRecord, Seat
from tradewind.model.mode import ChallengerJudged, ModelScore, ModeRules
from tradewind.model.timeframe import Timeframe
from tradewind.validation.paired_promotion import PROMOTES


def judged(symbol: str, timeframe: Timeframe, seat: Seat, rules: ModeRules, ts: int) -> ChallengerJudged | None:
    """The verdict on the challenger, once; None while it is open.

    It takes the place where it is better, or pays and is not worse beside a champion that has drifted, and has the
    shadow events that a seat needs to trade. It goes where it is worse.
    """
    pair, challenger = seat.pair, seat.challenger
    if challenger is None or pair.over:
        return None
    if pair.backwards.of_better >= PROMOTES:
        pair.over = "worse"
    elif len(challenger.events) >= rules.min_events:
        pays = math.fsum([one.r for one in challenger.events]) > 0.0
        pair.over = pair.forward.promotes(champion_drifted=pays and seat.declined)
    return verdict_of(symbol, timeframe, seat, ts) if pair.over else None


def verdict_of(symbol: str, timeframe: Timeframe, seat: Seat, ts: int) -> ChallengerJudged:
    """The verdict of a duel that is over, with both scores."""
    pair = seat.pair
    assert seat.challenger is not None, "a duel has two sides"
    return ChallengerJudged(
        ts=ts,
        symbol=symbol,
        timeframe=timeframe,
        verdict="withdraw" if pair.over == "worse" else "promote",
        reason=pair.over,
        champion=_score(seat.champion, pair.forward.n, pair.champion_right),
        challenger=_score(seat.challenger, pair.forward.n, pair.challenger_right),
        start=pair.first,
        n=pair.forward.n,
        mean=pair.forward.mean or 0.0,
        of_better=pair.forward.of_better,
        of_not_worse=pair.forward.of_not_worse,
        of_worse=pair.backwards.of_better,
        champion_drifted=seat.declined,
    )


def _score(record: ModelRecord, n: int, right: int) -> ModelScore:
    found = record.record()
    squares = [(one.p - one.up) ** 2 for one in record.outcomes]
    return ModelScore(
        version=record.version,
        n=n,
        accuracy=right / n if n else None,
        brier=sum(squares) / len(squares) if squares else None,
        events=found.n,
        win_rate=found.wins / found.n if found.n else None,
        mean_r=found.mean_r,
    )
