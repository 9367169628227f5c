"""Which strategies of the book are good enough: the bar, the one lower bar there is, and then a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tradewind.adapters.ledger.trial_ledger import FILE_NAME
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.app.settings.root import AppConfig
from tradewind.app.settings.trading import StrategySettings
from tradewind.errors import Misconfigured, Unavailable
from tradewind.features.rule import Family, Member, member_of, spec_hash
from tradewind.model.strategy import StoredStrategy

RESEARCH = "tradewind research"


class Ranked(NamedTuple):
    """The best validated strategies, the confidence they were held to, and what a person must be told about it."""

    strategies: tuple[StoredStrategy, ...]
    min_confidence: float
    warnings: tuple[str, ...]


def best_of(
    book: StrategyBook,
    settings: StrategySettings,
    *,
    family: str | None = None,
    timeframe: str | None = None,
    symbol: str | None = None,
) -> Ranked:
    """The best validated strategies that reach ``strategies.min_confidence`` with ``strategies.min_trades``.

    Where none does, those that reach ``strategies.fallback_min_confidence``, with a warning that says so. There is no
    third try.

    Raises:
        Unavailable: no validated strategy reaches even that; the message says what the book holds and what to run.
    """
    for bar in dict.fromkeys((settings.min_confidence, settings.fallback_min_confidence)):
        found = book.get_top_strategies(
            100.0 * bar, settings.min_trades, settings.limit, family=family, timeframe=timeframe, symbol=symbol
        )
        if found:
            return Ranked(found, bar, () if bar == settings.min_confidence else (_lowered(settings, len(found)),))
    counts = ", ".join(f"{n} {status}" for status, n in book.counts().items() if n) or "nothing"
    raise Unavailable(
        f"no validated strategy with {settings.min_trades} trades reaches a confidence of"
        f" {settings.fallback_min_confidence:.0%} (the book holds: {counts})",
        where=str(book.database.path),
        allowed="validated strategies; the bar is not lowered any further",
        next_step=RESEARCH,
    )


def member_in(stored: StoredStrategy, families: Mapping[str, Family[Any]]) -> Member:
    """The member a stored strategy stands for, under its id in the book; ``families`` are those of the project.

    Raises:
        Misconfigured: its family is gone or was changed, so that it would not do what was judged.
    """
    family = families.get(stored.family)
    if family is None:
        raise Misconfigured(
            f"{stored.id} is of the family {stored.family}, which is gone",
            where="strategy book",
            allowed=", ".join(families),
            next_step="bring its file back, or disable it",
        )
    params = family.params_of(msgspec.json.decode(stored.params))
    member = member_of(family, stored.timeframe, params, max(stored.version, 1), stored.weight)
    if spec_hash(member) != stored.spec_hash:
        raise Misconfigured(
            f"{stored.id} is not what was judged: its family {stored.family} was changed since",
            where="strategy book",
            allowed=f"the rule behind spec hash {stored.spec_hash}",
            next_step=f"disable it, or judge it again: {RESEARCH}",
        )
    return msgspec.structs.replace(member, id=stored.id)


def ledger_path(config: AppConfig, folder: Path = Path()) -> Path:
    """Where a project keeps its trial ledger: in its data folder, whatever database is in use."""
    return folder / config.paths.data / FILE_NAME


def _lowered(settings: StrategySettings, count: int) -> str:
    return (
        f"no validated strategy reaches a confidence of {settings.min_confidence:.0%}; the bar was lowered to"
        f" {settings.fallback_min_confidence:.0%} (strategies.fallback_min_confidence), which {count} reach"
    )
