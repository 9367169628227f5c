"""Chunks on a dask.distributed cluster that somebody else runs, reached by the address of its scheduler.

The same results in the same order as on one machine, or a refusal: a worker with another version of this program or of
what it computes with refuses its chunks by name. Threads inside a task are limited by dask's nanny, which starts every
worker with one. Needs ``tradewind[cluster]`` here and on every worker.
"""

from __future__ import annotations

import functools
import itertools
import platform
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from multiprocessing.reduction import ForkingPickler
from typing import Any, Final

from tradewind import __version__
from tradewind.adapters.executors.worker import unprepared
from tradewind.errors import Misconfigured, Unavailable
from tradewind.ports.executor import Chunk, Result

CONNECT_S: Final = 10
"""Seconds until a scheduler that does not answer, or has no worker, is given up."""
PATIENCE_S: Final = 120
"""Seconds a run waits for a worker when it has lost all of them."""
LOOK_S: Final = 5
AHEAD: Final = 4
"""Chunks per thread of the cluster that are handed over before the oldest result is read."""

Versions = tuple[tuple[str, str], ...]


@functools.cache
def versions(also: tuple[str, ...] = ()) -> Versions:
    """What two machines must have in common for bit-equal results; ``also`` are further libraries of the work."""
    libraries = tuple((name, _version(name)) for name in ("numpy", "numba", "scipy", *also))
    return (("tradewind", __version__), ("python", ".".join(platform.python_version_tuple()[:2])), *libraries)


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


def same(packed: bytes) -> bytes:
    """The work itself, as a task: a worker that joins later, or takes over from a dead one, gets it from there."""
    return packed


def compute(work: bytes, chunk: bytes, expected: Versions, prepare: Callable[[], None]) -> Any:
    """``work(chunk)`` on a worker, which must have the versions that the research was started with.

    Both come packed: they may hold classes that only ``prepare`` makes known here, and dask looks into what it can.
    """
    found = versions(tuple(name for name, _ in expected[len(versions()) :]))
    if found != expected:
        wrong = "; ".join(
            f"{name} {theirs} where the research has {ours}"
            for (name, theirs), (_, ours) in zip(found, expected, strict=True)
            if theirs != ours
        )
        raise Misconfigured(
            f"worker {platform.node()} has {wrong}",
            where="cluster",
            allowed="the same versions on every machine",
            next_step="install the same locked packages on the workers and start them again",
        )
    prepare()
    return ForkingPickler.loads(work)(ForkingPickler.loads(chunk))


class ClusterExecutor:
    """The workers of the scheduler at ``address``, for example ``tcp://10.0.0.5:8786``; use it as a context manager.

    A chunk whose worker died is computed again by another one, as often as the scheduler's ``allowed-failures`` says.
    Results before the first failing chunk come first, in order; then its failure, and the rest is cancelled.
    ``prepare`` runs before every chunk in the worker's process and should do nothing the second time. ``libraries`` are
    what it computes with beside numpy, numba and scipy: a worker with another version of one is refused as well.

    Raises:
        Misconfigured: the address is none.
        Unavailable: dask.distributed is not installed, no scheduler answers there, or it has no worker.
    """

    def __init__(
        self,
        address: str,
        *,
        prepare: Callable[[], None] = unprepared,
        patience_s: float = PATIENCE_S,
        libraries: tuple[str, ...] = (),
    ) -> None:
        try:
            import distributed  # 0.6 s and 60 MB; only where a cluster was asked for
        except ImportError as error:
            raise Unavailable(
                f"a cluster was asked for, and {error.name} is not installed",
                where=address,
                next_step="pip install --require-hashes -r requirements/cluster.txt, in the checkout of Tradewind",
            ) from error
        self.address: Final = address
        self._dask: Any = distributed
        self._prepare = prepare
        self._libraries = libraries
        self._patience_s = patience_s
        try:
            self._client: Any = self._dask.Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise Unavailable(
                "no scheduler answers", where=address, next_step="dask scheduler on one machine, dask worker on each"
            ) from error
        except ValueError as error:
            raise Misconfigured(f"{error}", where=address, allowed="an address such as tcp://10.0.0.5:8786") from error
        self._await_worker(CONNECT_S)

    def __enter__(self) -> ClusterExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def workers(self) -> int:
        """Threads of all workers that are there now."""
        return sum(self._client.nthreads().values())

    def close(self) -> None:
        """Leaves the cluster, which goes on."""
        self._client.close()

    def map_chunks(self, work: Callable[[Chunk], Result], chunks: Sequence[Chunk]) -> Iterator[Result]:
        """One result per chunk, in order; the first failure is raised.

        Raises:
            Unavailable: the scheduler or all workers are gone, or a chunk cost as many workers as are allowed.
            Misconfigured: a worker has other versions.
        """
        expected = versions(self._libraries)
        shared = self._client.submit(same, _packed(work), pure=False)
        waiting: list[Any] = []
        rest = iter(chunks)
        try:
            for number in range(len(chunks)):
                room = AHEAD * max(1, self.workers) - len(waiting)
                for chunk in itertools.islice(rest, max(0, room)):
                    task = (compute, shared, _packed(chunk), expected, self._prepare)
                    waiting.append(self._client.submit(*task, pure=False))
                yield self._result(waiting.pop(0), number, len(chunks))
        finally:
            self._client.cancel([*waiting, shared])

    def _result(self, future: Any, number: int, count: int) -> Any:
        try:
            while not future.done():
                try:
                    with self._client.as_current():
                        self._dask.wait(future, timeout=LOOK_S)
                except TimeoutError:
                    self._await_worker(self._patience_s)
            return future.result()
        except self._dask.KilledWorker as error:
            raise Unavailable(
                f"workers died on chunk {number + 1} of {count}: {error}",
                where=self.address,
                next_step="mostly memory ran out: make chunks smaller or give workers more",
            ) from error
        except self._dask.client.FutureCancelledError as error:
            raise Unavailable(
                f"chunk {number + 1} of {count} was cancelled: {error}",
                where=self.address,
                next_step="look at the scheduler, then run the same command again",
            ) from error

    def _await_worker(self, seconds: float) -> None:
        try:
            self._client.wait_for_workers(1, timeout=seconds)
        except (OSError, TimeoutError) as error:
            self._client.close()
            raise Unavailable(
                f"no worker for {seconds:g} s", where=self.address, next_step=f"dask worker {self.address}"
            ) from error


def _packed(value: object) -> bytes:
    return bytes(ForkingPickler.dumps(value))
