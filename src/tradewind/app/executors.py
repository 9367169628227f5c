"""Which executor a run of research gets: this process, processes of this machine, or a cluster."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence

from tradewind.adapters.executors.cluster import ClusterExecutor
from tradewind.adapters.executors.processes import ProcessExecutor
from tradewind.adapters.executors.serial import SerialExecutor
from tradewind.app.environment import collect_seldom, limit_threads
from tradewind.app.own_modules import OwnFile, run_sent


def executor_for(
    workers: int, cluster: str = "", own: Sequence[OwnFile] = (), libraries: tuple[str, ...] = ()
) -> SerialExecutor | ProcessExecutor | ClusterExecutor:
    """The cluster at the address ``cluster`` where one is given, else ``workers`` processes, this one for 1.

    Use it as a context manager. ``own`` are the user's strategy files (``own_files``), which are sent to the workers:
    without them members of the user's families cannot be read there. ``libraries`` must have one version on every
    machine of a cluster, beside those of all research. Worker processes load numerical libraries with one thread each;
    a dead one is told of on stderr.

    Raises:
        Misconfigured: fewer than one worker.
        Unavailable: what a cluster needs is not installed, or no scheduler answers at the address.
    """
    if cluster:
        return ClusterExecutor(cluster, prepare=functools.partial(run_sent, tuple(own)), libraries=libraries)
    if workers == 1:
        return SerialExecutor()
    return ProcessExecutor(workers, prepare=functools.partial(prepare_process, tuple(own)), on_death=_tell)


def prepare_process(own: Sequence[OwnFile]) -> None:
    """What a worker process does first: one thread for every library, then the user's strategy files."""
    limit_threads()
    collect_seldom()
    run_sent(own)


def _tell(text: str) -> None:
    sys.stderr.write(f"WARNING: {text}\n")
