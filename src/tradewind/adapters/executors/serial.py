"""Chunks one after the other in this process: the definition the other executors are held to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tradewind.ports.executor import Chunk, Result


class SerialExecutor:
    """Computes each chunk when its result is asked for."""

    workers = 1

    def __enter__(self) -> SerialExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""

    def map_chunks(self, work: Callable[[Chunk], Result], chunks: Sequence[Chunk]) -> Iterator[Result]:
        """One result per chunk, in order; the first failure is raised."""
        return map(work, chunks)
