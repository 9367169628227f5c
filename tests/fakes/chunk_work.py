"""Work for executors: functions of a module, as workers can import them, that fail, die or wait on demand."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np

from tradewind.errors import Rejected
from tradewind.features.rule import Member


def squared(number: int) -> int:
    return number * number


def slower_first(number: int) -> int:
    """Early chunks take longest, so that results come back in the wrong order."""
    time.sleep(max(0.0, 0.05 * (4 - number)))
    return number


def refused_at_five(number: int) -> int:
    """Chunk 5 fails at once, chunk 3 too but later: the first failure in order is 3's."""
    if number == 3:
        time.sleep(0.2)
    if number in (3, 5):
        raise Rejected(f"chunk {number}", where="here", allowed="others", next_step="leave it out")
    return number


class Unpicklable(Exception):
    """Cannot travel between processes."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.lock = threading.Lock()


def fails_strangely(number: int) -> int:
    raise Unpicklable(f"chunk {number} holds a lock")


def marked(folder: str, number: int) -> int:
    """Leaves a file, so that somebody can count what was begun; chunk 0 fails."""
    Path(folder, str(number)).touch()
    if number == 0:
        raise Rejected("chunk 0")
    time.sleep(0.02)
    return number


def dies_once(folder: str, number: int) -> tuple[int, float]:
    """The first worker that takes chunk 4 is killed in the middle of it, as by a system out of memory."""
    if number == 4:
        mark = Path(folder, "died")
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return number, simulated(number)


def always_dies(number: int) -> int:
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def simulated(number: int) -> float:
    """A number drawn from the generator that belongs to the chunk, whoever computes it."""
    generator = np.random.default_rng([7, number])
    return float(generator.normal(size=1000).sum())


def big(number: int) -> np.ndarray:
    """Far more than a pipe holds."""
    return np.full(500_000, float(number))


def first_of(chunk: tuple[object, ...]) -> str:
    """What a chunk starts with: a function in it is data, not work."""
    return getattr(chunk[0], "__name__", str(chunk[0]))


def threads(number: int) -> tuple[int, str]:
    """Threads of this process after a product of matrices, and what numba was told."""
    square = np.ones((400, 400))
    np.dot(square, square)
    return len(list(Path("/proc/self/task").iterdir())), os.environ.get("NUMBA_NUM_THREADS", "")


def rule_of(member: Member) -> str:
    """A member's rule, and what its class of parameters takes by itself."""
    return f"{member.rule} default {type(member.params)().period}"
