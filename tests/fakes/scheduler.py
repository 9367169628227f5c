"""Runs spawned work by hand, the next ready task chosen by a seeded generator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import numpy as np


class SeededScheduler:
    """Steps coroutines itself: no event loop, the same seed gives the same interleaving.

    Work may only await things that suspend with a bare ``yield`` (``turn()`` below), which is what a simulation needs.
    """

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator
        self._ready: dict[str, Coroutine[Any, Any, None]] = {}
        self.order: list[str] = []

    def spawn(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        assert name not in self._ready, f"task {name!r} is already running"

        async def run() -> None:
            await work()

        self._ready[name] = run()

    async def join(self) -> None:
        while self._ready:
            names = sorted(self._ready)
            name = names[int(self._generator.integers(len(names)))]
            self.order.append(name)
            try:
                self._ready[name].send(None)
            except StopIteration:
                del self._ready[name]

    def cancel(self) -> None:
        for coroutine in self._ready.values():
            coroutine.close()
        self._ready.clear()


class _Turn:
    def __await__(self) -> Any:
        yield


def turn() -> _Turn:
    """Gives the other tasks a turn."""
    return _Turn()
