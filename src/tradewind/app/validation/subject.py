"""One strategy of the book with all that a closer look at it needs: its batch, its bars, its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.strategy_pool import member_in
from tradewind.app.validation.selection import batch_of, symbols_of
from tradewind.app.validation.series import Series, series_of, terms_of
from tradewind.app.workspace import Workspace
from tradewind.errors import Corrupt, Rejected
from tradewind.features.rule import Family, Member, spec_hash
from tradewind.model.strategy import StoredStrategy
from tradewind.research.batch_search import Terms, searched_family, swept_trades
from tradewind.research.candidate_trades import Market, Runs, run_members
from tradewind.research.verdict import SignedVerdict, verdict_name, verify
from tradewind.validation.windows import Windows


class Subject(NamedTuple):
    """A strategy on one symbol. ``batch`` are all strategies of the book there, this one among them.

    ``windows`` are those of its verdict where it has one, and the bars are those that verdict was made on; else they
    are its family's on all bars stored. ``opened``: its verdict read the sealed window.
    """

    stored: StoredStrategy
    member: Member
    batch: tuple[Member, ...]
    series: Series
    terms: Terms
    windows: Windows
    verdict: SignedVerdict | None
    warnings: tuple[str, ...]

    @property
    def opened(self) -> bool:
        """Whether the sealed window may be shown: its verdict has looked into it."""
        reports = () if self.verdict is None else self.verdict.judgement.reports
        return any(report.looked_at for report in reports)

    @property
    def shown(self) -> Market:
        """The bars that may be read: up to the seal, and all of them after it was opened."""
        market = self.series.market
        return market if self.opened else market.within(self.windows.development)

    def runs(self) -> Runs:
        """The strategy's trades over ``shown``."""
        (found,) = run_members([self.member], self.shown)
        return found


def subject_of(
    workspace: Workspace,
    book: StrategyBook,
    families: Mapping[str, Family[Any]],
    name: str,
    *,
    symbol: str = "",
    seed: int = 1,
) -> Subject:
    """The strategy called ``name`` on ``symbol``, or where it was tried, or on the first configured one with candles.

    Raises:
        Misconfigured: there is no such strategy, or its family was changed.
        Unavailable: no candles are stored for it.
        Corrupt: its verdict is not what was signed.
    """
    stored = book.find(name)
    if symbol and stored.symbol not in ("", symbol):
        rows = book.select(symbol=symbol, family=stored.family, timeframe=stored.timeframe)
        stored = next((row for row in rows if row.spec_hash == stored.spec_hash), stored)
    member = member_in(stored, families)
    where = symbol or symbols_of(workspace, stored)[0]
    verdict, stale = _verdict(workspace, member, where)
    span = (None, None) if verdict is None else (verdict.windows.train.start, verdict.windows.sealed.end)
    series = series_of(workspace, where, stored.timeframe, *span)
    batch, warnings = batch_of(book, families, where, stored.timeframe)
    if all(spec_hash(one) != stored.spec_hash for one in batch):
        batch = (*batch, member)
    terms = terms_of(workspace.config, seed)
    if verdict is not None:
        windows = verdict.windows
    else:
        relatives = [one for one in batch if one.family == member.family]
        windows = searched_family(relatives, series.market, terms, swept_trades).windows
    return Subject(stored, member, batch, series, terms, windows, verdict, (*stale, *warnings, *series.warnings))


def _verdict(workspace: Workspace, member: Member, symbol: str) -> tuple[SignedVerdict | None, tuple[str, ...]]:
    """The verdict that counts; one of another version or project counts as none, and is warned about."""
    files = VerdictFiles(workspace.data)
    name = verdict_name(member.id, spec_hash(member), symbol)
    try:
        return (verify(files.read(name), files.key()), ()) if name in files.names() else (None, ())
    except Corrupt as fault:
        raise Corrupt(fault.found, where=files.place(name), next_step=fault.next_step) from fault
    except Rejected as fault:
        return None, (f"{name} does not count: {fault}",)
