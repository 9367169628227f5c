"""What runs inside a worker process: take a chunk, compute, answer, until the other end closes.

Imported first in every worker, therefore light: libraries that start threads of their own when they are loaded must be
loaded after ``prepare`` has told them not to.
"""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from types import TracebackType
from typing import Any, Final

RESULT: Final = 0
FAILURE: Final = 1


def unprepared() -> None:
    """A worker that needs nothing set."""


class Attempt:
    """Keeps what a computation raised instead of letting it end the worker; whatever is no ``Exception`` passes."""

    def __init__(self) -> None:
        self.failure: Exception | None = None

    def __enter__(self) -> Attempt:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: TracebackType | None) -> bool:
        if isinstance(error, Exception):
            self.failure = error
        return error is None or self.failure is not None


def serve(connection: Connection, prepare: Callable[[], None]) -> None:
    """Answers ``(number, work, chunk)`` with ``(number, RESULT | FAILURE, value)``; work None is the work as before.

    Ctrl+C reaches every process of a terminal; it is the parent's to act on, which then ends its workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare()
    work: Callable[[Any], Any] = repr
    while True:
        try:
            order = connection.recv_bytes()
        except (EOFError, OSError):
            return  # nobody is left to answer
        number = int.from_bytes(order[:8], "little")
        with Attempt() as attempt:
            told, chunk = ForkingPickler.loads(order[8:])
            if told is not None:
                work = ForkingPickler.loads(told)
            answer = ForkingPickler.dumps((number, RESULT, work(chunk)))
        if attempt.failure is not None:
            answer = _failure(number, attempt.failure)
        try:
            connection.send_bytes(answer)
        except OSError:
            return


def _failure(number: int, error: Exception) -> Any:
    """The error with its trace as a note; one that cannot travel is replaced by a description of itself."""
    error.add_note("In a worker process:\n" + "".join(traceback.format_exception(error)))
    with Attempt() as attempt:
        packed = ForkingPickler.dumps((number, FAILURE, error))
        ForkingPickler.loads(packed)
        return packed
    assert attempt.failure is not None
    plain = RuntimeError(f"{type(error).__name__}: {error}")
    plain.add_note("\n".join(error.__notes__))
    return ForkingPickler.dumps((number, FAILURE, plain))
