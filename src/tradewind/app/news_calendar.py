"""Which calendar a run knows, and how it learns of a newer one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from tradewind.adapters.calendar.feed import CalendarFeed
from tradewind.adapters.calendar.files import read_calendar_file
from tradewind.adapters.calendar.shelf import KINDS, CalendarShelf
from tradewind.app.settings.root import AppConfig
from tradewind.model.calendar import TAKEN_AS, NewsCalendar, NewsEvent, calendar_span
from tradewind.model.instrument import AssetClass
from tradewind.model.timeframe import DAY, HOUR
from tradewind.ports.clock import Clock
from tradewind.ports.transport import Transport


def shelf_of(config: AppConfig, folder: Path | None = None) -> CalendarShelf:
    """The calendars of a project."""
    return CalendarShelf((folder or Path()) / config.paths.data / "calendar")


def imported(path: Path, now: int, zone: str = "") -> tuple[NewsCalendar, int, int]:
    """A calendar out of a file, with the rows read and those that are no reason to stay out."""
    read = read_calendar_file(path, zone)
    start, until = calendar_span(read.events)
    return NewsCalendar(now, now, start, until, "file", path.name, read.events), read.rows, read.quiet


def calendar_for(config: AppConfig, first: int, last: int, folder: Path | None = None) -> NewsCalendar | None:
    """What a run from ``first`` to ``last`` (UTC ns) is told at its start: the calendar that covers most of it.

    Stamped ``first``; releases farther than a day outside the run are left out. None where none says anything of it.

    Raises:
        Corrupt, Unavailable: a calendar that is there cannot be read.
    """
    shelf, news = shelf_of(config, folder), config.filters.news
    found = [one for kind in KINDS if (one := shelf.read(kind)) is not None]
    if news.file:
        found.append(imported((folder or Path()) / news.file, first, news.zone)[0])
    best = max(found, key=lambda one: min(one.valid_until, last) - max(one.valid_from, first), default=None)
    if best is None or min(best.valid_until, last) < max(best.valid_from, first):
        return None
    kept = tuple(event for event in best.events if first - DAY <= event.ts <= last + DAY)
    return msgspec.structs.replace(best, ts=first, events=kept)


def newest(config: AppConfig, now: int, folder: Path | None = None) -> NewsCalendar | None:
    """The calendar that covers ``now``, the newest of several; else the newest there is, else None."""
    shelf, news = shelf_of(config, folder), config.filters.news
    found = [one for kind in KINDS if (one := shelf.read(kind)) is not None]
    if news.file:
        found.append(imported((folder or Path()) / news.file, now, news.zone)[0])
    covering = [one for one in found if one.valid_from <= now <= one.valid_until]
    best = max(covering or found, key=lambda one: one.fetched_at, default=None)
    if best is None:
        return None
    recent = tuple(event for event in best.events if event.ts >= now - DAY)
    return msgspec.structs.replace(best, ts=now, events=recent)


def differs(known: NewsCalendar | None, found: NewsCalendar) -> bool:
    """Whether ``found`` tells an engine that knows ``known`` anything; releases that are over do not matter."""
    if known is None or (known.valid_until, known.fetched_at) != (found.valid_until, found.fetched_at):
        return True
    return [one for one in known.events if one.ts >= found.ts] != [one for one in found.events if one.ts >= found.ts]


def upcoming(calendar: NewsCalendar | None, now: int, hours: float) -> tuple[NewsEvent, ...]:
    """Releases of the next ``hours``, by time."""
    if calendar is None:
        return ()
    return tuple(
        event for event in calendar.events if now <= max(event.ts, event.until) and event.ts <= now + hours * HOUR
    )


async def fetched(config: AppConfig, transport: Transport, clock: Clock, folder: Path | None = None) -> NewsCalendar:
    """Asks the configured feed once and keeps the answer, unless what is kept says more of what is to come.

    Raises:
        TradewindError: as the feed; what was kept before is kept.
    """
    secret, news = config.credentials.news_api_key, config.filters.news
    calendar = await CalendarFeed(news.url, secret.reveal() if secret else "", transport, clock, news.zone).fetch()
    shelf = shelf_of(config, folder)
    if calendar.events and _tells_more(calendar, shelf.read("feed")):
        shelf.write("feed", calendar)
    return calendar


def _tells_more(answer: NewsCalendar, kept: NewsCalendar | None) -> bool:
    """Whether an answer may replace what is kept: a list of days that are over must not, nor one that was cut off."""
    return kept is None or answer.valid_until >= min(answer.fetched_at, kept.valid_until)


def notes_on(config: AppConfig, calendar: NewsCalendar | None) -> list[str]:
    """What a person should know at the start of a run whose entries keep out of news."""
    notes = []
    if calendar is None:
        where = "tradewind calendar fetch" if config.filters.news.url else "tradewind calendar import FILE"
        notes.append(
            f"no economic calendar says what was due: entries keep out of usual release times by rule ({where})"
        )
    notes += doubts(calendar)
    if config.filters.news.url and config.credentials.news_api_key is None:
        notes.append("NEWS_API_KEY is not set; a calendar feed that needs it refuses, and rules block instead")
    return notes


def doubts(calendar: NewsCalendar | None) -> list[str]:
    """One line where impacts or currencies were not understood and keep out more than they may have to."""
    titles = [one.title for one in calendar.events if TAKEN_AS in one.title] if calendar is not None else []
    if not titles:
        return []
    return [f"calendar: {len(titles)} releases were not understood and keep entries out; the first: {titles[0]}"]


def concerned(config: AppConfig, classes: Iterable[AssetClass]) -> bool:
    """Whether scheduled news keep anything of these asset classes out."""
    known = "news" in config.filters.enabled
    return known and any(one is not AssetClass.CRYPTO or config.filters.news.crypto for one in classes)
