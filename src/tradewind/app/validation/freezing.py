"""The baseline of the strategies that are proven now, as a file of the report folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tradewind import __version__
from tradewind.adapters.market.sealed.durable import sync_folder, write_durably
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.config import config_hash
from tradewind.app.judged_bars import JudgedBars
from tradewind.app.ledger_footing import footing_in
from tradewind.app.validation.selection import said_of
from tradewind.app.validation.subject import Subject, subject_of
from tradewind.app.verdict_shelf import on_file
from tradewind.app.workspace import Workspace
from tradewind.errors import Corrupt, Rejected, Unavailable
from tradewind.features.rule import Family
from tradewind.model.strategy import StrategyStatus
from tradewind.model.timeframe import SECOND
from tradewind.research.baseline import (
    SCHEMA,
    SHARES,
    FrozenBaseline,
    StrategyBaseline,
    feature_summaries,
    freeze,
    trade_summary,
)


def frozen_of(
    workspace: Workspace, book: StrategyBook, families: Mapping[str, Family[Any]], names: Sequence[str], now: int
) -> FrozenBaseline:
    """The baseline of the strategies named, or of every validated one.

    Raises:
        Unavailable: nothing is validated.
        Rejected: a strategy that was named is not proven, or not on what is stored now: its bars, the trial ledger.
        Corrupt: its bars are no longer those of its verdict.
    """
    wanted = list(names) or [row.id for row in book.select(status=StrategyStatus.VALIDATED)]
    if not wanted:
        raise Unavailable(
            f"no strategy is proven, so there is nothing to freeze; in the book are {said_of(book.counts())}",
            where=str(book.database.path),
            next_step=on_file(workspace.config).forgotten(book) or "tradewind validate",
        )
    found = [_baseline(_standing(workspace, subject_of(workspace, book, families, name))) for name in wanted]
    return FrozenBaseline(
        schema=SCHEMA,
        frozen_at=now,
        config_hash=config_hash(workspace.config),
        code_version=__version__,
        shares=SHARES,
        strategies=tuple(found),
    )


def write_baseline(workspace: Workspace, baseline: FrozenBaseline) -> Path:
    """``reports/baseline_YYYYMMDD.json``, with ``_2``, ``_3`` for later ones of the day: none is ever replaced."""
    day = datetime.fromtimestamp(baseline.frozen_at // SECOND, UTC).strftime("%Y%m%d")
    folder, number = workspace.reports, 1
    path = folder / f"baseline_{day}.json"
    while path.exists():
        number += 1
        path = folder / f"baseline_{day}_{number}.json"
    data = freeze(baseline, VerdictFiles(workspace.data).make_key())
    write_durably(path, lambda file: file.write(data))
    sync_folder(folder)
    return path


def _standing(workspace: Workspace, subject: Subject) -> Subject:
    """``subject``, if a run would still take its verdict for bars and ledger as they are stored now."""
    verdict = subject.verdict
    if verdict is not None and verdict.judgement.proven:
        why = JudgedBars(workspace.config, workspace.data).compared(verdict).refusal
        gone = footing_in(workspace.data)(verdict)
        if why or gone:
            raise Rejected(
                why or f"{subject.stored.id} has PASS on {verdict.symbol}, but it {gone}",
                allowed="what its verdict rests on, as a run asks for it",
                next_step="restore it, or validate the strategy on new data",
            )
    return subject


def _baseline(subject: Subject) -> StrategyBaseline:
    verdict = subject.verdict
    if verdict is None or not verdict.judgement.proven:
        said = "has no verdict that counts" if verdict is None else f"was judged {verdict.judgement.verdict.value}"
        raise Rejected(
            f"{subject.stored.id} {said}: there is nothing proven to hold its later results against",
            allowed="strategies with a passed verdict",
            next_step=f"tradewind validate {subject.stored.id}",
        )
    window, market = verdict.windows.sealed, subject.series.market
    trades = trade_summary(subject.runs().own, market, window)
    judged = next(
        (row.n for report in verdict.judgement.reports for row in report.rows if row.name == "sealed.trades"), None
    )
    if judged != trades.n:
        raise Corrupt(
            f"{subject.stored.id} has {trades.n} trades in its sealed window, its verdict counted {judged}",
            where=f"candles of {subject.series.symbol}",
            allowed=f"the bars of data hash {verdict.stamp.data_hash}, with the costs they were judged at",
            next_step="restore the candles and costs it was judged with, or validate it on new data",
        )
    return StrategyBaseline(
        id=subject.stored.id,
        spec_hash=subject.stored.spec_hash,
        family=subject.stored.family,
        symbol=subject.series.symbol,
        timeframe=subject.series.timeframe,
        simulated=subject.series.simulated,
        data_hash=verdict.stamp.data_hash,
        verdict_hash=subject.stored.verdict_hash or "",
        window=window,
        trades=trades,
        features=feature_summaries(subject.member, market, window),
    )
