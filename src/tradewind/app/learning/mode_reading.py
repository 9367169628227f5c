"""What the store knows of modes and trainings, for people: read beside a running service."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tradewind.adapters.store.reader import Queryable
from tradewind.model.mode import Mode

_SEATS: Final = (
    "SELECT symbol, timeframe FROM confidence_history WHERE source = 'seat' UNION"
    " SELECT symbol, timeframe FROM learning_states WHERE symbol IS NOT NULL UNION"
    " SELECT DISTINCT symbol, timeframe FROM forecasts UNION"
    " SELECT symbol, timeframe FROM retraining_history WHERE symbol IS NOT NULL ORDER BY 1, 2"
)
_STATE: Final = (
    "SELECT state, timestamp, reason, version FROM learning_states WHERE symbol = ? AND timeframe = ?"
    " AND state IN ('TRADING', 'LEARNING') ORDER BY id DESC LIMIT 1"
)
_CHANGES: Final = "SELECT count(*) FROM learning_states WHERE symbol = ? AND timeframe = ? AND state <> 'rules'"
_SEEN: Final = (
    "SELECT timestamp, detail FROM confidence_history WHERE symbol = ? AND timeframe = ? AND source = 'seat'"
    " ORDER BY id DESC LIMIT 1"
)
_TRAINED: Final = (
    "SELECT triggered_at, trigger_reason, ended_at, version, fault, validation_confidence, passed, promoted,"
    " duration_s FROM retraining_history WHERE symbol = ? AND timeframe = ? ORDER BY id DESC LIMIT 1"
)
_HISTORY: Final = (
    "SELECT triggered_at, trigger_reason, symbol, timeframe, ended_at, version, fault, validation_confidence,"
    " calibration_error, passed, promoted, duration_s, detail FROM retraining_history ORDER BY id DESC LIMIT ?"
)
_TRANSITIONS: Final = (
    "SELECT timestamp, state, reason, symbol, timeframe, confidence, version, detail FROM learning_states"
    " WHERE state <> 'cycle' ORDER BY id DESC LIMIT ?"
)


class SeatStatus(msgspec.Struct, frozen=True):
    """One seat: its mode since when and why, what its champion shows, its newest training.

    ``seen`` are the parts of the confidence, null before there is one; ``transitions`` counts all of the run.
    """

    symbol: str
    timeframe: str
    mode: str
    since: str | None
    reason: str
    version: str
    transitions: int
    seen_at: str | None
    seen: dict[str, Any] | None
    training: dict[str, Any] | None


def seat_statuses(store: Queryable) -> list[SeatStatus]:
    """Every seat that the store of a run that learns knows of; one that never moved is in LEARNING."""
    return [_status(store, str(symbol), str(timeframe)) for symbol, timeframe in store.query(_SEATS)[1]]


def training_history(store: Queryable, last: int) -> list[dict[str, Any]]:
    """The newest trainings that were asked for, newest first; ``by`` is who ordered one by hand, and why."""
    found = _dicts(store.query(_HISTORY, (last,)))
    details = [msgspec.json.decode(one.pop("detail") or "{}") for one in found]
    return [{**one, "by": detail.get("by", "")} for one, detail in zip(found, details, strict=True)]


def mode_history(store: Queryable, last: int) -> list[dict[str, Any]]:
    """The newest transitions, and changes of rules with old and new values, newest first."""
    found = _dicts(store.query(_TRANSITIONS, (last,)))
    return [{**one, "detail": msgspec.json.decode(one["detail"] or "null")} for one in found]


def _status(store: Queryable, symbol: str, timeframe: str) -> SeatStatus:
    where = (symbol, timeframe)
    state = next(iter(store.query(_STATE, where)[1]), None)
    seen = next(iter(store.query(_SEEN, where)[1]), None)
    training = _dicts(store.query(_TRAINED, where))
    return SeatStatus(
        symbol=symbol,
        timeframe=timeframe,
        mode=Mode.LEARNING if state is None else str(state[0]),
        since=None if state is None else str(state[1]),
        reason="" if state is None else str(state[2]),
        version="" if state is None else str(state[3] or ""),
        transitions=int(store.query(_CHANGES, where)[1][0][0]),
        seen_at=None if seen is None else str(seen[0]),
        seen=None if seen is None else msgspec.json.decode(seen[1]),
        training=training[0] if training else None,
    )


def _dicts(found: tuple[Any, Any]) -> list[dict[str, Any]]:
    names, rows = found
    return [dict(zip(names, row, strict=True)) for row in rows]
