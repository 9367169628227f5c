"""Champion against challenger on the same forecasts: when the duel of a seat is over."""

from __future__ import annotations

from tradewind.engine.mode_seat import ModelRecord, Seat
from tradewind.model.mode import ChallengerJudged, ModelScore, ModeRules
from tradewind.model.timeframe import Timeframe
from tradewind.validation.paired_promotion import PROMOTES


def judged(symbol: str, timeframe: Timeframe, seat: Seat, rules: ModeRules, ts: int) -> ChallengerJudged | None:
    """The verdict on the challenger, once; None while it is open.

    It takes the place where it is better, or not worse beside a champion that has drifted, and has the shadow events
    that a seat needs to trade. It goes where it is worse.
    """
    pair, challenger = seat.pair, seat.challenger
    if challenger is None or pair.over:
        return None
    drifted = seat.drifted or seat.fallen
    why = pair.forward.promotes(champion_drifted=drifted)
    worse = pair.backwards.of_better >= PROMOTES
    if not worse and (not why or len(challenger.events) < rules.min_events):
        return None
    pair.over = True
    return ChallengerJudged(
        ts=ts,
        symbol=symbol,
        timeframe=timeframe,
        verdict="withdraw" if worse else "promote",
        reason="worse" if worse else why,
        champion=_score(seat.champion, pair.forward.n, pair.champion_right),
        challenger=_score(challenger, pair.forward.n, pair.challenger_right),
        start=pair.first,
        n=pair.forward.n,
        mean=pair.forward.mean or 0.0,
        of_better=pair.forward.of_better,
        of_not_worse=pair.forward.of_not_worse,
        of_worse=pair.backwards.of_better,
        champion_drifted=drifted,
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
