"""``tradewind strategy list|show|enable|disable|health``: the book of all strategies that were ever tried."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tradewind.adapters.store.location import absent
from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.control.asking import this_user
from tradewind.app.control.desk import UNSAID
from tradewind.app.control.free_text import one_line
from tradewind.app.database import database_path
from tradewind.app.own_strategies import families_of, family_called
from tradewind.app.settings.root import AppConfig
from tradewind.app.signal_text import percent, utc
from tradewind.app.strategy_pool import RESEARCH, best_of, member_in
from tradewind.app.strategy_stops import StopAt, stops_at, typed_prices
from tradewind.app.verdict_shelf import OnFile, on_file
from tradewind.app.workspace import Workspace
from tradewind.cli.contract import Report, table, warn
from tradewind.cli.options import split_symbols
from tradewind.errors import Misconfigured, Unavailable
from tradewind.model.strategy import StoredStrategy, StrategyStatus
from tradewind.model.timeframe import Timeframe
from tradewind.validation.health import WEIGHTS, HealthScore, health_score

POPULATION = 100
"""Validated strategies that the pool should hold before anything is launched; fewer are said, never made up for."""


class Filters(NamedTuple):
    """What was typed after ``strategy list``; None where nothing was. ``min_confidence`` is in percent."""

    min_confidence: float | None
    min_trades: int | None
    limit: int | None
    family: str | None
    interval: Timeframe | None
    symbol: str | None


def list_answer(config: Path | None, typed: Filters, everything: bool) -> Report:
    """The ranking, or with ``everything`` the whole book."""
    if typed.min_confidence is not None and 0.0 < typed.min_confidence < 1.0:
        raise Misconfigured(
            f"a confidence of {typed.min_confidence:g} percent", where="--min-confidence", allowed="0, or 1 to 100",
            next_step=f"write {100 * typed.min_confidence:g} for a probability of {typed.min_confidence:g}",
        )  # fmt: skip
    settings = load_config(config)
    files = on_file(settings)
    symbol = Workspace(settings).symbols((typed.symbol,))[0] if typed.symbol else None
    with _book(settings) as book:
        named = typed.family
        if named is not None:
            named = family_called(named, {*book.families(), *families_of(settings)})
        of: dict[str, Any] = {"family": named, "timeframe": typed.interval, "symbol": symbol}
        counts = book.counts()
        _told(files, book)
        if everything:
            share = None if typed.min_confidence is None else typed.min_confidence / 100.0
            found = book.select(**of, min_confidence=share, min_trades=typed.min_trades, limit=typed.limit)
            return _listed(found, counts, {}, files, "Every strategy")
        bars: dict[str, float | None] = {"min_trades": typed.min_trades, "limit": typed.limit}
        if typed.min_confidence is not None:  # a bar that was typed is not lowered
            share = typed.min_confidence / 100.0
            bars |= {"min_confidence": share, "fallback_min_confidence": share}
        given = {name: value for name, value in bars.items() if value is not None}
        ranked = best_of(book, msgspec.structs.replace(settings.strategies, **given), **of)
    warn(ranked.warnings)
    said = {"min_confidence": ranked.min_confidence, "warnings": ranked.warnings}
    title = f"Validated strategies of at least {ranked.min_confidence:.0%} confidence, best first"
    return _listed(ranked.strategies, counts, said, files, title)


def _listed(
    found: Sequence[StoredStrategy], counts: dict[str, int], said: dict[str, Any], files: OnFile, title: str
) -> Report:
    validated = counts[StrategyStatus.VALIDATED]
    short = max(0, POPULATION - validated)
    document = {
        **said,
        "counts": counts,
        "population": {"validated": validated, "target": POPULATION, "short": short},
        "strategies": [_document(one, files) for one in found],
    }
    warn(files.missing(found))
    rows = [
        (one.id, _pair(one, files) or None, _status(one, files), one.trades, percent(one.win_rate),
         percent(one.win_rate_low), percent(one.breakeven), one.profit_factor, one.sharpe_ratio,
         percent(one.confidence), one.verdict or None, one.reason or None)
        for one in found
    ]  # fmt: skip
    names = ["strategy", "pair", "status", "trades", "win rate", "at least", "break-even", "profit factor", "Sharpe",
             "confidence", "verdict", "reason"]  # fmt: skip
    held = ", ".join(f"{count} {status}" for status, count in counts.items() if count) or "nothing"
    missing = f" {short} short of the {POPULATION} the pool should hold." if short else ""
    note = f"The book holds {held}.{missing} `at least` is the lower end of the 95% Wilson interval of the win rate."
    return Report(document, human=table(title, names, rows, note=note))


def show_answer(config: Path | None, name: str, symbols: list[str] | None, prices: list[str] | None) -> Report:
    """Everything about one strategy."""
    settings = load_config(config)
    workspace = Workspace(settings)
    with _book(settings) as book:
        found = book.find(name)
        changes = book.changes(found.id)
    member = member_in(found, families_of(settings))
    typed = typed_prices(workspace, prices)
    asked = workspace.symbols(split_symbols(symbols)) if symbols else (found.symbol,) if found.symbol else ()
    wanted = tuple(dict.fromkeys((*(asked or workspace.symbols()), *typed)))
    stops = stops_at(workspace, member, wanted, typed)
    health = health_score(found, WallClock().now(), settings.risk.drawdown.train)
    files = on_file(settings)
    document = _document(found, files) | {
        "rule": {"long": str(member.rule.long), "short": str(member.rule.short)},
        "stops": stops,
        "health": health,
        "changes": changes,
    }
    return Report(
        document,
        human=[*_facts(found, _pair(found, files), str(member.rule), health), *_stop_table(stops), *_history(changes)],
    )


def _facts(found: StoredStrategy, pair: str, rule: str, health: HealthScore) -> list[Any]:
    params = msgspec.json.decode(found.params)
    exits = params.pop("exits")
    rows = [
        ("status", str(found.status) + (f", was {found.status_before}" if found.status_before else "")),
        ("reason", found.reason or None),
        ("rule", rule),
        ("parameters", _pairs(params)),
        ("exits", _pairs(exits)),
        ("stop", found.stop_loss),
        ("target", found.take_profit),
        ("judged on", f"{pair} ({found.asset_class})" if found.symbol else None),
        ("verdict", found.verdict),
        ("verdict file", found.verdict_path),
        ("verdict hash", found.verdict_hash),
        ("trades", None if found.trades is None else f"{found.trades}, {found.wins} won"),
        ("win rate", f"{percent(found.win_rate)}, at least {percent(found.win_rate_low)}; break-even "
                     f"{percent(found.breakeven)}" if found.trades else None),
        ("profit factor", found.profit_factor),
        ("Sharpe ratio", found.sharpe_ratio),
        ("expectancy", None if found.expectancy_r is None else f"{found.expectancy_r:+.3f} R"),
        ("confidence", None if found.confidence is None else percent(found.confidence)),
        ("max drawdown", None if found.max_drawdown is None else percent(found.max_drawdown)),
        ("health", None if health.score is None else f"{health.score:.0f} of 100"),
        ("entered", f"{found.timestamp} UTC, changed {found.updated} UTC"),
    ]  # fmt: skip
    return [table(f"{found.id} ({found.spec_hash})", ["", ""], rows)]


def _stop_table(stops: Sequence[StopAt]) -> list[Any]:
    rows = [
        (one.symbol + (" SIMULATED" if one.simulated else ""), one.pip, one.price, utc(one.ts) if one.ts else None,
         one.pct_pips, one.atr_pips, one.floor_pips, one.stop_pips, _percent(one.stop_percent), one.target_pips,
         percent(one.cost_to_risk))
        for one in stops
    ]  # fmt: skip
    names = ["pair", "pip", "price", "closed", "percent stop", "ATR stop", "floor", "stop", "stop %", "target",
             "cost of the stop"]  # fmt: skip
    unknown = [one.symbol for one in stops if one.stop_pips is None]
    note = "Stops and targets in pips of each pair."
    if unknown:
        note += (
            f" Unknown for {', '.join(unknown)}: import or fetch candles of the strategy's interval"
            " (a percent stop needs a price alone: --price SYMBOL=PRICE)."
        )
    return [table("The stop today", names, rows, note=note)]


def _history(changes: Sequence[Any]) -> list[Any]:
    if not changes:
        return []
    rows = [(f"{one.timestamp} UTC", one.action, one.actor, one.reason, one.status_from, one.status_to)
            for one in changes]  # fmt: skip
    return [table("Switched by people", ["time", "action", "who", "why", "from", "to"], rows)]


def switch_answer(config: Path | None, name: str, actor: str, reason: str, *, on: bool) -> Report:
    """Enables or disables one strategy and keeps who, when and why."""
    settings, now = load_config(config), WallClock().now()
    who, why = one_line(actor, "--by") or this_user(), one_line(reason, "--reason") or UNSAID
    with _book(settings) as book:
        before = book.find(name)
        after = (book.enable if on else book.disable)(name, now, actor=who, reason=why)
        changes = book.changes(after.id)
    changed = before.status is not after.status
    said = (
        f"{after.id}: {before.status} -> {after.status}, by {who}: {why}"
        if changed
        else f"{after.id} is {after.status} already; nothing was changed"
    )
    return Report(_document(after, on_file(settings)) | {"changed": changed, "changes": changes}, human=said)


def health_answer(config: Path | None, name: str) -> Report:
    """The health of one strategy, or of all that are or were in the pool."""
    settings, now = load_config(config), WallClock().now()
    with _book(settings) as book:
        found = (
            (book.find(name),)
            if name
            else (*book.select(status=StrategyStatus.VALIDATED), *book.select(status=StrategyStatus.DISABLED))
        )
        where = str(book.database.path)
        files = on_file(settings)
        _told(files, book)
    if not found:
        raise Unavailable("no strategy is or was in the pool", where=where, next_step=RESEARCH)
    warn(files.missing(found))
    scores = [(one, health_score(one, now, settings.risk.drawdown.train)) for one in found]
    scores.sort(key=lambda pair: (pair[1].score is None, -(pair[1].score or 0.0)))
    document = [
        {"id": one.id, "status": one.status, "simulated": files.simulated(one),
         "verdict_missing": files.lacks(one), "score": score.score,
         "components": {part: getattr(score, part) for part in WEIGHTS}, "weights": WEIGHTS, "missing": score.missing}
        for one, score in scores
    ]  # fmt: skip
    rows = [
        (
            one.id,
            _pair(one, files),
            _status(one, files),
            _round(score.score),
            *(_round(getattr(score, part)) for part in WEIGHTS),
        )
        for one, score in scores
    ]
    columns = [
        "strategy",
        "pair",
        "status",
        "health",
        *(f"{part.replace('_', ' ')} {WEIGHTS[part]:.0%}" for part in WEIGHTS),
    ]
    note = "0 to 100; a dash is unknown, and without evidence and margin there is no score."
    return Report({"strategies": document}, human=table("Health", columns, rows, note=note))


def _book(settings: AppConfig) -> StrategyBook:
    """The project's book; there must be a store to look into."""
    path = database_path(settings)
    if not path.is_file():
        forgotten = on_file(settings).forgotten(None)
        raise Unavailable(
            absent(path).found, where=str(path), next_step=forgotten or f"tradewind strategy generate makes candidates,"
            f" {RESEARCH} proves them"
        )  # fmt: skip
    return StrategyBook.open(path, WallClock().now())


def _told(files: OnFile, book: StrategyBook) -> None:
    """Warns of what the verdicts on file and the book do not agree about as a whole."""
    warn([line for line in (files.fault, files.forgotten(book)) if line])


def _status(one: StoredStrategy, files: OnFile) -> str:
    return f"{one.status}, no signed file" if files.lacks(one) else str(one.status)


def _pair(one: StoredStrategy, files: OnFile) -> str:
    return one.symbol + (" SIMULATED" if files.simulated(one) else "")


def _document(one: StoredStrategy, files: OnFile) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(one)
    marks = {"simulated": files.simulated(one), "verdict_missing": files.lacks(one)}
    return fields | {"params": msgspec.json.decode(one.params)} | marks


def _pairs(mapping: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in mapping.items())


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}%"


def _round(value: float | None) -> int | None:
    return None if value is None else round(value)
