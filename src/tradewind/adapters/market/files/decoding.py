"""Turns every way a binary decoder can fail into one clear error."""

from __future__ import annotations

import tokenize
from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from tradewind.adapters.market.files.raw import unreadable

# The last three come from numpy, which reads an array's header as a Python literal.
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
)


@contextmanager
def decoding(what: str) -> Iterator[None]:
    """Raises ``Corrupt`` for anything the decoder says, its panics (no ``Exception``s) included."""
    try:
        yield
    except _FAILURES as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise unreadable(what, lines[0][:120]) from error
    except MemoryError as error:
        raise unreadable(what, "it claims to be larger than this machine's memory") from error
