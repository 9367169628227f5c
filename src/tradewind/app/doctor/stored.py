"""What is stored: candles of the configured symbols, their seals, the database, and time against both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tradewind.adapters.market.candle_store import CandleStore
from tradewind.adapters.market.sealed.recovery import series_at
from tradewind.adapters.store.inspection import inspect
from tradewind.adapters.store.opening import database_at
from tradewind.app.doctor.finding import Finding, State
from tradewind.app.doctor.markets import clock_finding
from tradewind.errors import TradewindError
from tradewind.model.timeframe import SECOND


def look_at_candles(store: CandleStore, symbols: tuple[str, ...]) -> Iterator[Finding]:
    """Whether each symbol has history, and whether its files still are what was sealed."""
    try:
        datasets, unreadable = store.datasets(), store.unreadable()
    except TradewindError as fault:
        yield Finding("data", "candle store", State.FAIL, fault.found, fault.next_step)
        return
    for one in unreadable:
        yield Finding("data", one.where, State.FAIL, one.found, one.next_step)
    stored = {dataset.symbol for dataset in datasets}
    stored |= {series[0] for one in unreadable if (series := series_at(Path(one.where).parent))}
    for symbol in symbols:
        if symbol not in stored:
            advice = "`tradewind data import FILE --symbol PAIR --interval 1h`, or `tradewind data fetch`"
            yield Finding("data", symbol, State.WARN, "no stored candles", advice)
    for dataset in datasets:
        name = f"{dataset.symbol} {dataset.timeframe}"
        damage = store.damage(dataset.symbol, dataset.timeframe)
        if damage:
            advice = f"`tradewind data verify --symbol {dataset.symbol} --interval {dataset.timeframe} --repair`"
            yield Finding("data", name, State.FAIL, f"{len(damage)} damaged files: {damage[0].found}", advice)
        else:
            yield Finding("data", name, State.OK, "stored and intact")


def look_at_clock(store: CandleStore, now: int) -> Iterator[Finding]:
    """A host clock behind the newest stored bar is wrong, whoever set it."""
    try:
        newest = max((dataset.ts_last for dataset in store.datasets()), default=0)
    except TradewindError:
        newest = 0
    if newest > now:
        yield clock_finding("the newest stored bar", (now - newest) / SECOND, 0.0)
    else:
        yield Finding("clock", "host clock", State.OK, "not behind the stored data")


def look_at_places(folder: Path, models: str, logs: str, reports: str) -> Iterator[Finding]:
    """Whether the project's folders are there and can be written."""
    for name in (models, logs, reports):
        place = folder / name
        if not place.is_dir():
            yield Finding("project", name, State.WARN, "no such folder", "`tradewind init` creates it")


def look_at_store(path: Path) -> Iterator[Finding]:
    """Pages, references, hash chain and tables of the database; without a file there is nothing to look at."""
    if not path.is_file():
        yield Finding("store", "database", State.OK, f"none yet at {path}; the first run creates it")
        return
    database = database_at(path)
    try:
        for check in inspect(database):
            advice = "" if check.ok else "`tradewind db check` says more; restore a backup, nothing was changed"
            yield Finding("store", check.check, State.OK if check.ok else State.FAIL, check.detail, advice)
    except TradewindError as fault:
        yield Finding("store", "database", State.FAIL, str(fault), fault.next_step)
    finally:
        database.close()
