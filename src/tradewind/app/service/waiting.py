"""What a service waits for without a life: room on a full disk, a locked store, a server or a venue that is away.

Nothing is decided, because nothing could be written down first, or nothing would be known. What is told otherwise goes
through the store, so these alarms leave past it, over every channel that takes alarms, unrepeated where one does not
arrive and again every hour; before there was a run, over those that need no store. Orders, stops and positions stay as
the last durable entry left them. When a trial succeeds the next life goes on. Trials of the store are made in a thread:
health is answered meanwhile.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from tradewind.adapters.store.lease import WriterLock
from tradewind.adapters.store.opening import database_at
from tradewind.app.service.alarm_bell import AlarmBell
from tradewind.app.service.service import Service
from tradewind.app.service.watchdog import Alarm
from tradewind.errors import DiskFull, StoreAway, TradewindError, VenueAway
from tradewind.model.notice import Notice
from tradewind.model.timeframe import HOUR, SECOND

PROBE_BYTES: Final = 4 << 20
"""What must fit before the store is opened again: a journal and its log grow by less in an hour."""
LOOK_EVERY_S: Final = 5.0
FIRST_LOOK_S: Final = 0.5
TELL_EVERY: Final = HOUR
STORE_PATIENCE_S: Final = 1.0
"""How long the thread that decides may stand still for a locked store; what takes longer is waited for outside it."""
STORE_PATIENCE: Final = 5 * SECOND
"""How long the store may be away before people hear of it."""
VENUE_PATIENCE: Final = 60 * SECOND
"""How long a venue may be away at the begin of a life before people hear of it: a feed is silent no sooner."""
Shout = Callable[[Notice], Awaitable[None]]


class Trouble(NamedTuple):
    """What is waited for: ``alarm`` and ``relief`` are the notices of its begin and its end, ``over`` a trial of it.

    People hear of it when it has lasted for ``patience`` nanoseconds.
    """

    alarm: str
    relief: str
    subject: str
    why: str
    advice: str
    patience: int
    first_look_s: float
    over: Callable[[], Awaitable[bool]]


def trouble_of(fault: DiskFull | StoreAway, database: Path) -> Trouble:
    """What a life that ended with ``fault`` waits for."""
    if isinstance(fault, DiskFull):
        folder = database.parent
        return Trouble(
            "disk_full", "disk_room", str(folder), fault.found, "free space", 0, LOOK_EVERY_S,
            lambda: asyncio.to_thread(room, folder),
        )  # fmt: skip
    return Trouble(
        "store_away", "store_back", fault.where, fault.found, "end what holds it, or start its server", STORE_PATIENCE,
        FIRST_LOOK_S, lambda: asyncio.to_thread(takes_writes, database),
    )  # fmt: skip


def venue_trouble(fault: VenueAway, over: Callable[[], Awaitable[bool]]) -> Trouble:
    """What a life waits for that cannot begin without its venue."""
    advice = "look at the network; `tradewind data ping` asks the venue too"
    return Trouble(
        "venue_away", "venue_back", fault.where, fault.found, advice, VENUE_PATIENCE, FIRST_LOOK_S, over
    )  # fmt: skip


async def first_words(bell: AlarmBell, notice: Notice) -> None:
    """An alarm of a service that has had no store yet to tell anything through."""
    await bell.tell(Alarm("waiting", notice.ts, 0.0, f"{notice.subject}: {notice.detail}"))


async def wait_until_over(service: Service, trouble: Trouble, shout: Shout, stop_asked: Callable[[], bool]) -> None:
    """Tells what is wrong and waits until it is not, or somebody asks to stop."""
    clock, told, began = service.clock, 0, service.clock.now()
    service.waits(trouble.why)
    if trouble.patience:
        service.say(f"WARNING: {trouble.subject}: {trouble.why}; nothing is decided until it is over")
    look_s = trouble.first_look_s
    while not stop_asked():
        now = clock.now()
        if now - began >= trouble.patience and (not told or now - told >= TELL_EVERY):
            waited = f", for {(now - began) // (60 * SECOND)} minutes now" if told else ""
            told = now
            detail = (
                f"{trouble.why}; no decision and no new order{waited}; what is open keeps its stops; {trouble.advice}"
            )
            service.say(f"ALARM: {detail}")
            await shout(Notice(trouble.alarm, now, "critical", trouble.subject, detail=detail))
        service.systemd.alive(clock.monotonic())
        with suppress(OSError):
            if WriterLock(service.database).holder() is None:  # else another process speaks for the store
                service.beat(trouble.why)
        await service.pause(look_s, stop_asked)
        look_s = min(2.0 * look_s, LOOK_EVERY_S)
        if await trouble.over():
            break
    service.goes_on()
    if told:
        service.relief = (trouble.relief, (clock.now() - began) / SECOND)


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


def takes_writes(database: Path) -> bool:
    """Whether the store takes a transaction. One that fails otherwise answers too: the next life meets that fault."""
    try:
        opened = database_at(database, busy_timeout_s=STORE_PATIENCE_S)
        try:
            with opened.transaction() as cursor:
                cursor.execute("UPDATE lease SET fencing = fencing")
        finally:
            opened.close()
    except StoreAway:
        return False
    except TradewindError:
        return True
    return True
