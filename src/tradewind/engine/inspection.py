"""The whole chain behind one bar, with its numbers; read from a live engine, changing nothing.

Used right after the event that closed the bar: feature rows are views of the current state.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import msgspec

from tradewind.engine.deliberation import deliberate, filter_reasons, leader
from tradewind.engine.desk_book import Desk
from tradewind.engine.pipeline import Engine
from tradewind.engine.series import Series
from tradewind.ensemble.agreement import timeframe_shares
from tradewind.features.rule_exits import Exits
from tradewind.features.rule_explanation import Explanation, explain
from tradewind.features.spec import atr
from tradewind.model.bar import Bar
from tradewind.model.decision import Bracket, Consensus, Decision, NoDecision, NoTrade, Reason, Record, Signal, Vote
from tradewind.model.output import Output
from tradewind.model.timeframe import Timeframe
from tradewind.risk.bracket import bracket_for
from tradewind.risk.params import AccountView
from tradewind.risk.stops import round_trip_cost


class MemberView(msgspec.Struct, frozen=True):
    """One member at this bar: how its rule read, whether a vote of it stands, and what it has shown so far.

    ``weight`` is its own weight times the share of its timeframe; ``fired`` whether it voted at this very bar.
    ``unheard``: it is in the shadow, so its vote stands nowhere; ``side`` is what it voted at the latest bar.
    ``silenced``: somebody switched it off, so that no vote of it is heard. ``said`` is what the model of a seat said
    in the place of a rule.
    """

    member: str
    timeframe: Timeframe
    rule: Explanation
    vote: Vote | None
    fired: bool
    weight: float
    record: Record
    unheard: bool = False
    side: int = 0
    silenced: bool = False
    said: str = ""


class FilterView(msgspec.Struct, frozen=True):
    """One filter at this bar: the features it read and its objection, null when it has none."""

    filter: str
    timeframe: Timeframe
    inputs: dict[str, float]
    objection: Reason | None


class TallyView(msgspec.Struct, frozen=True):
    """The count: weight that stands for long and for short, and each present timeframe's share of the weight."""

    long: float
    short: float
    votes: int
    shares: dict[str, float]


class RiskView(msgspec.Struct, frozen=True):
    """The trade the consensus would make: whose exits, what they ask for, what the account allows.

    ``stop_wanted`` (by the exits), ``stop_least`` (nearest allowed), ``zone_wanted`` and ``zone_cap`` (half widths of
    the entry zone) are price distances; ``round_trip_cost`` is a fraction of price; ``rate`` is account currency per
    quote currency. ``bracket`` is null where there are objections.
    """

    member: str
    exits: Exits
    entry: float
    atr: float | None
    round_trip_cost: float | None
    stop_wanted: float | None
    stop_least: float
    zone_wanted: float
    zone_cap: float | None
    rate: float | None
    account: AccountView
    risk_per_trade: float
    bracket: Bracket | None
    objections: tuple[Reason, ...]


class Chain(msgspec.Struct, frozen=True):
    """Everything that led to ``decision``. ``bar`` is null where none came.

    The parts after the members are as they would be asked: they are shown for a bar without a trigger too, where the
    decision did not need them. ``bars`` and ``warmup`` count bars of the series.
    """

    decision: Decision
    bar: Bar | None
    bars: int
    warmup: int
    members: tuple[MemberView, ...]
    tally: TallyView
    consensus: Consensus | None
    objections: tuple[Reason, ...]
    filters: tuple[FilterView, ...]
    risk: RiskView | None


def reasons_of(decision: Decision) -> tuple[Reason, ...]:
    """Why a decision is no signal, in the order in which the chain asks; empty for a signal."""
    if isinstance(decision, NoTrade):
        return decision.reasons
    return (decision.reason,) if isinstance(decision, NoDecision) else ()


def inspect(engine: Engine, decision: Decision, bar: Bar | None, outputs: Sequence[Output]) -> Chain:
    """The chain of ``decision``, one of the ``outputs`` of the event the engine took last; ``bar`` is its bar.

    Raises:
        KeyError: the engine does not decide on that symbol or timeframe.
    """
    desk = engine.desks[decision.symbol]
    series = desk.series[decision.timeframe]
    consensus, objections, votes = deliberate(desk.series, engine.plan.ensemble)
    present = {timeframe: one for timeframe, one in desk.series.items() if one.present}
    shares = timeframe_shares(engine.plan.ensemble.timeframe_weights, present)
    risk = None
    if consensus is not None and bar is not None:
        risk = _risk(engine, series, bar, consensus, _not_yet(decision, outputs))
    return Chain(
        decision=decision,
        bar=bar,
        bars=series.bars,
        warmup=series.warmup,
        members=_members(desk.series, votes, shares, engine.quiet),
        tally=_tally(votes, shares),
        consensus=consensus,
        objections=objections,
        filters=_filters(engine, series, consensus, _desk(engine, decision, risk, outputs)) if consensus else (),
        risk=risk,
    )


def _members(
    series: Mapping[Timeframe, Series], votes: Sequence[Vote], shares: Mapping[str, float], silenced: Collection[str]
) -> tuple[MemberView, ...]:
    standing = {(vote.timeframe, vote.member): vote for vote in votes}
    views = []
    for timeframe, one in series.items():
        for position, member in enumerate(one.members):
            vote = standing.get((timeframe, member.id))
            off = f"{one.symbol} {member.id}" in silenced
            views.append(
                MemberView(
                    member=member.id,
                    timeframe=timeframe,
                    rule=explain(member.rule, one.row),
                    vote=vote,
                    fired=vote is not None and vote.ts == one.row.ts,
                    weight=0.0 if off or position in one.unheard else member.weight * shares.get(timeframe, 0.0),
                    record=one.record(position),
                    unheard=position in one.unheard,
                    side=int(one.sides[position]),
                    silenced=off,
                    said="" if one.forecasts is None else one.forecasts.words(member.id),
                )
            )
    return tuple(views)


def _tally(votes: Sequence[Vote], shares: Mapping[str, float]) -> TallyView:
    weighed = [(vote.side, vote.weight * shares.get(vote.timeframe, 0.0)) for vote in votes]
    return TallyView(
        long=sum(weight for side, weight in weighed if side > 0),
        short=sum(weight for side, weight in weighed if side < 0),
        votes=len(votes),
        shares=dict(shares),
    )


def _desk(engine: Engine, decision: Decision, risk: RiskView | None, outputs: Sequence[Output]) -> Desk:
    """The desk as the vetoes saw it."""
    instrument = engine.desks[decision.symbol].plan.instrument
    return engine.view(instrument, decision.ts, risk.bracket if risk else None, _not_yet(decision, outputs))


def _filters(engine: Engine, series: Series, consensus: Consensus, view: Desk) -> tuple[FilterView, ...]:
    desk = engine.desks[series.symbol]
    higher = tuple(one.row for timeframe, one in desk.series.items() if timeframe.rank > series.timeframe.rank)
    views = []
    for one in desk.plan.filters:
        objections = filter_reasons((one,), consensus, series.row, higher, view)
        rows = higher[:1] if one.name == "higher_timeframe" else (series.row,)
        inputs = {indicator.key: row[indicator.key] for row in rows for indicator in one.features()}
        frame = rows[0].timeframe if rows else series.timeframe
        views.append(FilterView(one.name, frame, inputs, objections[0] if objections else None))
    return tuple(views)


def _not_yet(decision: Decision, outputs: Sequence[Output]) -> frozenset[str]:
    """Signals of the same event that were not decided before ``decision``: the account did not hold them."""
    return frozenset(
        one.id
        for one in outputs
        if isinstance(one, Signal) and one.symbol == decision.symbol and one.timeframe.rank >= decision.timeframe.rank
    )


def _risk(engine: Engine, series: Series, bar: Bar, consensus: Consensus, not_yet: Collection[str]) -> RiskView:
    plan = engine.desks[series.symbol].plan
    params, instrument = engine.plan.risk, plan.instrument
    member = leader(series, plan.members, consensus)
    exits = member.rule.exits
    account = engine.account_view(series.symbol, consensus, not_yet)
    rate = engine.rates.rate(instrument.quote)
    column = series.row.index.get(atr(exits.atr_period).key) if exits.needs_atr else None
    true_range = math.nan if column is None else float(series.row.values[column])
    cost = math.nan if rate is None else round_trip_cost(instrument, bar, rate)
    wanted, _ = exits.distances(bar.close, true_range, cost)
    found = bracket_for(
        side=consensus.side,
        bar=bar,
        row=series.row,
        exits=exits,
        instrument=instrument,
        params=params,
        account=account,
        rates=engine.rates,
        leads=member.id,
    )
    bracket = found if isinstance(found, Bracket) else None
    return RiskView(
        member=member.id,
        exits=exits,
        entry=bar.close,
        atr=_known(true_range),
        round_trip_cost=_known(cost),
        stop_wanted=_known(wanted),
        stop_least=params.min_stop(instrument, bar.close),
        zone_wanted=params.entry_zone * bar.close,
        zone_cap=None if bracket is None else params.entry_zone_of_stop * abs(bracket.entry - bracket.stop),
        rate=rate,
        account=account,
        risk_per_trade=params.risk_per_trade,
        bracket=bracket,
        objections=() if isinstance(found, Bracket) else found,
    )


def _known(number: float) -> float | None:
    return number if math.isfinite(number) else None
