"""What kept bars from becoming signals: the refusals of the store's run, by their first and by all their reasons."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from statistics import median
from typing import Final, NamedTuple

import msgspec

from tradewind.adapters.store.reader import Queryable
from tradewind.app.ask.recorded import DecisionTable
from tradewind.app.signal_text import WORDS, part_of
from tradewind.model.decision import Reason
from tradewind.model.timeframe import DAY, Timeframe

_RANGE: Final = "SELECT ts, kind, summary FROM decisions WHERE symbol = ? AND timeframe = ? AND ts > ? AND ts <= ?"


class _Refusal(msgspec.Struct, frozen=True):
    """The reasons in a decision's summary, whatever its kind."""

    reasons: tuple[Reason, ...] = ()
    reason: Reason | None = None

    @property
    def every(self) -> tuple[Reason, ...]:
        return self.reasons or (() if self.reason is None else (self.reason,))


_DECODER: Final = msgspec.json.Decoder(_Refusal)


class BlockRow(msgspec.Struct, frozen=True):
    """One reason: ``first`` times it was the first of its bar, ``times`` in all; median value met and last limit."""

    code: str
    part: str
    words: str
    first: int
    times: int
    value: float | None
    limit: float | None


class Block(msgspec.Struct, frozen=True):
    """One refused bar with the reasons it was refused for."""

    ts: int
    symbol: str
    timeframe: Timeframe
    reasons: tuple[Reason, ...]


EXPECTED: Final[dict[str, tuple[float, float]]] = {"news": (5.0, 10.0), "correlation": (2.0, 5.0)}
"""Signals that a filter keeps back in 30 days, as expected of a desk of four pairs on hourly bars."""
MONTH: Final = 30.0
_ENOUGH: Final = 7.0


class Band(msgspec.Struct, frozen=True):
    """What a filter kept back against what is expected of it.

    ``hits`` are bars that nothing but filters kept from being a signal, this one among them; ``share`` of all bars that
    would have been signals without filters (null: there were none). ``per_month`` is hits in 30 days. ``verdict`` is
    inside, below, above, or too_short where less than 7 days were looked at.
    """

    code: str
    hits: int
    share: float | None
    per_month: float
    low: float
    high: float
    verdict: str


class BlockStats(msgspec.Struct, frozen=True):
    """Decisions with ``since < ts <= until``. The ``first`` of all rows sum to ``blocked`` = decisions - signals.

    ``by_filters`` counts the bars that at least one filter objected to.
    """

    days: float
    since: int
    until: int
    decisions: int
    signals: int
    blocked: int
    by_filters: int
    rows: tuple[BlockRow, ...]
    newest: tuple[Block, ...]
    bands: tuple[Band, ...] = ()


class _Seen(NamedTuple):
    symbol: str
    timeframe: Timeframe
    ts: int
    kind: str
    reasons: tuple[Reason, ...]


def block_stats(database: Queryable, symbols: tuple[str, ...], days: float, newest: int) -> BlockStats:
    """Counts the refusals of ``symbols`` over the last ``days`` before the newest decision; 0 days: the whole run."""
    until = max((last for symbol in symbols for last in _lasts(database, symbol)), default=0)
    since = until - int(days * DAY) if days else -1
    first: Counter[str] = Counter()
    times: Counter[str] = Counter()
    values: defaultdict[str, list[float]] = defaultdict(list)
    limits: dict[str, float] = {}
    blocks: list[Block] = []
    decisions = signals = by_filters = 0
    alone: Counter[str] = Counter()
    kept_back = 0
    begun = until
    for one in _decisions(database, symbols, since, until):
        decisions += 1
        begun = min(begun, one.ts)
        if one.kind == "signal":
            signals += 1
            continue
        first[one.reasons[0].code] += 1
        by_filters += any(part_of(reason.code) == "filters" for reason in one.reasons)
        if all(part_of(reason.code) == "filters" for reason in one.reasons):
            kept_back += 1
            alone.update({reason.code for reason in one.reasons})
        for reason in one.reasons:
            times[reason.code] += 1
            if reason.value is not None:
                values[reason.code].append(reason.value)
            if reason.limit is not None:
                limits[reason.code] = reason.limit
        if newest:
            blocks.append(Block(one.ts, one.symbol, one.timeframe, one.reasons))
    rows = [
        BlockRow(
            code=code,
            part=part_of(code),
            words=WORDS.get(code, ""),
            first=first[code],
            times=count,
            value=median(values[code]) if code in values else None,
            limit=limits.get(code),
        )
        for code, count in sorted(times.items(), key=lambda item: (-first[item[0]], -item[1], item[0]))
    ]
    blocks.sort(key=lambda block: block.ts)
    return BlockStats(
        days=days,
        since=max(since, 0),
        until=until,
        decisions=decisions,
        signals=signals,
        blocked=decisions - signals,
        by_filters=by_filters,
        rows=tuple(rows),
        newest=tuple(reversed(blocks[-newest:])) if newest else (),
        bands=tuple(_band(code, alone[code], signals + kept_back, (until - begun) / DAY) for code in EXPECTED),
    )


def _band(code: str, hits: int, possible: int, days: float) -> Band:
    low, high = EXPECTED[code]
    per_month = hits * MONTH / days if days > 0.0 else 0.0
    verdict = "below" if per_month < low else "above" if per_month > high else "inside"
    share = hits / possible if possible else None
    return Band(code, hits, share, per_month, low, high, verdict if days >= _ENOUGH else "too_short")


def _lasts(database: Queryable, symbol: str) -> Iterator[int]:
    table = DecisionTable(database)
    for timeframe in table.timeframes(symbol):
        found = table.at_or_before(symbol, timeframe)
        if found is not None:
            yield found.ts


def _decisions(database: Queryable, symbols: tuple[str, ...], since: int, until: int) -> Iterator[_Seen]:
    table = DecisionTable(database)
    for symbol in symbols:
        for timeframe in table.timeframes(symbol):
            for ts, kind, summary in database.query(_RANGE, (symbol, timeframe.value, since, until))[1]:
                reasons = () if kind == "signal" else _DECODER.decode(summary).every
                yield _Seen(symbol, timeframe, ts, kind, reasons)
