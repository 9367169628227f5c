"""Named background work. In a simulation the order of ready tasks comes from a seed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol


class Scheduler(Protocol):
    """Starts work by name and keeps a reference to it, so that nothing is lost to garbage collection."""

    def spawn(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Starts ``work``; a second task of the same name is an error until the first has ended."""
        ...

    async def join(self) -> None:
        """Waits for all tasks; raises the first error any of them raised."""
        ...

    def cancel(self, name: str = "") -> None:
        """Asks the task of that name, or every task, to stop."""
        ...
