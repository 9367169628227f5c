"""What retraining and duels do to the seats of a project, through its record of decisions."""

from __future__ import annotations

from tradewind.app.models.promotion import Promotions
from tradewind.model.mode import ChallengerJudged, ModelScore
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.seats import Decision, Duel, Score


class SeatChanges:
    """Implements ``app.learning.retraining.Seats`` on the shelf of a project."""

    def __init__(self, promotions: Promotions) -> None:
        self._promotions = promotions

    def challenge(self, symbol: str, timeframe: Timeframe, version: str, reason: str, now: int) -> str:
        """Lets a version shadow beside the champion.

        Raises:
            TradewindError: as ``Promotions.challenge``.
        """
        return _line(self._promotions.challenge(symbol, timeframe, version, reason, now))

    def settle(self, verdict: ChallengerJudged, now: int) -> str:
        """Promotes the challenger or takes it off; one that is not there any more was dealt with before.

        Raises:
            TradewindError: as ``Promotions.promote`` and ``withdraw``.
        """
        symbol, timeframe, version = verdict.symbol, verdict.timeframe, verdict.challenger.version
        held = self._promotions.seat(symbol, timeframe)
        if held.challenger is None or held.challenger.version != version:
            return f"[{symbol} {timeframe}] {version} is no challenger any more"
        duel = duel_of(verdict)
        if verdict.verdict == "promote":
            return _line(self._promotions.promote(symbol, timeframe, version, "duel in service", now, duel))
        return _line(self._promotions.withdraw(symbol, timeframe, verdict.reason, now, duel))


def duel_of(verdict: ChallengerJudged) -> Duel:
    """The verdict of a run as the record of decisions holds one; its limits were not computed."""
    return Duel(
        champion=_score(verdict.champion),
        challenger=_score(verdict.challenger),
        start=verdict.start,
        end=verdict.ts,
        n=verdict.n,
        mean=verdict.mean,
        low=None,
        high=None,
        of_better=verdict.of_better,
        of_not_worse=verdict.of_not_worse,
        champion_drifted=verdict.champion_drifted,
        verdict=verdict.reason if verdict.verdict == "promote" else "",
    )


def _score(one: ModelScore) -> Score:
    return Score(one.version, one.n, one.accuracy, one.brier, one.events, one.win_rate, one.mean_r)


def _line(decision: Decision) -> str:
    what = f"{decision.action} {decision.version}"
    seat = f"[{decision.symbol} {decision.timeframe}]"
    if decision.done:
        return f"{seat} Decision {decision.number}: {what} ({decision.reason})"
    return f"{seat} Decision {decision.number}: {what} REFUSED: {', '.join(decision.missed)} ({decision.reason})"
