"""The search of one symbol: every strategy's trades before the seal, by the sweep, family by family."""

from __future__ import annotations

import functools
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.app.research.folder import SWEPT, JobFolder, place_of
from tradewind.app.research.result import FamilyResult, SearchResult
from tradewind.app.validation.series import Series
from tradewind.ensemble.shadow import ShadowColumns
from tradewind.features.rule import Member
from tradewind.ports.executor import Executor
from tradewind.research.batch_search import FamilySearch, Searched, Terms, by_family, joined, searched_family
from tradewind.research.candidate_trades import Market
from tradewind.research.generator import distinct
from tradewind.research.sweep import Sweep
from tradewind.validation.gates_screen import TrainColumns
from tradewind.validation.histogram import histogram
from tradewind.validation.trial_matrix import daily_sharpes
from tradewind.validation.windows import Windows

Advance = Callable[[float], None]


class FoundFamily(NamedTuple):
    """A family's search; ``signature`` uint64 ``(n,)`` are equal where trades are."""

    found: FamilySearch
    signature: NDArray[np.uint64]


class SymbolSearch(NamedTuple):
    """The search of a symbol, rows in the order of the candidates."""

    searched: Searched
    train: TrainColumns
    signature: NDArray[np.uint64]
    sharpe: NDArray[np.float64]


def search_family(members: Sequence[Member], market: Market, terms: Terms) -> FoundFamily:
    """One family by the sweep."""
    signatures: list[int] = []

    def trades_of(some: Sequence[Member], before: Market) -> Sequence[ShadowColumns]:
        trades = Sweep(some, before.columns, before.costs).trades()
        signatures.extend(map(signature_of, trades))
        return trades

    found = searched_family(members, market, terms, trades_of)
    return FoundFamily(found, np.array(signatures, dtype=np.uint64))


def signature_of(trades: ShadowColumns) -> int:
    """A hash of side, entry and exit time of every trade: 64 bits of BLAKE2b."""
    digest = hashlib.blake2b(digest_size=8)
    for column in (trades.side, trades.ts_entry, trades.ts_exit):
        digest.update(np.ascontiguousarray(column).data)
    return int.from_bytes(digest.digest(), "little")


def search_symbol(
    folder: JobFolder,
    members: Sequence[Member],
    series: Series,
    terms: Terms,
    executor: Executor,
    advance: Advance,
) -> SymbolSearch:
    """The search of one symbol, from disk where an earlier life of the job has done it."""
    groups = by_family(members)
    stored = folder.kept_arrays(f"{place_of(series.symbol)}/{SWEPT}")
    if stored is not None:
        advance(len(members))
        return _joined(groups, [_unpacked(stored, k) for k in range(len(groups))], series, terms)
    work = functools.partial(search_family, market=series.market, terms=terms)
    found: list[FoundFamily] = []
    for group, one in zip(groups, executor.map_chunks(work, groups), strict=True):
        found.append(one)
        advance(len(group))
    arrays = {f"{name}_{k}": array for k, one in enumerate(found) for name, array in _packed(one).items()}
    folder.keep_arrays(f"{place_of(series.symbol)}/{SWEPT}", **arrays)
    return _joined(groups, found, series, terms)


def search_result(series: Series, search: SymbolSearch) -> SearchResult:
    """What is said about a search."""
    candidates = search.searched.candidates
    sorted_out = distinct(search.signature, search.searched.trades)
    columns = series.market.columns
    known = search.sharpe[np.isfinite(search.sharpe)]
    families = tuple(_family_result(search, group) for group in _runs([one.member.family for one in candidates]))
    return SearchResult(
        symbol=series.symbol,
        timeframe=series.timeframe,
        bars=len(columns.close),
        first_ts=int(columns.ts_open[0]),
        last_ts=int(columns.ts_close[-1]),
        source=series.source,
        simulated=series.simulated,
        data_hash=series.data_hash,
        trials=len(candidates),
        repeats=len(sorted_out.repeats),
        silent=len(sorted_out.silent),
        met=sum(not one.missed for one in candidates),
        met_ids=tuple(one.member.id for one in candidates if not one.missed),
        missed=dict(sorted(Counter(one.missed for one in candidates if one.missed).items())),
        families=families,
        sharpe=histogram(known),
        best_sharpe=float(known.max()) if known.size else None,
    )


def expectancy_of(train: TrainColumns) -> NDArray[np.float64]:
    """Net expectancy of the train window in R, NaN without trades, ``(n,)``."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: NDArray[np.float64] = np.where(train.trades > 0, (train.won - train.lost) / train.trades, np.nan)
    return found


def _joined(
    groups: Sequence[Sequence[Member]], found: Sequence[FoundFamily], series: Series, terms: Terms
) -> SymbolSearch:
    searched = joined(groups, [one.found for one in found], series.market, terms)
    trains = [one.found.train for one in found]
    train = TrainColumns(*(np.concatenate(columns) for columns in zip(*trains, strict=True)))
    return SymbolSearch(
        searched, train, np.concatenate([one.signature for one in found]), daily_sharpes(searched.daily)
    )


def _family_result(search: SymbolSearch, rows: slice) -> FamilyResult:
    candidates = search.searched.candidates[rows]
    worth = expectancy_of(search.train)[rows]
    return FamilyResult(
        candidates[0].member.family,
        len(candidates),
        sum(not one.missed for one in candidates),
        float(np.nanmax(worth)) if np.isfinite(worth).any() else None,
        candidates[0].windows,
    )


def _runs(names: Sequence[str]) -> list[slice]:
    """The stretches of equal names."""
    starts = [k for k, name in enumerate(names) if k == 0 or names[k - 1] != name]
    return [slice(first, last) for first, last in zip(starts, [*starts[1:], len(names)], strict=True)]


def _packed(one: FoundFamily) -> dict[str, Any]:
    """As arrays; of the daily results, nearly all of them zero, only the others."""
    found = one.found
    row, day = np.nonzero(found.daily)
    return {
        "windows": np.frombuffer(msgspec.json.encode(found.windows), dtype=np.uint8),
        "trades": found.trades,
        "train": np.array([column.astype(np.float64) for column in found.train]),
        "missed": found.missed,
        "days": found.days,
        "starts": np.searchsorted(row, np.arange(len(found.daily) + 1)).astype(np.uint32),
        "day": day.astype(np.uint16),
        "value": found.daily[row, day],
        "signature": one.signature,
    }


def _unpacked(stored: dict[str, Any], k: int) -> FoundFamily:
    part = {name.removesuffix(f"_{k}"): array for name, array in stored.items() if name.endswith(f"_{k}")}
    starts = part["starts"].astype(np.int64)
    daily = np.zeros((len(starts) - 1, len(part["days"])), dtype=np.float32)
    daily[np.repeat(np.arange(len(daily)), np.diff(starts)), part["day"]] = part["value"]
    trades, wins, *rest = part["train"]
    train = TrainColumns(trades.astype(np.int64), wins.astype(np.int64), *rest)
    windows = msgspec.json.decode(part["windows"].tobytes(), type=Windows)
    found = FamilySearch(windows, part["trades"], train, part["missed"], daily, part["days"])
    return FoundFamily(found, part["signature"])
