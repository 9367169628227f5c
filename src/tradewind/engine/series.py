"""One symbol on one timeframe: its features, its members' votes and their shadow records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.engine.forecasts import Banks, Forecasts, ModelSource
from tradewind.engine.seat import SeatPlan
from tradewind.ensemble.shadow import ShadowBook, ShadowTrade
from tradewind.features.bank import FeatureBank
from tradewind.features.graph import Seeding
from tradewind.features.indicator import Indicator
from tradewind.features.rule import Member
from tradewind.features.rule_program import RuleProgram, indicators_of
from tradewind.model.bar import Bar
from tradewind.model.decision import Record, Vote
from tradewind.model.event import ModelServed
from tradewind.model.feature_row import FeatureRow
from tradewind.model.forecast import Forecast, ForecastEnded
from tradewind.model.instrument import CostModel
from tradewind.model.shadow import ShadowOutcome, ShadowVotes
from tradewind.model.timeframe import Timeframe
from tradewind.predictors.served import ServedModel


class SeriesState(msgspec.Struct, frozen=True):
    """A series in a snapshot. ``standing`` maps a member's position to ``(side, last bar it stands for, ts)``."""

    bars: int
    last_missing: bool
    standing: dict[int, tuple[int, int, int]]
    bank: bytes
    shadow: bytes
    forecasts: bytes = b""


class _Standing(NamedTuple):
    """A vote and the number of the last bar it stands for."""

    vote: Vote
    until: int


class Series:
    """Feature bank, rule program, shadow book and standing votes of ``symbol`` on ``timeframe``.

    ``unheard`` names members in the shadow: they vote and earn their record, and no vote of theirs stands. A vote
    stands for the member's ``vote_bars`` bars, or until the member turns. ``bars`` counts the bars seen. ``seat`` is
    where models may speak: ``banks`` must have taken a bar before the series does.
    """

    def __init__(
        self,
        symbol: str,
        timeframe: Timeframe,
        members: Sequence[Member],
        extra: Sequence[Indicator],
        costs: CostModel,
        seeding: Seeding,
        *,
        keep_shadow: bool = False,
        unheard: Collection[str] = (),
        seat: SeatPlan | None = None,
        banks: Banks | None = None,
    ) -> None:
        self.symbol = symbol
        self.timeframe = timeframe
        self.members = tuple(members)
        self.places = {member.id: position for position, member in enumerate(self.members)}
        self.unheard = frozenset(self.places[name] for name in unheard if name in self.places)
        heard = [member for place, member in enumerate(self.members) if place not in self.unheard]
        own = indicators_of(heard or self.members)  # nobody waits until a member in the shadow is warm
        self.bank = FeatureBank((*own, *indicators_of(self.members), *extra), seeding)
        self.warmup = max(self.bank.first_valid[: len(own)], default=-1) + 1
        self.program = RuleProgram(self.members, self.bank.index)
        self.shadow = ShadowBook(self.members, costs, origin=f"shadow, {symbol} {timeframe}", keep_closed=keep_shadow)
        self.row = FeatureRow(symbol, timeframe, 0, self.bank.values, self.bank.previous, self.bank.index)
        self.bars = 0
        self.last_missing = False
        self.forecasts = None if seat is None or banks is None else Forecasts(seat, banks, self.places)
        self._reads = bool(self.bank.indicators)
        self._stands_for = tuple(member.rule.exits.vote_bars for member in self.members)
        self._sides: NDArray[np.int8] = np.zeros(len(self.members), dtype=np.int8)
        self._standing: dict[int, _Standing] = {}
        self._silent: frozenset[int] = self.unheard
        self._times: Mapping[str, float] = {}

    @property
    def sides(self) -> NDArray[np.int8]:
        """Votes at the last bar, ``(n_members,)``: a view, the next bar overwrites it."""
        return self._sides

    @property
    def warm(self) -> bool:
        """Whether every feature the members read has had the bars it needs; filters speak for themselves."""
        return self.bars >= self.warmup

    @property
    def present(self) -> bool:
        """Whether the series can take part in a decision: warm, and its latest due bar came."""
        return self.warm and not self.last_missing

    def step(self, bar: Bar) -> int:
        """Takes a closed bar; returns how many members that are heard voted at it."""
        self.bars += 1
        self.last_missing = False
        self.row.ts = bar.ts_close
        if self._reads:
            self.bank.step(bar.ts_close, bar.open, bar.high, bar.low, bar.close, bar.volume)
        if not self.members:
            return 0
        self.program.evaluate(self.bank.values, self.bank.previous, self._sides)
        fired = self.program.voted
        if self.forecasts is not None:
            fired += self.forecasts.step(bar, self._sides, self.program.atr)
        self.shadow.step(bar, self._sides, self.program.atr)
        if fired:
            positions = np.flatnonzero(self._sides)
            for position, side in zip(positions.tolist(), self._sides[positions].tolist(), strict=True):
                if position in self._silent:
                    fired -= 1
                    continue
                self._stand(position, side, self.bars + self._stands_for[position] - 1, bar.ts_close)
        return fired

    def _stand(self, position: int, side: int, until: int, ts: int) -> None:
        """Notes the vote of a member, made at ``ts``, standing up to bar number ``until``."""
        member = self.members[position]
        vote = Vote(
            member=member.id,
            timeframe=self.timeframe,
            side=side,
            ts=ts,
            ts_until=ts + self._stands_for[position] * self.timeframe.ns,
            weight=member.weight,
        )
        self._standing[position] = _Standing(vote, until)

    def silence(self, members: Collection[str]) -> None:
        """Nobody hears ``members`` from now on, and everybody else; a standing vote of theirs is withdrawn.

        Their shadow records go on, and a trade that follows one of them still ends with its vote.
        """
        off = frozenset(place for member in members if (place := self.places.get(member)) is not None)
        self._silent = self.unheard | off
        for place in off:
            self._standing.pop(place, None)

    def serve(self, event: ModelServed, model: ServedModel | None) -> None:
        """Another model speaks from a seat of this series; what the one before it voted stands no more."""
        assert self.forecasts is not None, "seats are asked for by the plan"
        place = self.forecasts.serve(event, model, self.shadow)
        if place is not None:
            self._standing.pop(place, None)

    def forecast_news(self) -> list[Forecast | ForecastEnded]:
        """What models said at the latest bar and which forecasts it ended, to be put out before it is decided on."""
        return [] if self.forecasts is None else self.forecasts.tell(self._silent)

    def weigh(self, times: Mapping[str, float]) -> None:
        """Multiplies the votes of members from now on, those that stand among them; an empty mapping none."""
        self._times = times

    def side_of(self, member: str) -> int:
        """The vote a member of this series made at its latest bar; 0 for none, and for a member of another series."""
        position = self.places.get(member)
        return 0 if position is None else int(self._sides[position])

    def unheard_news(self, ts: int) -> list[ShadowVotes | ShadowOutcome]:
        """What the members in the shadow did at the latest bar, which closed at ``ts``: closed trades, then votes."""
        if not self.unheard:
            return []
        found: list[ShadowVotes | ShadowOutcome] = [
            _outcome(self.members[place], self.symbol, trade)
            for place, trade in self.shadow.newest()
            if place in self.unheard
        ]
        places = [place for place in np.flatnonzero(self._sides).tolist() if place in self.unheard]
        if places:
            votes = {self.members[place].id: int(self._sides[place]) for place in places}
            found.append(ShadowVotes(self.symbol, self.timeframe, ts, votes))
        return found

    def miss(self) -> None:
        """The due bar did not come: the series is not current until the next one does."""
        self.last_missing = True

    def votes(self) -> list[Vote]:
        """Votes that still stand at the latest bar, in member order."""
        standing, bars = self._standing, self.bars
        for position in [position for position, (_, until) in standing.items() if until < bars]:
            del standing[position]
        found = [standing[position].vote for position in sorted(standing)]
        if self._times:
            times = self._times
            return [msgspec.structs.replace(one, weight=one.weight * times.get(one.member, 1.0)) for one in found]
        return found

    def record(self, position: int) -> Record:
        """The shadow record of the member at ``position``."""
        return self.shadow.record(position)

    def snapshot(self) -> SeriesState:
        """Everything later decisions depend on."""
        return SeriesState(
            self.bars,
            self.last_missing,
            {position: (vote.side, until, vote.ts) for position, (vote, until) in self._standing.items()},
            self.bank.snapshot(),
            self.shadow.snapshot(),
            b"" if self.forecasts is None else self.forecasts.snapshot(),
        )

    def restore(self, state: SeriesState, models: ModelSource | None = None) -> None:
        """Continues from ``state``; raises ``Corrupt`` when it belongs to other features or members."""
        if self.forecasts is not None:
            self.forecasts.restore(state.forecasts, models)
        self.bank.restore(state.bank)
        self.shadow.restore(state.shadow)
        self.bars = state.bars
        self.last_missing = state.last_missing
        self._standing = {}
        for position, (side, until, ts) in state.standing.items():
            self._stand(position, side, until, ts)


def _outcome(member: Member, symbol: str, trade: ShadowTrade) -> ShadowOutcome:
    return ShadowOutcome(
        member=member.id,
        symbol=symbol,
        timeframe=member.timeframe,
        ts_entry=trade.ts_entry,
        ts_exit=trade.ts_exit,
        side=trade.side,
        entry=trade.entry,
        exit=trade.exit,
        r=trade.r,
        net=trade.net,
        leg=trade.leg,
        ambiguous=trade.ambiguous,
    )
