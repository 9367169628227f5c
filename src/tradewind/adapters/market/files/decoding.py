"""Turns every way a binary decoder can fail into one clear error."""

from __future__ import annotations

import os
import tokenize
from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from tradewind.adapters.market.files.raw import unreadable

# The last five come from numpy, which reads an array's header as a Python literal.
_FAILURES = (
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    SyntaxError,
    tokenize.TokenError,
    RecursionError,
    TypeError,
    KeyError,
)


@contextmanager
def decoding(what: str) -> Iterator[None]:
    """Raises ``Corrupt`` for anything the decoder says, its panics (no ``Exception``s) included."""
    try:
        with _quiet_panics():
            yield
    except _FAILURES as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise unreadable(what, lines[0][:120]) from error
    except MemoryError as error:
        raise unreadable(what, "it claims to be larger than this machine's memory") from error


@contextmanager
def _quiet_panics() -> Iterator[None]:
    """Keeps a panicking decoder's own words, written straight to file descriptor 2, away from the user."""
    try:
        saved = os.dup(2)
    except OSError:  # the process has no stderr
        yield
        return
    silence = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silence, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(silence)
