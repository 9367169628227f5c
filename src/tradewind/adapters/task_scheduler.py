"""asyncio tasks behind the Scheduler port; the only creator of them.

asyncio itself holds tasks weakly, so work that nobody references can vanish half done; this keeps the reference and
the error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tradewind.errors import Misconfigured


class TaskScheduler:
    """Runs named work on the running event loop."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failure: BaseException | None = None

    def spawn(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Starts ``work``.

        Raises:
            Misconfigured: a task of that name is still running.
        """
        if name in self._tasks:
            raise Misconfigured(f"task {name!r} is already running", where="scheduler", allowed="one task per name")

        async def run() -> None:
            await work()

        task = asyncio.get_running_loop().create_task(run(), name=name)
        self._tasks[name] = task
        task.add_done_callback(self._ended)

    def names(self) -> tuple[str, ...]:
        """Names of the tasks still running, sorted."""
        return tuple(sorted(self._tasks))

    async def join(self) -> None:
        """Waits for all tasks, also those started meanwhile.

        Raises:
            BaseException: the first error a task ended with; the others are cancelled and awaited before.
        """
        while self._tasks and self._failure is None:
            await asyncio.wait(self._tasks.values(), return_when=asyncio.FIRST_COMPLETED)
        if self._failure is not None:
            self.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values())
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def cancel(self, name: str = "") -> None:
        """Asks the task of that name, or every task, to stop; ``join`` waits until they have."""
        for known, task in list(self._tasks.items()):
            if name in ("", known):
                task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task.get_name(), None)
        if not task.cancelled() and task.exception() is not None and self._failure is None:
            self._failure = task.exception()
