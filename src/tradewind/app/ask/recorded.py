"""Decisions as the store's table keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from tradewind.adapters.store.reader import Queryable
from tradewind.model.decision import Decision
from tradewind.model.timeframe import Timeframe

_DECODER: msgspec.json.Decoder[Decision] = msgspec.json.Decoder(Decision)
_AT = "SELECT ts, summary, journal_seq FROM decisions WHERE symbol = ? AND timeframe = ? AND ts <= ? ORDER BY ts DESC"
_FIRST = "SELECT ts FROM decisions WHERE symbol = ? AND timeframe = ? ORDER BY ts LIMIT 1"
FOREVER = 2**63 - 1


class Recorded(NamedTuple):
    """One decision and the journal entry it follows from."""

    ts: int
    decision: Decision
    seq: int


class DecisionTable:
    """Reads the ``decisions`` table of a store; any number of readers beside the writer."""

    def __init__(self, database: Queryable) -> None:
        self._database = database

    def timeframes(self, symbol: str) -> tuple[Timeframe, ...]:
        """Timeframes a symbol was decided on, shortest first."""
        return tuple(one for one in Timeframe if self.first(symbol, one) is not None)

    def first(self, symbol: str, timeframe: Timeframe) -> int | None:
        """``ts`` of the first decision of a series."""
        rows = self._rows(_FIRST, (symbol, timeframe.value))
        return int(rows[0][0]) if rows else None

    def at_or_before(self, symbol: str, timeframe: Timeframe, ts: int = FOREVER) -> Recorded | None:
        """The last decision of a series at or before ``ts``."""
        rows = self._rows(f"{_AT} LIMIT 1", (symbol, timeframe.value, ts))
        return Recorded(rows[0][0], decoded(rows[0][1]), rows[0][2]) if rows else None

    def _rows(self, statement: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        return self._database.query(statement, parameters)[1]


def decoded(summary: str) -> Decision:
    """The decision of a ``summary`` column."""
    return _DECODER.decode(summary)
