"""Which executor a run of research gets: this process, processes of this machine, or a cluster."""

from __future__ import annotations

import sys

from tradewind.adapters.executors.cluster import ClusterExecutor
from tradewind.adapters.executors.processes import ProcessExecutor
from tradewind.adapters.executors.serial import SerialExecutor
from tradewind.app.environment import limit_threads


def executor_for(workers: int, cluster: str = "") -> SerialExecutor | ProcessExecutor | ClusterExecutor:
    """The cluster at the address ``cluster`` where one is given, else ``workers`` processes, this one for 1.

    Use it as a context manager. Workers load numerical libraries with one thread each; a dead one is told of on stderr.

    Raises:
        Misconfigured: fewer than one worker, or a cluster without ``tradewind[cluster]``.
        Unavailable: no scheduler answers at the address.
    """
    if cluster:
        return ClusterExecutor(cluster)
    if workers == 1:
        return SerialExecutor()
    return ProcessExecutor(workers, prepare=limit_threads, on_death=_tell)


def _tell(text: str) -> None:
    sys.stderr.write(f"WARNING: {text}\n")
