"""Randomness by name and work in seeded order: the two seams that make a simulated run repeatable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator
from hashlib import sha256
from typing import Any

import numpy as np

from tradewind.errors import Misconfigured


class SeededRng:
    """Implements ``ports.rng.Rng``: the stream of a name depends on the seed and the name, on no other user."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._made: dict[str, np.random.Generator] = {}

    def generator(self, name: str) -> np.random.Generator:
        """The generator of ``name``; asking again continues its stream."""
        if name not in self._made:
            words = np.frombuffer(sha256(name.encode()).digest(), dtype=np.uint32)
            self._made[name] = np.random.default_rng([self._seed, *words.tolist()])
        return self._made[name]


class SeededScheduler:
    """Implements ``ports.scheduler.Scheduler`` without an event loop: it steps coroutines itself, in seeded order.

    Work may only await what suspends with a bare ``yield`` (``turn()``); one step runs up to the next such point.
    """

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator
        self._ready: dict[str, Coroutine[Any, Any, None]] = {}

    def spawn(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Makes ``work`` ready; it starts with ``step`` or ``join``."""
        if name in self._ready:
            raise Misconfigured(f"task {name!r} is already running", where="seeded scheduler")
        self._ready[name] = _run(work)

    def step(self) -> str:
        """Runs one ready task up to its next turn; the task's name, or ``""`` when none is ready."""
        if not self._ready:
            return ""
        if len(self._ready) > 1:
            names = list(self._ready)
            name = names[int(self._generator.integers(len(names)))]
        else:
            name = next(iter(self._ready))
        try:
            self._ready[name].send(None)
        except StopIteration:
            del self._ready[name]
        except BaseException:
            del self._ready[name]
            raise
        return name

    def alone(self, work: Callable[[], Awaitable[None]]) -> None:
        """Runs ``work`` to its end where nothing else is ready: there is no order to draw."""
        steps = work().__await__()
        try:
            while True:
                next(steps)
        except StopIteration:
            return

    @property
    def idle(self) -> bool:
        """Whether nothing is ready."""
        return not self._ready

    def run(self) -> None:
        """Steps until nothing is ready; an error of a task is raised and leaves the others ready."""
        while self._ready:
            self.step()

    async def join(self) -> None:
        """Runs everything to its end."""
        self.run()

    def cancel(self, name: str = "") -> None:
        """Drops the task of that name, or all that are ready."""
        for known in [name] if name else list(self._ready):
            if known in self._ready:
                self._ready.pop(known).close()


class _Turn:
    def __await__(self) -> Generator[None, None, None]:
        yield


def turn() -> _Turn:
    """Gives the other tasks a turn."""
    return _Turn()


async def _run(work: Callable[[], Awaitable[None]]) -> None:
    await work()
