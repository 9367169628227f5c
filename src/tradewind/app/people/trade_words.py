"""What was earned, in lines for a chat: by day, week, month, pair and way out, from the closed trades of the run."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec

from tradewind.adapters.store.reader import Queryable
from tradewind.app.signal_text import percent, utc
from tradewind.model.timeframe import DAY, SECOND

_TRADES: Final = (
    "SELECT signal_id, symbol, predicted_direction, ts_entry, ts_exit, exit_leg, pnl_absolute, r, lots FROM"
    " trade_outcomes WHERE ts_exit > ? ORDER BY ts_exit, id"
)
_SUMMARIES: Final = (
    "SELECT s.id, s.summary FROM signals s JOIN (SELECT DISTINCT signal_id FROM trade_outcomes) t ON t.signal_id = s.id"
)
_VERSION: Final = re.compile(r"_\d+[a-z]+_v\d+$")
_TAGS: Final = 30
NONE_YET: Final = "No trade has been closed yet."


class _Consensus(msgspec.Struct):
    voters: tuple[str, ...]


class _Summary(msgspec.Struct):
    consensus: _Consensus


class Closed(NamedTuple):
    """One closed trade; ``net`` in account currency, after all costs."""

    signal_id: str
    symbol: str
    direction: str
    ts_entry: int
    ts_exit: int
    leg: str
    net: float
    r: float
    lots: float


def closed_trades(database: Queryable, since: int = 0) -> list[Closed]:
    """Trades that ended after ``since``, oldest first."""
    return [Closed(*row) for row in database.query(_TRADES, (since,))[1]]


def stats_lines(trades: Sequence[Closed]) -> list[str]:
    """Number, win rate, profit factor, expectancy, ways out."""
    if not trades:
        return ["Statistics", NONE_YET]
    won = [one.net for one in trades if one.net > 0.0]
    lost = -sum(one.net for one in trades if one.net < 0.0)
    factor = f"{sum(won) / lost:.2f}" if lost > 0.0 else "-"
    return [
        "Statistics",
        f"Trades: {len(trades)}, from {utc(trades[0].ts_entry)}",
        f"Win rate: {percent(len(won) / len(trades))}",
        f"Profit factor: {factor}",
        f"Expectancy: {sum(one.r for one in trades) / len(trades):+.3f} R a trade",
        f"Net: {sum(one.net for one in trades):+.2f}",
        *_grouped(trades, lambda one: one.leg),
    ]


def profit_lines(trades: Sequence[Closed], days: int, now: int) -> list[str]:
    """The result of the last ``days`` and of everything."""
    recent = [one for one in trades if one.ts_exit > now - days * DAY]
    return [
        f"Profit of {days} days",
        f"Net: {sum(one.net for one in recent):+.2f} in {len(recent)} trades",
        f"Whole run: {sum(one.net for one in trades):+.2f} in {len(trades)} trades",
    ]


def period_lines(trades: Sequence[Closed], form: str, title: str, count: int) -> list[str]:
    """One line a period, newest first; ``form`` is that of ``strftime`` (UTC)."""

    def named(one: Closed) -> str:
        return datetime.fromtimestamp(one.ts_exit // SECOND, UTC).strftime(form)

    lines = _grouped(trades, named)[::-1][:count]
    return [title, *(lines or [NONE_YET])]


def pair_lines(trades: Sequence[Closed]) -> list[str]:
    """One line a pair, the best first."""
    return ["Performance", *(_grouped(trades, lambda one: one.symbol, by_net=True) or [NONE_YET])]


def exit_lines(trades: Sequence[Closed]) -> list[str]:
    """One line a way out, the best first."""
    return ["Ways out", *(_grouped(trades, lambda one: one.leg, by_net=True) or [NONE_YET])]


def entry_tags(database: Queryable) -> dict[str, str]:
    """Who agreed on the entry of every traded signal: families of the voters, joined, such as ``A + B``."""
    found = {}
    for name, summary in database.query(_SUMMARIES)[1]:
        voters = msgspec.json.decode(summary, type=_Summary).consensus.voters
        found[str(name)] = " + ".join(sorted({_VERSION.sub("", voter) for voter in voters})) or "-"
    return found


def entry_lines(trades: Sequence[Closed], tags: Mapping[str, str]) -> list[str]:
    """One line for each set of families that agreed, the best first."""
    return ["Entries", *_best(trades, lambda one: tags.get(one.signal_id, "-"))]


def mix_lines(trades: Sequence[Closed], tags: Mapping[str, str]) -> list[str]:
    """One line for each entry with its way out, the best first."""
    return ["Entries and ways out", *_best(trades, lambda one: f"{tags.get(one.signal_id, '-')}, {one.leg}")]


def _best(trades: Sequence[Closed], name: Callable[[Closed], str]) -> list[str]:
    """The best groups, and what the others come to together."""
    totals: dict[str, float] = defaultdict(float)
    for one in trades:
        totals[name(one)] += one.net
    shown = set(sorted(totals, key=lambda tag: -totals[tag])[:_TAGS])
    rest = [one for one in trades if name(one) not in shown]
    lines = _grouped([one for one in trades if name(one) in shown], name, by_net=True)
    if rest:
        lines.append(f"{len(totals) - _TAGS} others: {sum(one.net for one in rest):+.2f} in {len(rest)} trades")
    return lines or [NONE_YET]


def trade_lines(trades: Sequence[Closed], count: int) -> list[str]:
    """The last trades, newest first."""
    shown = [
        f"{utc(one.ts_exit)}  {one.direction} {one.lots:g} {one.symbol}: {one.net:+.2f} ({one.r:+.2f} R), {one.leg}"
        for one in reversed(trades[-count:])
    ]
    return [f"Last {len(shown)} of {len(trades)} trades", *(shown or [NONE_YET])]


def _grouped(trades: Iterable[Closed], name: Callable[[Closed], str], *, by_net: bool = False) -> list[str]:
    nets: dict[str, list[float]] = {}
    for one in trades:
        nets.setdefault(name(one), []).append(one.net)
    order = sorted(nets, key=(lambda key: -sum(nets[key])) if by_net else str)
    return [f"{key}: {sum(nets[key]):+.2f} in {len(nets[key])} trades" for key in order]
