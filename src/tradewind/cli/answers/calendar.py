"""Answers of ``tradewind calendar``."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import Any

import msgspec

from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.instruments import instrument_for
from tradewind.app.news_calendar import doubts, fetched, imported, newest, shelf_of, upcoming
from tradewind.app.settings.root import AppConfig
from tradewind.app.signal_text import utc
from tradewind.app.wiring import filters_for
from tradewind.app.workspace import Workspace
from tradewind.cli.contract import UNAVAILABLE, Report, table, warn
from tradewind.cli.options import moment
from tradewind.errors import Corrupt, Misconfigured
from tradewind.filters.news import NewsFilter
from tradewind.model.calendar import NewsCalendar, NewsEvent
from tradewind.model.decision import Bracket, Consensus, Reason
from tradewind.model.instrument import Instrument
from tradewind.model.timeframe import DAY
from tradewind.ports.desk import Exposure

_NOBODY = Consensus(1, 1.0, (), 0, 0.0, None, None, None, None, "")


class PairAnswer(msgspec.Struct, frozen=True):
    """One pair now: whether entries are kept out, and by what; ``filtered``: whether the news filter looks at all."""

    symbol: str
    blocked: bool
    reason: Reason | None
    filtered: bool = True


class CalendarAnswer(msgspec.Struct, frozen=True):
    """``provenance`` is feed, file or fallback (rules alone); ``believed`` whether the calendar covers the moment."""

    now: int
    provenance: str
    source: str
    fetched_at: int | None
    valid_until: int | None
    believed: bool
    events: tuple[NewsEvent, ...]
    pairs: tuple[PairAnswer, ...]


class _Moment(msgspec.Struct, frozen=True):
    """A desk that knows the calendar and nothing else."""

    instrument: Instrument
    ts: int
    calendar: NewsCalendar | None
    equity: float = 0.0
    bracket: Bracket | None = None

    def sentiment(self) -> tuple[float, float]:
        return math.nan, math.nan

    def exposures(self) -> tuple[Exposure, ...]:
        return ()

    def planned(self) -> Exposure | None:
        return None

    def correlation(self, other: str, hours: int, least: int) -> float | None:
        return None

    def signals_since(self, ts: int, symbol: str = "") -> int:
        return 0


def show_answer(config: Path | None, symbols: list[str] | None, hours: float, at: str) -> Report:
    """What is due and what it keeps out."""
    settings = load_config(config)
    now = moment(at) if at else WallClock().now()
    calendar = newest(settings, now)
    pairs = tuple(_pair(settings, name, now, calendar) for name in Workspace(settings).symbols(tuple(symbols or ())))
    events = upcoming(calendar, now, hours)
    believed = calendar is not None and calendar.covers(now, round(settings.filters.news.max_age_days * DAY))
    document = CalendarAnswer(
        now=now,
        provenance=calendar.provenance if calendar is not None and believed else "fallback",
        source=calendar.source if calendar is not None else "",
        fetched_at=calendar.fetched_at if calendar is not None else None,
        valid_until=calendar.valid_until if calendar is not None else None,
        believed=believed,
        events=events,
        pairs=pairs,
    )
    if "news" not in settings.filters.enabled:
        warn(["the news filter is switched off (filters.enabled lacks news): nothing keeps entries out of news"])
    return Report(document, _tables(document, hours), 0 if believed else UNAVAILABLE)


def fetch_answer(config: Path | None) -> Report:
    """Asks the feed once."""
    settings = load_config(config)
    if not settings.filters.news.url:
        raise Misconfigured(
            "no feed is configured", where="filters.news.url", allowed="the address of a JSON calendar",
            next_step="set it in tradewind.toml, or tradewind calendar import FILE",
        )  # fmt: skip
    calendar = asyncio.run(_fetch(settings))
    if not calendar.events:
        raise Corrupt(
            "the answer holds no release that matters; it was not kept",
            where=settings.filters.news.url,
            next_step="look at the answer with curl; entries keep out of the usual release times by rule meanwhile",
        )
    warn(doubts(calendar))
    return Report(
        {"events": len(calendar.events), "valid_from": calendar.valid_from, "valid_until": calendar.valid_until},
        [f"{len(calendar.events)} releases from {utc(calendar.valid_from)} to {utc(calendar.valid_until)} are kept"],
    )


def import_answer(config: Path | None, file: Path, zone: str) -> Report:
    """Keeps a file as the history."""
    settings = load_config(config)
    calendar, rows, quiet = imported(file, WallClock().now(), zone or settings.filters.news.zone)
    warn(doubts(calendar))
    if not calendar.events:
        raise Misconfigured(
            f"none of {rows} rows is a release of high or medium impact; nothing was kept", where=str(file),
            allowed="impact high, medium, low or holiday",
        )  # fmt: skip
    kept = shelf_of(settings).write("history", calendar)
    tiers = [sum(event.tier == tier for event in calendar.events) for tier in (1, 2, 3)]
    return Report(
        {"rows": rows, "events": len(calendar.events), "tiers": tiers, "valid_from": calendar.valid_from,
         "valid_until": calendar.valid_until, "path": str(kept)},
        [f"{rows} rows, {quiet} of low impact; {tiers[0]} releases of tier 1, {tiers[1]} of tier 2, {tiers[2]} of"
         f" tier 3 from {utc(calendar.valid_from)} to {utc(calendar.valid_until)} are kept in {kept}"],
    )  # fmt: skip


async def _fetch(settings: AppConfig) -> NewsCalendar:
    transport = HttpTransport()
    try:
        return await fetched(settings, transport, WallClock())
    finally:
        await transport.close()


def _pair(settings: AppConfig, symbol: str, now: int, calendar: NewsCalendar | None) -> PairAnswer:
    instrument = instrument_for(settings, symbol)
    vetoes = [one for one in filters_for(settings, instrument) if isinstance(one, NewsFilter)]
    row: Any = None  # the veto reads no feature
    found = [one.judge(_NOBODY, row, (), _Moment(instrument, now, calendar)) for one in vetoes]
    reason = next((one for one in found if one is not None), None)
    return PairAnswer(symbol, reason is not None, reason, filtered=bool(vetoes))


def _tables(answer: CalendarAnswer, hours: float) -> list[Any]:
    until = "" if answer.valid_until is None else f", until {utc(answer.valid_until)}"
    if answer.believed:
        head = f"Calendar: {answer.provenance} {answer.source}{until}"
    elif answer.source:
        head = f"Calendar: {answer.source} does not say anything of {utc(answer.now)}{until}; rules block as well"
    else:
        head = "No calendar: rules block the usual release times. Next: tradewind calendar fetch, or import FILE"
    due = [(utc(one.ts), one.currency, str(one.tier), one.title) for one in answer.events]
    pairs = [(one.symbol, _now(one), one.reason.detail if one.reason else "")
             for one in answer.pairs]  # fmt: skip
    found: list[Any] = [head]
    if due:
        found.append(table(f"Due in {hours:g} h", ["when", "currency", "tier", "what"], due))
    found.append(table(f"Entries at {utc(answer.now)}", ["pair", "now", "why"], pairs))
    return found


def _now(one: PairAnswer) -> str:
    if not one.filtered:
        return "not filtered"
    return "kept out" if one.blocked else "free"
