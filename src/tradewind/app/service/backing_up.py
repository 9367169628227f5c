"""The task that takes the daily backup of the store and the weekly copy of the models while the run goes on."""

from __future__ import annotations

import asyncio

from tradewind.app.backups import Backups, taken_line
from tradewind.app.models.copies import WeeklyCopies
from tradewind.app.service.life import Life
from tradewind.app.service.supervisor import Beat, Work
from tradewind.errors import TradewindError
from tradewind.model.timeframe import HOUR, MINUTE

LOOK_EVERY = MINUTE
RETRY = HOUR


def backing_up(life: Life) -> Work:
    """Every minute: is the daily backup due, or the weekly copy of the models?

    A service that was down at its hour takes it a minute after its start.

    One that fails is an alarm and is tried again in an hour; the run does not wait for it. It reads on connections of
    its own, in a thread of its own.
    """
    backups, clock, service = Backups(life.config), life.clock, life.service
    backups.database = life.run.store.database.path
    models = WeeklyCopies(life.config)

    async def work(beat: Beat) -> None:
        due = clock.monotonic() + LOOK_EVERY
        while True:
            beat()
            now = clock.now()
            if clock.monotonic() >= due and backups.due(now):
                try:
                    taken = await asyncio.to_thread(backups.take, "daily", now)
                    service.say(taken_line(taken))
                    for fault in taken.faults:
                        service.alarm("system_backup_copy", "store", None, None, f"backup without its copy: {fault}")
                except TradewindError as fault:
                    due = clock.monotonic() + RETRY
                    service.alarm("system_backup_failed", "store", None, None, f"no backup was taken: {fault}")
            if clock.monotonic() >= due and models.due(now):
                try:
                    copied = await asyncio.to_thread(models.take, now)
                    service.say(f"Models copied: {copied.file} ({len(copied.versions)} versions)")
                    for why in copied.faults:
                        service.alarm("system_backup_copy", "models", None, None, f"models copied here alone: {why}")
                except TradewindError as fault:
                    due = clock.monotonic() + RETRY
                    service.alarm("system_backup_failed", "models", None, None, f"models were not copied: {fault}")
            await clock.sleep_until(clock.monotonic() + LOOK_EVERY)

    return work
