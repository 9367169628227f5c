"""Parallel work over chunks: processes on one machine, a cluster when one is outgrown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


class Executor(Protocol):
    """Maps a function over chunks; results come in the order of the chunks whatever finished first."""

    def map_chunks(self, work: Callable[[Chunk], Result], chunks: Sequence[Chunk]) -> Iterator[Result]:
        """One result per chunk, in order; the first failure is raised."""
        ...
