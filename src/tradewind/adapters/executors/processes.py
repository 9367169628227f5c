"""Chunks on the processors of this machine: a fixed set of worker processes that are started once and fed one by one.

Processes are spawned, never forked: a fork copies locks that threads of the parent hold. One pipe per worker says which
chunk a dead worker had, so that this chunk alone is repeated and a chunk that kills every worker is named; the pool of
the standard library gives up all of its work instead.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.reduction import ForkingPickler
from typing import Any, Final

from tradewind.adapters.executors.worker import FAILURE, RESULT, serve, unprepared
from tradewind.errors import Misconfigured, Unavailable
from tradewind.ports.executor import Chunk, Result

ATTEMPTS: Final = 3
"""Workers a chunk may cost before it is taken to be the cause."""


class _Worker:
    """A process, our end of its pipe, and the number of the chunk it has (-1: none)."""

    def __init__(self, prepare: Callable[[], None]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=serve, args=(theirs, prepare), daemon=True)
        self.process.start()
        theirs.close()  # the only other end is the worker's: its death is the end of the file
        self.chunk = -1
        self.knows: bytes | None = None

    def give(self, number: int, work: bytes, chunk: object) -> None:
        """Sends a chunk, and the work where it is another than before; a worker that died already is found by wait."""
        told = None if self.knows is work else work
        order = ForkingPickler.dumps((told, chunk))
        self.chunk, self.knows = number, work
        try:
            self.pipe.send_bytes(number.to_bytes(8, "little") + order)
        except OSError:
            return

    def end(self) -> int | None:
        """Ends the process whatever it does; its exit code."""
        self.pipe.close()
        self.process.kill()
        self.process.join()
        return self.process.exitcode


class ProcessExecutor:
    """``workers`` processes; use it as a context manager, which ends them.

    ``work`` and chunks must be picklable, and ``work`` a function of a module (or a ``functools.partial`` of one, which
    is sent once to each worker: the place for data that all chunks share). ``prepare`` runs first in every worker.
    Results are what ``SerialExecutor`` gives: results before the first failing chunk, in order, then its failure; what
    was not begun by then never is. A chunk whose worker died is repeated on a new one, ``ATTEMPTS`` times in all.
    ``on_death`` is told of every dead worker.

    Raises:
        Misconfigured: fewer than one worker.
    """

    def __init__(
        self,
        workers: int,
        *,
        prepare: Callable[[], None] = unprepared,
        on_death: Callable[[str], None] = lambda text: None,
    ) -> None:
        if workers < 1:
            raise Misconfigured(f"{workers} workers", where="executor", allowed="at least 1")
        self.workers: Final = workers
        self._prepare = prepare
        self._on_death = on_death
        self._pool: list[_Worker] = []
        self._mapping = False

    def __enter__(self) -> ProcessExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends every worker."""
        for worker in self._pool:
            worker.end()
        self._pool.clear()

    def map_chunks(self, work: Callable[[Chunk], Result], chunks: Sequence[Chunk]) -> Iterator[Result]:
        """One result per chunk, in order; the first failure is raised.

        Raises:
            Unavailable: a chunk cost ``ATTEMPTS`` workers.
        """
        run = _Run(bytes(ForkingPickler.dumps(work)), chunks)
        assert not self._mapping, "one map_chunks at a time: read the results of the one before, or close it"
        self._mapping = True
        try:
            for number in range(len(chunks)):
                while number not in run.outcomes:
                    self._feed(run)
                    self._collect(run)
                kind, value = run.outcomes.pop(number)
                if kind == FAILURE:
                    raise value
                yield value
        finally:
            self._mapping = False
            self._abandon()

    def _feed(self, run: _Run) -> None:
        """A chunk for everybody who has none; workers are started as they are needed."""
        for worker in self._pool:
            if worker.chunk < 0 and (number := run.next_number()) is not None:
                worker.give(number, run.work, run.chunks[number])
        while len(self._pool) < self.workers and (number := run.next_number()) is not None:
            self._pool.append(worker := _Worker(self._prepare))
            worker.give(number, run.work, run.chunks[number])

    def _collect(self, run: _Run) -> None:
        """Waits until somebody has answered or died."""
        busy: dict[Any, _Worker] = {worker.pipe: worker for worker in self._pool if worker.chunk >= 0}
        for pipe in wait(list(busy)):
            worker = busy[pipe]
            answer = _answer(worker.pipe)
            if answer is None:
                self._bury(worker, run)
            else:
                number, kind, value = answer
                worker.chunk = -1
                run.settle(number, kind, value)

    def _bury(self, worker: _Worker, run: _Run) -> None:
        self._pool.remove(worker)
        code, number = worker.end(), worker.chunk
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        attempts = run.again(number)
        self._on_death(f"a worker died of {how} on chunk {number + 1} of {len(run.chunks)} (attempt {attempts})")
        if attempts >= ATTEMPTS:
            lost = Unavailable(
                f"{attempts} workers died on chunk {number + 1} of {len(run.chunks)}, the last of {how}",
                where="worker processes",
                next_step="signal 9 mostly means that memory ran out: use fewer workers or smaller chunks",
            )
            run.settle(number, FAILURE, lost)

    def _abandon(self) -> None:
        """Ends who still computes: nobody waits for the result any more."""
        for worker in [worker for worker in self._pool if worker.chunk >= 0]:
            self._pool.remove(worker)
            worker.end()


class _Run:
    """One ``map_chunks``: what is to be done, what came back."""

    def __init__(self, work: bytes, chunks: Sequence[Any]) -> None:
        self.work = work
        self.chunks = chunks
        self.outcomes: dict[int, tuple[int, Any]] = {}
        self._limit = len(chunks)
        self._fresh = 0
        self._repeats: list[int] = []
        self._deaths: dict[int, int] = {}

    def next_number(self) -> int | None:
        """The number of the next chunk to be given out; chunks after a failure never are."""
        while self._repeats:
            number = self._repeats.pop()
            if number < self._limit:
                return number
        if self._fresh >= self._limit:
            return None
        self._fresh += 1
        return self._fresh - 1

    def settle(self, number: int, kind: int, value: Any) -> None:
        """Notes an outcome; a failure makes everything behind it needless."""
        self.outcomes[number] = (kind, value)
        if kind == FAILURE:
            self._limit = min(self._limit, number)

    def again(self, number: int) -> int:
        """Puts a chunk back whose worker died, unless it has cost enough; how many it has cost."""
        self._deaths[number] = self._deaths.get(number, 0) + 1
        if self._deaths[number] < ATTEMPTS:
            self._repeats.append(number)
        return self._deaths[number]


def _answer(pipe: Connection) -> tuple[int, int, Any] | None:
    """What a worker sent; None where it died, in the middle of a message too."""
    try:
        packed = pipe.recv_bytes()
    except (EOFError, OSError):
        return None
    number, kind, value = ForkingPickler.loads(packed)
    assert kind in (RESULT, FAILURE)
    return number, kind, value
