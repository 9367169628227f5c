"""What the store knows of modes and trainings, for people: read beside a running service."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import msgspec

from tradewind.adapters.store.codec import decode_outputs
from tradewind.adapters.store.reader import Queryable
from tradewind.adapters.store.schema import utc_text
from tradewind.model.mode import Mode, ModeChanged, ModeEvidence, SeatSeen

Seat = tuple[str, str]
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

_BEFORE: Final = "SELECT seq, outputs FROM journal WHERE seq < ? ORDER BY seq DESC LIMIT ?"
_PORTION: Final = 1_000
_FURTHEST: Final = 50_000
"""Entries of the journal that are looked through for what a seat showed last."""


class SeatStatus(msgspec.Struct, frozen=True):
    """One seat: its mode since when and why, what its champion shows, its newest training.

    ``seen`` are the parts of the confidence at ``seen_at``, those that need more events null, and the whole null before
    the first shadow event; ``transitions`` counts all of the run.
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
    seats = [(str(symbol), str(timeframe)) for symbol, timeframe in store.query(_SEATS)[1]]
    shown = _shown(store, seats)
    return [_status(store, *seat, shown.get(seat)) for seat in seats]


def training_history(store: Queryable, last: int) -> list[dict[str, Any]]:
    """The newest trainings that were asked for, newest first; ``by`` is who ordered one by hand, and why."""
    found = _dicts(store.query(_HISTORY, (last,)))
    details = [msgspec.json.decode(one.pop("detail") or "{}") for one in found]
    return [{**one, "by": detail.get("by", "")} for one, detail in zip(found, details, strict=True)]


def mode_history(store: Queryable, last: int) -> list[dict[str, Any]]:
    """The newest transitions, and changes of rules with old and new values, newest first."""
    found = _dicts(store.query(_TRANSITIONS, (last,)))
    return [{**one, "detail": msgspec.json.decode(one["detail"] or "null")} for one in found]


def _shown(store: Queryable, seats: Collection[Seat]) -> dict[Seat, tuple[int, ModeEvidence]]:
    """``seat -> (ts, what it showed)`` by the newest word of the journal; a table has it from enough events on only."""
    found: dict[Seat, tuple[int, ModeEvidence]] = {}
    before = 2**62
    for _ in range(_FURTHEST // _PORTION):
        rows = store.query(_BEFORE, (before, _PORTION))[1]
        for seq, payload in rows:
            before = int(seq)
            if b'"seat_seen"' not in payload and b'"mode_changed"' not in payload:
                continue
            said = [one for one in decode_outputs(payload) if isinstance(one, SeatSeen | ModeChanged)]
            for one in reversed(said):
                found.setdefault((one.symbol, one.timeframe.value), (one.ts, _evidence(one)))
        if len(rows) < _PORTION or found.keys() >= set(seats):
            break
    return found


def _evidence(one: SeatSeen | ModeChanged) -> ModeEvidence:
    """What counts now: whoever fell is judged by what comes after it."""
    fell = isinstance(one, ModeChanged) and one.after is Mode.LEARNING and one.reason != "model"
    return ModeEvidence(0) if fell else one.seen


def _status(store: Queryable, symbol: str, timeframe: str, shown: tuple[int, ModeEvidence] | None) -> SeatStatus:
    where = (symbol, timeframe)
    state = next(iter(store.query(_STATE, where)[1]), None)
    kept = next(iter(store.query(_SEEN, where)[1]), None)
    seen = None if kept is None else (str(kept[0]), msgspec.json.decode(kept[1]))
    if shown is not None:
        seen = utc_text(shown[0]), msgspec.to_builtins(shown[1])
    training = _dicts(store.query(_TRAINED, where))
    return SeatStatus(
        symbol=symbol,
        timeframe=timeframe,
        mode=Mode.LEARNING if state is None else str(state[0]),
        since=None if state is None else str(state[1]),
        reason="" if state is None else str(state[2]),
        version="" if state is None else str(state[3] or ""),
        transitions=int(store.query(_CHANGES, where)[1][0][0]),
        seen_at=None if seen is None else seen[0],
        seen=None if seen is None else seen[1],
        training=training[0] if training else None,
    )


def _dicts(found: tuple[Any, Any]) -> list[dict[str, Any]]:
    names, rows = found
    return [dict(zip(names, row, strict=True)) for row in rows]
