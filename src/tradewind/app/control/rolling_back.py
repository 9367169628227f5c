"""What a rollback has come to: asked of the store, not of hope."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tradewind.adapters.store.lease import WriterLock
from tradewind.adapters.store.reader import StoreReader
from tradewind.app.control.asking import LOOK_EVERY_S, Asked
from tradewind.app.pacing import Waiter


class RolledBack(msgspec.Struct, frozen=True):
    """``open`` positions are still held; ``alive``: a process is at work; ``entries`` of the journal are kept."""

    open: tuple[str, ...]
    alive: bool
    store: str
    entries: int


def rolled_back(store: Path, asked: Asked, *, wait_s: float, waiter: Waiter) -> RolledBack:
    """Looks until nothing is open and the process has gone, at most ``wait_s`` seconds."""
    found = _look(store)
    for _ in range(round(wait_s / LOOK_EVERY_S) if asked.answered else 0):
        if not found.alive:
            break
        waiter.wait(LOOK_EVERY_S)
        found = _look(store)
    return found


def rollback_lines(asked: Asked, found: RolledBack) -> tuple[str, str, str, str]:
    """The four lines of a rollback."""
    if asked.answered:
        trading = f"trading and learning have stopped ({asked.result}, state {asked.state})"
    elif asked.alive:
        trading = f"ordered (request {asked.request}); a run is at work and has not answered yet"
    else:
        trading = f"ordered (request {asked.request}); no run is alive, the next start obeys before anything else"
    held = ", ".join(found.open)
    positions = f"{len(found.open)} leave at the next tradable price: {held}" if found.open else "none is open"
    if not found.alive:
        providers = "disconnected; no process is at work"
    else:
        providers = "let go by the run as soon as nothing is open"
    return (
        f"Rollback 1/4: {trading}.",
        f"Rollback 2/4: positions: {positions}.",
        f"Rollback 3/4: providers: {providers}.",
        f"Rollback 4/4: data kept: {found.store}, {found.entries} journal entries.",
    )


def _look(store: Path) -> RolledBack:
    with StoreReader(store) as database:
        rows = database.query("SELECT symbol FROM positions WHERE status = 'open' ORDER BY symbol")[1]
        ((entries,),) = database.query("SELECT count(*) FROM journal")[1]
    return RolledBack(tuple(str(one) for (one,) in rows), WriterLock(store).holder() is not None, str(store), entries)
