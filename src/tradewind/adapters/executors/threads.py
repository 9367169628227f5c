"""Chunks on threads of this process, for small work whose time goes into kernels that let other threads run.

A worker process takes longer to start than a small search takes in all; a thread starts at once and shares the bars.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Final

from tradewind.errors import Misconfigured
from tradewind.ports.executor import Chunk, Result


class ThreadExecutor:
    """``workers`` threads; use it as a context manager. Results are what ``SerialExecutor`` gives.

    Raises:
        Misconfigured: fewer than one worker.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise Misconfigured(f"{workers} workers", where="executor", allowed="at least 1")
        self.workers: Final = workers
        self._pool = ThreadPoolExecutor(workers)

    def __enter__(self) -> ThreadExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        """Waits for chunks under way; those not begun never are."""
        self._pool.shutdown(cancel_futures=True)

    def map_chunks(self, work: Callable[[Chunk], Result], chunks: Sequence[Chunk]) -> Iterator[Result]:
        """One result per chunk, in order; the first failure is raised, and nothing is begun after it."""
        waiting = iter(chunks)
        begun: deque[Future[Result]] = deque(
            self._pool.submit(work, chunk) for chunk in islice(waiting, 2 * self.workers)
        )
        try:
            while begun:
                result = begun.popleft().result()
                begun.extend(self._pool.submit(work, chunk) for chunk in islice(waiting, 1))
                yield result
        finally:
            for one in begun:
                one.cancel()
