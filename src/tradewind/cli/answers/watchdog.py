"""``tradewind watchdog``: raises the alarm when the service falls silent."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from tradewind.adapters.beat_file import BeatFile
from tradewind.adapters.http_transport import HttpTransport
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.database import database_path
from tradewind.app.service.alarm_bell import AlarmBell, require_bell
from tradewind.app.service.watchdog import Sight, Watched, watch
from tradewind.app.service_note import ServiceNote, noted
from tradewind.app.settings.root import AppConfig
from tradewind.cli.answers.run import stop_on_signal
from tradewind.cli.contract import DONE, NEGATIVE, Report
from tradewind.cli.overrides import in_emergency
from tradewind.errors import Retryable
from tradewind.model.timeframe import SECOND


class WatchOptions(NamedTuple):
    """What was typed."""

    store: Path | None
    url: str
    after: float | None
    every: float
    alarms: int
    console: bool


def answer(config: Path | None, asked: WatchOptions) -> Report:
    """Watches until Ctrl+C, SIGTERM or the number of alarms; 4 where the last word was an alarm."""
    settings = in_emergency(config)
    found = asyncio.run(_watched(settings, asked))
    last = found.alarms[-1].kind if found.alarms else ""
    human = f"{found.looks} looks, {found.beats} beats seen, {len(found.alarms)} alarms told."
    document = {"looks": found.looks, "beats": found.beats, "alarms": found.alarms}
    return Report(document, human, NEGATIVE if last in ("silent", "failed") else DONE)


async def _watched(settings: AppConfig, asked: WatchOptions) -> Watched:
    transport, clock = HttpTransport(), WallClock()
    try:
        bell = AlarmBell(settings, transport, _say, settings.telegram.base_url)
        if not asked.console:
            require_bell(bell)
        store = asked.store or database_path(settings)
        sight = _page(transport, asked.url, clock) if asked.url else _file(store)
        after = asked.after or settings.monitoring.watchdog_after
        _say(f"Watching {asked.url or BeatFile(store).path}: an alarm after {after:g} s of silence"
             f" on {', '.join((*bell.places, 'stderr'))}")  # fmt: skip
        with stop_on_signal() as stop:
            return await watch(
                sight, bell.ring, clock, after=round(after * SECOND), every=round(min(asked.every, after) * SECOND),
                stop_asked=stop.is_set, alarms=asked.alarms,
            )  # fmt: skip
    finally:
        await transport.close()


def _file(store: Path) -> Sight:
    file = BeatFile(store)

    async def sight() -> ServiceNote | None:
        return noted(file)

    return sight


def _page(transport: HttpTransport, url: str, clock: WallClock) -> Sight:
    async def sight() -> ServiceNote | None:
        with suppress(Retryable, msgspec.MsgspecError):
            answered = await transport.request("GET", url, timeout_s=5.0)
            told = msgspec.json.decode(answered.body, type=dict[str, object])
            if answered.status == 200:
                now = clock.now()
                return ServiceNote(now, 0, "running", now, 0, 0, (), detail=str(told.get("faults", "")))
        return None

    return sight


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
