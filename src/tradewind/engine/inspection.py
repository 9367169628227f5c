"""The whole chain behind one bar, with its numbers; read from a live engine, changing nothing.

Used right after the bar was processed: feature rows are views of the current state.
"""

from __future__ import annotations

import msgspec

from tradewind.engine.deliberation import deliberate, filter_reasons
from tradewind.engine.pipeline import Engine
from tradewind.engine.series import Series
from tradewind.ensemble.agreement import timeframe_shares
from tradewind.features.rule_explanation import Explanation, explain
from tradewind.model.decision import Consensus, Reason, Record, Vote
from tradewind.model.timeframe import Timeframe


class MemberView(msgspec.Struct, frozen=True):
    """One member at this bar: how its rule read, whether a vote of it stands, and what it has shown so far."""

    member: str
    timeframe: Timeframe
    rule: Explanation
    vote: Vote | None
    weight: float
    record: Record


class FilterView(msgspec.Struct, frozen=True):
    """One filter at this bar: the features it read and its objection, null when it has none."""

    filter: str
    inputs: dict[str, float]
    objection: Reason | None


class Chain(msgspec.Struct, frozen=True):
    """Everything that led to the decision of ``symbol`` on ``timeframe`` at ``ts``."""

    symbol: str
    timeframe: Timeframe
    ts: int
    bars: int
    warmup: int
    members: tuple[MemberView, ...]
    consensus: Consensus | None
    objections: tuple[Reason, ...]
    filters: tuple[FilterView, ...]


def inspect(engine: Engine, symbol: str, timeframe: Timeframe) -> Chain:
    """The chain of one series as it stands after the last event.

    Raises:
        KeyError: the engine does not decide on that symbol or timeframe.
    """
    desk = engine.desks[symbol]
    series = desk.series[timeframe]
    consensus, objections, votes = deliberate(desk.series, engine.plan.ensemble)
    present = {tf: one for tf, one in desk.series.items() if one.present}
    shares = timeframe_shares(engine.plan.ensemble.timeframe_weights, present)
    standing = {(vote.timeframe, vote.member): vote for vote in votes}
    members = tuple(
        MemberView(
            member.id,
            tf,
            explain(member.rule, one.row),
            standing.get((tf, member.id)),
            member.weight * shares.get(tf, 0.0),
            one.record(position),
        )
        for tf, one in desk.series.items()
        for position, member in enumerate(one.members)
    )
    filters = _filters(engine, symbol, series, consensus) if consensus is not None else ()
    return Chain(symbol, timeframe, series.row.ts, series.bars, series.warmup, members, consensus, objections, filters)


def _filters(engine: Engine, symbol: str, series: Series, consensus: Consensus) -> tuple[FilterView, ...]:
    desk = engine.desks[symbol]
    higher = tuple(one.row for tf, one in desk.series.items() if tf.rank > series.timeframe.rank)
    views = []
    for one in desk.plan.filters:
        objections = filter_reasons((one,), consensus, series.row, higher)
        row = higher[0] if one.name == "higher_timeframe" and higher else series.row
        inputs = {indicator.key: row[indicator.key] for indicator in one.features()}
        views.append(FilterView(one.name, inputs, objections[0] if objections else None))
    return tuple(views)
