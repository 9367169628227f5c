"""A disk without room: nothing is decided, because nothing could be written down first, and people hear of it directly.

What is told otherwise goes through the store; on a full disk that is what fails. So this alarm leaves at once, over
every channel that takes alarms, unrepeated where it does not arrive and again every hour. Orders, stops and positions
stay as the last durable entry left them. When a probe of some megabytes fits again, the next life goes on.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from tradewind.app.service.service import Service
from tradewind.model.notice import Notice
from tradewind.model.timeframe import HOUR, SECOND

PROBE_BYTES: Final = 4 << 20
"""What must fit before the store is opened again: a journal and its log grow by less in an hour."""
LOOK_EVERY: Final = 5 * SECOND
TELL_EVERY: Final = HOUR
Shout = Callable[[Notice], Awaitable[None]]


async def wait_for_room(
    service: Service, database: Path, why: str, shout: Shout, stop_asked: Callable[[], bool]
) -> None:
    """Tells that the disk is full and waits until it is not, or somebody asks to stop."""
    clock, told, began = service.clock, 0, service.clock.now()
    first = True
    while not stop_asked() and (first or not room(database.parent)):
        now = clock.now()
        if first or now - told >= TELL_EVERY:
            told = now
            waited = "" if first else f", for {(now - began) // (60 * SECOND)} minutes now"
            detail = f"{why}; no decision and no new order{waited}; what is open keeps its stops; free space"
            service.say(f"ALARM: {detail}")
            await shout(Notice("disk_full", now, "critical", str(database.parent), detail=detail))
        first = False
        service.systemd.alive(clock.monotonic())
        await clock.sleep_until(clock.monotonic() + LOOK_EVERY)
    if not stop_asked():
        service.was_full = (clock.now() - began) / SECOND


def room(folder: Path) -> bool:
    """Whether some megabytes can be written and synced in ``folder``."""
    probe = folder / ".room"
    try:
        with probe.open("wb") as file:
            file.write(b"\0" * PROBE_BYTES)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    return True
