"""Inputs of one series over its whole history, with what says where they came from."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.features.input_schema import InputSchema
from tradewind.model.timeframe import Timeframe


class FeatureOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """What a set of inputs was made of.

    ``candles_hash`` is that of the bars alone, wherever they are kept; ``source`` names where they came from. ``made``
    says why some were made rather than received, ``""`` for real ones.
    """

    symbol: str
    timeframe: Timeframe
    schema_hash: str
    data_hash: str
    candles_hash: str
    source: str
    rows: int
    first_ts: int
    last_ts: int
    made: str = ""


class FeatureSet(NamedTuple):
    """Rows of ``schema`` at the close of every bar of a series.

    ``ts_open`` and ``ts_close`` int64 UTC nanoseconds ``(n,)``, ``rows`` float32 ``(n, k)``, NaN where not known.
    """

    symbol: str
    schema: InputSchema
    ts_open: NDArray[np.int64]
    ts_close: NDArray[np.int64]
    rows: NDArray[np.float32]

    @property
    def timeframe(self) -> Timeframe:
        """Length of the bars."""
        return self.schema.timeframe

    @property
    def data_hash(self) -> str:
        """sha256 over symbol, schema, times and rows, 64 hex digits: equal where every bit is."""
        return data_hash(self.symbol, self.schema.hash, self.ts_open, self.ts_close, self.rows)


def data_hash(
    symbol: str,
    schema_hash: str,
    ts_open: NDArray[np.int64],
    ts_close: NDArray[np.int64],
    rows: NDArray[np.float32],
) -> str:
    """sha256 of what a set of inputs holds, little endian; one NaN is like another."""
    digest = hashlib.sha256(f"{symbol}\n{schema_hash}\n{len(rows)}\n".encode())
    for times in (ts_open, ts_close):
        digest.update(np.ascontiguousarray(times, dtype="<i8").data)
    same = np.ascontiguousarray(rows, dtype="<f4")
    digest.update(np.where(np.isnan(same), np.float32(np.nan), same).data)
    return digest.hexdigest()
