"""The search phase of a batch: what the members of each family showed before their sealed window, and all joined.

Nothing here is given a bar of a sealed window: ``searchable`` cuts them off before any window is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.ensemble.shadow import ShadowColumns
from tradewind.features.rule import Member, spec_hash
from tradewind.model.report import Window
from tradewind.research.candidate_trades import Market, daily_returns_of, inside_of, run_members
from tradewind.research.sweep import Sweep
from tradewind.validation.gates_profiles import HONEST, Profile, train_criteria, window_missed
from tradewind.validation.gates_rows import Limits
from tradewind.validation.gates_screen import CRITERIA, MET, TrainColumns, first_missed
from tradewind.validation.return_metrics import return_metrics
from tradewind.validation.windows import WindowRules, Windows, windows_of

TradesOf = Callable[[Sequence[Member], Market], Sequence[ShadowColumns]]
"""The closed trades of every member over all bars of a market."""

_BEFORE_RETURNS: Final = CRITERIA.index("train.sharpe")


class Terms(NamedTuple):
    """What a batch is held to: the profile that decides, the limits of the gates, how spans are cut, and the seed."""

    seed: int
    deciding: Profile = HONEST
    limits: Limits = Limits()
    rules: WindowRules = WindowRules()


class FamilySearch(NamedTuple):
    """What the members of one family showed before their sealed window, one row a member.

    ``trades`` int64 ``(n,)`` closed before the seal. ``missed`` int8 ``(n,)`` is the first criterion of the train
    window that is missed, a place in ``gates_screen.CRITERIA``, ``MET`` for none. ``train`` has its Sharpe ratio and
    drawdown where the criteria before them are met, else NaN. ``daily`` float32 ``(n, days)`` is net R by trading
    day of the exit, the days being ``days`` (of ``Market.day``), all of them before the seal.
    """

    windows: Windows
    trades: NDArray[np.int64]
    train: TrainColumns
    missed: NDArray[np.int8]
    daily: NDArray[np.float32]
    days: NDArray[np.int64]


class ExitDays(NamedTuple):
    """Trading days to sum over: the last close of each day of a market, and its place among the ``n`` asked for.

    The place is ``n`` for a day that was not asked for.
    """

    close: NDArray[np.int64]
    place: NDArray[np.int64]
    n: int

    @classmethod
    def of(cls, market: Market, days: NDArray[np.int64]) -> ExitDays:
        """``days`` ascend and are of ``market.day``."""
        last = np.flatnonzero(np.append(np.diff(market.day) != 0, market.day.size > 0))
        place = np.searchsorted(days, market.day[last])
        known = place < days.size
        known[known] = days[place[known]] == market.day[last][known]
        return cls(market.columns.ts_close[last], np.where(known, place, days.size), days.size)

    def net_r(self, trades: ShadowColumns) -> NDArray[np.float32]:
        """``daily_r`` of the trades of one member."""
        place = self.place[np.searchsorted(self.close, trades.ts_exit)]
        known = place < self.n
        sums: NDArray[np.float32] = np.bincount(place[known], trades.r[known], self.n).astype(np.float32)
        return sums


class Candidate(NamedTuple):
    """A member, its hash, and the windows of its family; ``missed`` names the criterion that refused it already."""

    member: Member
    spec: str
    windows: Windows
    missed: str = ""


class Searched(NamedTuple):
    """A whole batch after its search, candidates in the order of the families given.

    ``trades`` int64 ``(n,)`` and ``daily`` float32 ``(n, days)`` end at the earliest of all seals, at ``end``.
    """

    candidates: tuple[Candidate, ...]
    trades: NDArray[np.int64]
    daily: NDArray[np.float32]
    start: int
    end: int


def span_of(market: Market) -> Window:
    """First open to last close of the market's bars."""
    return Window(int(market.columns.ts_open[0]), int(market.columns.ts_close[-1]))


def searchable(market: Market, rules: WindowRules) -> Market:
    """The bars that may be read before any window is known: no family's sealed window begins before their end."""
    span = span_of(market)
    return market.within(windows_of(span, np.empty(0, dtype=np.int64), rules=rules).development)


def shadow_trades(members: Sequence[Member], market: Market) -> tuple[ShadowColumns, ...]:
    """The trades of ``members`` by the shadow book."""
    return tuple(one.own for one in run_members(members, market))


def swept_trades(members: Sequence[Member], market: Market) -> tuple[ShadowColumns, ...]:
    """The same trades by the sweep, which is much faster for many members."""
    return Sweep(members, market.columns, market.costs).trades()


def searched_family(
    members: Sequence[Member],
    market: Market,
    terms: Terms,
    trades_of: TradesOf = shadow_trades,
) -> FamilySearch:
    """One family's members over ``market``, whose bars from the sealed window on are cut off first.

    The windows are the whole family's: give all its members that are tried together.
    """
    before = searchable(market, terms.rules)
    every = trades_of(members, before)
    exits = np.concatenate([one.ts_exit for one in every])
    windows = windows_of(span_of(market), exits, members=len(members), rules=terms.rules)
    own = [inside_of(one, windows.development) for one in every]
    train = _train_of(own, before, windows, terms)
    sealed = market.day[market.columns.ts_close > windows.sealed.start]
    days = np.unique(before.day)
    days = days[days < sealed[0]] if sealed.size else days
    exits_by_day = ExitDays.of(before, days)
    return FamilySearch(
        windows,
        np.array([one.r.size for one in own], dtype=np.int64),
        train,
        first_missed(train, terms.limits, train_criteria(terms.deciding)),
        np.stack([exits_by_day.net_r(one) for one in own]),
        days,
    )


def daily_r(trades: ShadowColumns, market: Market, days: NDArray[np.int64]) -> NDArray[np.float32]:
    """Net R by trading day of the exit, shape of ``days`` (ascending, of ``market.day``); other days are left out.

    The days are those of the returns that a Sharpe ratio is taken of later: its spread over the trials must be measured
    in the same unit, and a week of currencies has five trading days in six of UTC.
    """
    return ExitDays.of(market, days).net_r(trades)


def joined(
    members: Sequence[Sequence[Member]], families: Sequence[FamilySearch], market: Market, terms: Terms
) -> Searched:
    """One batch of all families; ``members`` are those of each, in its order."""
    size = min(one.days.size for one in families)
    candidates = tuple(
        Candidate(member, spec_hash(member), found.windows, refused or ("" if missed == MET else CRITERIA[missed]))
        for some, found in zip(members, families, strict=True)
        for refused in (window_missed(found.windows, terms.deciding),)
        for member, missed in zip(some, found.missed.tolist(), strict=True)
    )
    return Searched(
        candidates,
        np.concatenate([one.trades for one in families]),
        np.concatenate([one.daily[:, :size] for one in families]),
        span_of(market).start,
        min(one.windows.sealed.start for one in families),
    )


def by_family(members: Sequence[Member]) -> tuple[tuple[Member, ...], ...]:
    """The members of each family together, families and members in the order in which they come."""
    groups: dict[str, list[Member]] = {}
    for member in members:
        groups.setdefault(member.family, []).append(member)
    return tuple(map(tuple, groups.values()))


def _train_of(own: Sequence[ShadowColumns], before: Market, windows: Windows, terms: Terms) -> TrainColumns:
    """The train window in columns; daily returns are marked for those alone that meet the criteria on trades."""
    kept = [inside_of(one, windows.train) for one in own]
    n = len(kept)
    unknown = np.full(n, np.nan)
    counted = TrainColumns(
        np.array([one.r.size for one in kept], dtype=np.int64),
        np.array([(one.r > 0.0).sum() for one in kept], dtype=np.int64),
        np.array([one.r[one.r > 0.0].sum() for one in kept], dtype=np.float64),
        np.array([-one.r[one.r < 0.0].sum() for one in kept], dtype=np.float64),
        unknown,
        unknown,
    )
    missed = first_missed(counted, terms.limits, train_criteria(terms.deciding))
    sharpe, drawdown = unknown.copy(), unknown.copy()
    part = before.within(windows.train)
    for place in np.flatnonzero((missed == MET) | (missed >= _BEFORE_RETURNS)).tolist():
        found = return_metrics(daily_returns_of(kept[place], part), periods_per_year=before.periods_per_year)
        sharpe[place] = np.nan if found.sharpe is None else found.sharpe
        drawdown[place] = -found.max_drawdown if found.n else np.nan
    return counted._replace(sharpe=sharpe, drawdown=drawdown)
