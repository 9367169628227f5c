"""Which strategies of the book are judged, on which symbols, and which others belong to their batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.app.instruments import instrument_for
from tradewind.app.strategy_pool import member_in
from tradewind.app.workspace import Workspace
from tradewind.errors import Misconfigured, Unavailable
from tradewind.features.rule import Family, Member, spec_hash
from tradewind.model.report import Verdict
from tradewind.model.strategy import StoredStrategy, StrategyStatus
from tradewind.model.timeframe import Timeframe


class Asked(NamedTuple):
    """What is to be judged: strategies by name, or those of a status and family.

    ``symbols`` are canonical, empty where none were given: a strategy then stays with its own.
    """

    names: tuple[str, ...] = ()
    family: str | None = None
    status: StrategyStatus = StrategyStatus.CANDIDATE
    symbols: tuple[str, ...] = ()
    timeframe: Timeframe | None = None


class Work(NamedTuple):
    """One batch: every strategy of the book on a symbol and timeframe, and which of them are ``judged``.

    ``proven`` are those that have a passed verdict already, ``warnings`` names those that can no longer be run.
    """

    symbol: str
    timeframe: Timeframe
    members: tuple[Member, ...]
    judged: frozenset[str]
    proven: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()


def works_of(
    workspace: Workspace, book: StrategyBook, families: Mapping[str, Family[Any]], asked: Asked, now: int
) -> tuple[Work, ...]:
    """The batches of what was asked for; strategies that were tried nowhere yet are entered for their symbols.

    Raises:
        Misconfigured: a name that is none, or a strategy whose family was changed.
        Unavailable: the book holds nothing that was asked for.
    """
    wanted: dict[tuple[str, Timeframe], list[Member]] = {}
    for row in _rows(book, asked):
        member = member_in(row, families)
        for symbol in _symbols_for(workspace, row, asked):
            wanted.setdefault((symbol, row.timeframe), []).append(member)
    if not wanted:
        raise Unavailable(
            f"the book holds no {asked.status} strategy that was asked for; in it are {said_of(book.counts())}",
            where=str(book.database.path),
            next_step="tradewind strategy generate, or ask for others: tradewind strategy list --all",
        )
    works = []
    for (symbol, timeframe), members in wanted.items():
        kind = str(instrument_for(workspace.config, symbol).asset_class)
        book.add(members, now, symbol=symbol, asset_class=kind)
        every, warnings = batch_of(book, families, symbol, timeframe)
        rows = book.select(symbol=symbol, timeframe=timeframe)
        proven = frozenset(row.spec_hash for row in rows if row.verdict == Verdict.PASS)
        works.append(Work(symbol, timeframe, every, frozenset(map(spec_hash, members)), proven, warnings))
    return tuple(works)


def said_of(counts: Mapping[str, int]) -> str:
    """How many strategies of which status there are, in words."""
    return ", ".join(f"{n} {status}" for status, n in counts.items() if n) or "none at all"


def batch_of(
    book: StrategyBook, families: Mapping[str, Family[Any]], symbol: str, timeframe: Timeframe
) -> tuple[tuple[Member, ...], tuple[str, ...]]:
    """Every strategy that was entered for the symbol and timeframe, in the order of its name, refused ones too.

    The second part warns of those that can no longer be run: they stay trials of the ledger.
    """
    rows = book.select(symbol=symbol, timeframe=timeframe)
    members, warnings = [], []
    for row in sorted(rows, key=lambda one: (one.family, one.version)):
        try:
            members.append(member_in(row, families))
        except Misconfigured as fault:
            warnings.append(f"{fault}: left out of the batch")
    return tuple(members), tuple(warnings)


def _rows(book: StrategyBook, asked: Asked) -> Iterable[StoredStrategy]:
    if asked.names:
        return [book.find(name) for name in asked.names]
    rows = book.select(status=asked.status, family=asked.family, timeframe=asked.timeframe)
    return sorted(rows, key=lambda one: (one.family, one.timeframe.rank, one.version))


def _symbols_for(workspace: Workspace, row: StoredStrategy, asked: Asked) -> Sequence[str]:
    """Its own symbol; those asked for where it was named, or has none yet; else every configured one with candles."""
    if asked.symbols:
        return asked.symbols if asked.names or not row.symbol else [one for one in asked.symbols if one == row.symbol]
    return symbols_of(workspace, row)


def symbols_of(workspace: Workspace, row: StoredStrategy) -> Sequence[str]:
    """Where a strategy belongs: the symbol it was tried on, else every configured one with candles."""
    if row.symbol:
        return [row.symbol]
    stored = [one for one in workspace.symbols() if _has(workspace, one, row.timeframe)]
    return stored or workspace.symbols()[:1]  # which then says what is not stored


def _has(workspace: Workspace, symbol: str, timeframe: Timeframe) -> bool:
    return any(one.rank <= timeframe.rank for one in workspace.stored(symbol))
