"""Where a backtest ends: before the sealed windows of strategies that may still be proven, or on the record."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tradewind.app.settings.root import AppConfig
from tradewind.app.validation.project_ledger import project_ledger, proves_something
from tradewind.app.validation.series import Series, series_of, terms_of
from tradewind.app.wiring import members_for, timeframes_of
from tradewind.app.workspace import Workspace
from tradewind.features.rule import Member, spec_hash
from tradewind.model.timeframe import Timeframe
from tradewind.model.trial import Look
from tradewind.research.batch import looks_of
from tradewind.research.batch_search import Candidate, Terms, by_family, searchable, span_of, swept_trades
from tradewind.strategies import default_members
from tradewind.validation.windows import windows_of


class SealedSeries(NamedTuple):
    """A series, and the members that are run on it with the windows a proof of them would have now."""

    series: Series
    candidates: tuple[Candidate, ...]


class SealedBars:
    """The sealed windows that a backtest of the configured strategies could look into.

    None are guarded in a project that proves nothing: without a trial ledger, without a verdict on file or in
    its strategy book, and with strategies as they are shipped. With ``all_members`` these are looked at like any other.
    Strategies of a person's own, by their rule or by their numbers, are guarded always: numbers that were turned until
    the last years look good are proven on these years no more.
    """

    def __init__(self, config: AppConfig, workspace: Workspace, symbols: Sequence[str], interval: Timeframe | None,
                 detail: str, *, all_members: bool = False) -> None:  # fmt: skip
        self._config = config
        self._workspace = workspace
        self._terms = terms_of(config, 0)
        self._all = all_members or proves_something(config, workspace.data, workspace.folder)
        self.series = tuple(
            one
            for symbol in symbols
            for timeframe in timeframes_of(config, workspace.base_of(symbol, interval, detail))
            for one in self._of(symbol, timeframe)
        )

    def _of(self, symbol: str, timeframe: Timeframe) -> list[SealedSeries]:
        shipped = {spec_hash(one) for one in default_members((timeframe,))}
        members = members_for(self._config, (timeframe,))
        if not self._all:
            members = tuple(one for one in members if spec_hash(one) not in shipped)
        if not members:
            return []
        series = series_of(self._workspace, symbol, timeframe)
        found = [one for some in by_family(members) for one in _candidates(some, series, self._terms)]
        return [SealedSeries(series, tuple(found))] if found else []

    @property
    def start(self) -> int | None:
        """Where the earliest sealed window begins, UTC nanoseconds; None where there is none."""
        starts = (one.windows.sealed.start for each in self.series for one in each.candidates)
        return min(starts, default=None)

    def record(self, start: int | None, end: int | None, data_hash: str, now: int) -> int:
        """Writes down, durable on return, that bars of ``[start, end)`` are read; returns how many looks that is.

        The same reading again is not a second one.
        """
        looks = [
            look
            for one in self.series
            for look in looks_of(
                one.candidates, one.series.market, one.series.symbol, one.series.data_hash, self._terms
            )
            if (end is None or look.start < end) and (start is None or look.end > start)
        ]
        if looks:
            with project_ledger(self._config, self._workspace.data, self._workspace.folder) as ledger:
                ledger.record_look(looks, opening=f"backtest {_content(looks, data_hash)}", now=now)
        return len(looks)


def _candidates(members: Sequence[Member], series: Series, terms: Terms) -> list[Candidate]:
    """One family's members with its windows as a proof would cut them; none where these bars can prove nothing."""
    before = searchable(series.market, terms.rules)
    exits = np.concatenate([one.ts_exit for one in swept_trades(members, before)])
    windows = windows_of(span_of(series.market), exits, members=len(members), rules=terms.rules)
    return [] if windows.reason else [Candidate(one, spec_hash(one), windows) for one in members]


def _content(looks: Sequence[Look], data_hash: str) -> str:
    text = "\n".join([data_hash, *(str(look.key) for look in looks)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
