"""From standing votes to a consensus and the reasons against it. Holds no state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tradewind.engine.series import Series
from tradewind.ensemble.agreement import Tally, reaches, tally, timeframe_shares
from tradewind.ensemble.confidence import Calibration, calibrate
from tradewind.ensemble.params import EnsembleParams
from tradewind.features.rule import Member
from tradewind.model.decision import Consensus, Reason, Vote
from tradewind.model.feature_row import FeatureRow
from tradewind.model.timeframe import Timeframe
from tradewind.ports.desk import DeskView
from tradewind.ports.plugins import Filter


def deliberate(
    series: Mapping[Timeframe, Series], params: EnsembleParams
) -> tuple[Consensus | None, tuple[Reason, ...], tuple[Vote, ...]]:
    """The consensus of one symbol's timeframes, the ensemble's own objections, and the votes that were counted.

    Votes of timeframes that are not present (cold, or their due bar is missing) are left out and the others' weights
    renormalised; the consensus names them.
    """
    present = {timeframe: one for timeframe, one in series.items() if one.present}
    votes = tuple([vote for one in present.values() for vote in one.votes()])
    result = tally(votes, timeframe_shares(params.timeframe_weights, present))
    if result is None:
        code = "tie" if votes else "no_votes"
        return None, (Reason(code=code, value=float(len(votes))),), votes
    calibration = _calibration(result, present, params)
    consensus = Consensus(
        side=result.side,
        agreement=result.agreement,
        voters=tuple([vote.member for vote in result.winners]),
        n_voted=result.n_voted,
        n_effective=calibration.n_effective,
        win_probability=calibration.win_probability,
        breakeven=calibration.breakeven,
        confidence=calibration.confidence,
        expectancy_r=calibration.expectancy_r,
        calibrated_on=calibration.calibrated_on,
        absent=tuple(str(timeframe) for timeframe in series if timeframe not in present),
    )
    return consensus, ensemble_reasons(consensus, params), votes


def ensemble_reasons(consensus: Consensus, params: EnsembleParams) -> tuple[Reason, ...]:
    """Every rule of the ensemble the consensus breaks: quorum, agreement, record, confidence."""
    reasons = []
    if len(consensus.voters) < params.quorum:
        reasons.append(Reason(code="quorum", value=float(len(consensus.voters)), limit=float(params.quorum)))
    if not reaches(consensus.agreement, params.min_agreement):
        reasons.append(Reason(code="agreement", value=consensus.agreement, limit=params.min_agreement))
    level = decisive(consensus, params)
    if level is None:
        reasons.append(
            Reason(code="insufficient_record", limit=float(params.min_record), detail=consensus.calibrated_on)
        )
    elif not reaches(level, params.min_confidence):
        reasons.append(Reason(code=params.applies_to, value=level, limit=params.min_confidence))
    return tuple(reasons)


def model_reasons(series: Mapping[Timeframe, Series], consensus: Consensus) -> tuple[Reason, ...]:
    """Which served models are among the voters, and with which probability."""
    spoke = [one.forecasts for one in series.values() if one.forecasts is not None]
    return tuple([reason for one in spoke for reason in one.reasons(consensus.voters)])


def decisive(consensus: Consensus, params: EnsembleParams) -> float | None:
    """The number the confidence rule is held against: the confidence, or the win probability."""
    return consensus.win_probability if params.applies_to == "win_probability" else consensus.confidence


def filter_reasons(
    filters: Sequence[Filter], consensus: Consensus, row: FeatureRow, higher: tuple[FeatureRow, ...], desk: DeskView
) -> tuple[Reason, ...]:
    """The objections of all filters, in filter order; never only the first."""
    found = [one.judge(consensus, row, higher, desk) for one in filters]
    return tuple([reason for reason in found if reason is not None])


def leader(series: Series, members: Sequence[Member], consensus: Consensus) -> Member:
    """Whose exits the trade takes: the first voter among the ``members`` of ``series``, or the first voter at all."""
    here = [place for voter in consensus.voters if (place := series.places.get(voter)) is not None]
    if here:
        return series.members[min(here)]
    return next(member for member in members if member.id in consensus.voters)


def _calibration(result: Tally, present: Mapping[Timeframe, Series], params: EnsembleParams) -> Calibration:
    """Calibrates the winners on their own shadow records."""
    places: dict[Timeframe, list[int]] = {}
    records = []
    for vote in result.winners:
        series = present[vote.timeframe]
        position = series.places[vote.member]
        places.setdefault(vote.timeframe, []).append(position)
        records.append(series.shadow.records[position] or series.record(position))
    return calibrate(
        records,
        result.weights,
        _correlation([(present[timeframe], positions) for timeframe, positions in places.items()], len(records)),
        min_record=params.min_record,
        prior_strength=params.prior_strength,
        min_members=min(params.quorum, len(records)),
    )


def _correlation(places: Sequence[tuple[Series, list[int]]], size: int) -> NDArray[np.float64]:
    """Correlation of ``size`` winners' results: the shadow book's within a timeframe, 1 across timeframes.

    ``places`` holds the winners of each timeframe; the rows are in that order, as the votes are.
    """
    if len(places) == 1:
        series, positions = places[0]
        return series.shadow.correlation(positions)
    matrix = np.ones((size, size))
    first = 0
    for series, positions in places:
        own = slice(first, first + len(positions))
        matrix[own, own] = series.shadow.correlation(positions)
        first = own.stop
    return matrix
