"""A search over one family's parameters, with everything it tries in the trial ledger and in the strategy book."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tradewind.adapters.optuna_search import OptunaSearch
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.app.gate import window_rules_of
from tradewind.app.own_strategies import family_called
from tradewind.app.validation.project_ledger import project_ledger
from tradewind.app.validation.series import Series
from tradewind.app.workspace import Workspace
from tradewind.errors import Misconfigured
from tradewind.features.rule import Family
from tradewind.features.rule_space import preset_for
from tradewind.model.report import Window
from tradewind.model.timeframe import Timeframe
from tradewind.research.batch_search import span_of
from tradewind.research.optimize import Objective, Optimized, Tried, optimized, train_window, trials_in
from tradewind.research.space import Space


class Wish(NamedTuple):
    """What to search. ``min_trades`` None takes the gates' least number for the train window, ``preset`` "" the stops
    of the symbol's asset class.
    """

    family: str
    timeframe: Timeframe
    objective: Objective
    trials: int
    seed: int
    min_trades: int | None = None
    preset: str = ""


class Optimization(NamedTuple):
    """What came of it: ``ids`` are the names in the book by spec hash, ``ledger_trials`` what the ledger holds now."""

    wish: Wish
    series: Series
    window: Window
    preset: str
    min_trades: int
    found: Optimized
    ids: Mapping[str, str]
    ledger_trials: int
    ledger_head: tuple[int, str]
    notes: tuple[str, ...]


def space_of(wish: Wish, families: Mapping[str, Family[Any]], preset: str) -> Space:
    """The space of the family wished for.

    Raises:
        Misconfigured: there is no such family or preset, nothing can be drawn for it, or its timeframes are shorter.
    """
    family = families[family_called(wish.family, families)]
    if not family.space or wish.timeframe.rank > family.longest.rank:
        why = f"votes on {family.longest} at most" if family.space else "says nothing of what a search may draw"
        raise Misconfigured(f"{wish.family} {why}", where="--family", allowed="see `tradewind strategy families`")
    return Space(family, preset)


def optimize(
    workspace: Workspace,
    series: Series,
    wish: Wish,
    families: Mapping[str, Family[Any]],
    now: int,
    *,
    advance: Callable[[float], None],
    go_on: Callable[[], bool],
) -> Optimization:
    """Searches; each batch is durable in ledger and book before the search hears of it.

    Typed again it tries the same sets, and what stands in the ledger is not counted twice.

    Raises:
        Misconfigured: Optuna is not installed, or nothing can be searched.
        Rejected: the bars are too few for any proof.
        Retryable: another process writes the trial ledger.
    """
    config = workspace.config
    preset = wish.preset or preset_for(series.instrument.asset_class)
    min_trades = wish.min_trades or config.gate.min_train
    space = space_of(wish, families, preset)
    search = OptunaSearch(space.ranges, wish.seed)
    window = train_window(span_of(series.market), window_rules_of(config.gate))
    train = series.market.within(window)
    ids: dict[str, str] = {}
    with (
        StrategyBook.open(workspace.database, now) as book,
        project_ledger(config, workspace.data, workspace.folder) as ledger,
    ):

        def keep(batch: Sequence[Tried]) -> None:
            ledger.append(trials_in(batch, train, series.symbol, series.data_hash), now)
            members = [one.member for one in batch]
            kind = str(series.instrument.asset_class)
            added = book.add(members, now, symbol=series.symbol, asset_class=kind)
            ids.update(zip([one.spec for one in batch], added.ids, strict=True))
            advance(len(batch))

        found = optimized(
            space, wish.timeframe, train, search, wish.objective,
            count=wish.trials, min_trades=min_trades, keep=keep, go_on=go_on,
        )  # fmt: skip
        distinct = ledger.population().distinct
        return Optimization(wish, series, window, preset, min_trades, found, ids, distinct, ledger.head, ledger.notes)


def luck(optimization: Optimization) -> float | None:
    """The spread (standard deviation, ddof 1) of the scores: how far apart sets of this family lie; None below two."""
    scores = [one.score for one in optimization.found.tried if one.score is not None]
    return float(np.std(scores, ddof=1)) if len(scores) > 1 else None
