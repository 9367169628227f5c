"""Turns every way a binary decoder can fail into one clear error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from tradewind.adapters.market.files.raw import unreadable


@contextmanager
def decoding(what: str) -> Iterator[None]:
    """Raises ``Corrupt`` for anything the decoder says, its panics (no ``Exception``s) included."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, OverflowError) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise unreadable(what, lines[0][:120]) from error
    except MemoryError as error:
        raise unreadable(what, "it claims to be larger than this machine's memory") from error
