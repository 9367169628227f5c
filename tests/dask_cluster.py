"""A dask cluster on loopback, started as an operator starts it. Needs ``tradewind[cluster]``."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.ports import free_port
from tradewind.adapters.executors.cluster import ClusterExecutor
from tradewind.errors import Unavailable

ROOT = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def cluster_of_two(folder: Path) -> Iterator[str]:
    """A scheduler and two workers with their nannies; gives the address. Logs go to ``folder``."""
    port = free_port()
    at = f"tcp://127.0.0.1:{port}"
    scheduler = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    worker = ("distributed.cli.dask_worker", at, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1",
              "--local-directory", str(folder), "--memory-limit", "0")  # fmt: skip
    with contextlib.ExitStack() as stack:
        stack.enter_context(_dask(*scheduler, log=folder / "scheduler.log"))
        for number in range(2):
            stack.enter_context(_dask(*worker, log=folder / f"worker{number}.log"))
        deadline = time.monotonic() + 60
        while True:
            try:
                with ClusterExecutor(at) as executor:
                    executor._client.wait_for_workers(2, timeout=60)
                break
            except Unavailable:
                assert time.monotonic() < deadline, (folder / "scheduler.log").read_text()
                time.sleep(0.2)
        yield at


def workers_of(at: str) -> list[int]:
    """The process of every worker that is there now."""
    with ClusterExecutor(at) as executor:
        return sorted(executor._client.run(os.getpid).values())


@contextlib.contextmanager
def _dask(*words: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the cluster."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "DASK_DISTRIBUTED__DASHBOARD": ""}
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", *words], env=environment, stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
