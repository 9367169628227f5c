"""Where a backtest ends: before the sealed windows of strategies that may still be proven, or on the record."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from tradewind.app.settings.root import AppConfig
from tradewind.app.validation.project_ledger import project_ledger, proves_something
from tradewind.app.validation.series import KEPT_BACK, Series, series_of, terms_of
from tradewind.app.wiring import members_for, timeframes_of
from tradewind.app.workspace import Workspace
from tradewind.features.rule import Member, spec_hash
from tradewind.model.report import Window
from tradewind.model.timeframe import Timeframe
from tradewind.model.trial import Look
from tradewind.research.batch import looks_of
from tradewind.research.batch_search import Candidate, span_of
from tradewind.strategies import default_members
from tradewind.validation.windows import longest_sealed, windows_of


class SealedSeries(NamedTuple):
    """A series, the members that are run on it, and where the longest sealed window of a proof of them begins."""

    series: Series
    members: tuple[Member, ...]
    start: int


class SealedBars:
    """The sealed windows that a backtest of the configured strategies could look into.

    None are guarded in a project that proves nothing: without a trial ledger, without a verdict on file or in
    its strategy book, and with strategies as they are shipped. With ``all_members`` these are looked at like any other.
    Strategies of a person's own, by their rule or by their numbers, are guarded always: numbers that were turned until
    the last years look good are proven on these years no more.

    What is guarded is the longest window that a proof can have: another variant of the family may trade more seldom,
    and its window then begins earlier than the one of those that are run.
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
        start = longest_sealed(span_of(series.market), self._terms.rules, KEPT_BACK)
        return [] if start is None else [SealedSeries(series, tuple(members), start)]

    @property
    def start(self) -> int | None:
        """Where the earliest sealed window can begin, UTC nanoseconds; None where there is none."""
        return min((one.start for one in self.series), default=None)

    def record(self, start: int | None, end: int | None, data_hash: str, now: int) -> int:
        """Writes down, durable on return, that bars of ``[start, end)`` are read; returns how many looks that is.

        A look is of what is read of the longest window. The same reading again is not a second one.
        """
        looks = [look for one in self.series for look in self._looks(one, start, end)]
        if looks:
            with project_ledger(self._config, self._workspace.data, self._workspace.folder) as ledger:
                ledger.record_look(looks, opening=f"backtest {_content(looks, data_hash)}", now=now)
        return len(looks)

    def _looks(self, one: SealedSeries, start: int | None, end: int | None) -> Sequence[Look]:
        market, series = one.series.market, one.series
        span = span_of(market)
        first = one.start if start is None else max(one.start, start)
        last = span.end if end is None else min(span.end, end)
        if first >= last:
            return ()
        cut = windows_of(span, np.empty(0, dtype=np.int64), rules=self._terms.rules)
        windows = msgspec.structs.replace(cut, sealed=Window(first, last))
        candidates = [Candidate(member, spec_hash(member), windows) for member in one.members]
        return looks_of(candidates, market, series.symbol, series.data_hash, self._terms)


def _content(looks: Sequence[Look], data_hash: str) -> str:
    text = "\n".join([data_hash, *(str(look.key) for look in looks)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
