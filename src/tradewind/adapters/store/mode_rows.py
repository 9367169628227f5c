"""What follows from modes and trainings: transitions, confidences of seats, one row a training with its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tradewind.adapters.store.codec import encode_text
from tradewind.adapters.store.schema import utc_text
from tradewind.model.event import ModelServed, ModelTrained
from tradewind.model.mode import ModeChanged, ModeRulesChanged, RetrainAsked, SeatSeen

MODES: Final = (ModeChanged, RetrainAsked, ModeRulesChanged, SeatSeen)
MODELS: Final = (ModelTrained, ModelServed)
Statement = tuple[str, tuple[object, ...]]

_STATE: Final = (
    "INSERT INTO learning_states (timestamp, state, reason, symbol, timeframe, confidence, version, detail,"
    " journal_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SEEN: Final = (
    "INSERT INTO confidence_history (timestamp, symbol, timeframe, confidence_score, journal_seq, source, detail)"
    " VALUES (?, ?, ?, ?, ?, 'seat', ?)"
)
_ASKED: Final = (
    "INSERT INTO retraining_history (triggered_at, trigger_reason, symbol, timeframe, detail, journal_seq)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_ENDED: Final = (
    "UPDATE retraining_history SET ended_at = ?, validation_confidence = ?, version = ?, fault = ?,"
    " calibration_error = ?, passed = ?, promoted = ?, duration_s = ? WHERE id ="
    " (SELECT max(id) FROM retraining_history WHERE symbol = ? AND timeframe = ? AND ended_at IS NULL)"
)
_SEATED: Final = "UPDATE retraining_history SET promoted = ? WHERE symbol = ? AND timeframe = ? AND version = ?"


def mode_statements(output: ModeChanged | RetrainAsked | ModeRulesChanged | SeatSeen, seq: int) -> Iterator[Statement]:
    """The statements of one output of journal entry ``seq``; a seat with too few events has no confidence to keep."""
    stamp = utc_text(output.ts)
    if isinstance(output, ModeRulesChanged):
        changed = encode_text({name: [old, output.new[name]] for name, old in output.old.items()})
        yield _STATE, (stamp, "rules", output.source, None, None, None, None, changed, seq)
        return
    series = (output.symbol, output.timeframe.value)
    if isinstance(output, RetrainAsked):
        detail = {"value": output.value, "limit": output.limit, "also": output.also, "by": output.by}
        yield _ASKED, (stamp, output.trigger, *series, encode_text(detail), seq)
    elif isinstance(output, ModeChanged):
        seen = (output.seen.confidence, output.version, encode_text(output.seen))
        yield _STATE, (stamp, output.after.value, output.reason, *series, *seen, seq)
    elif output.seen.confidence is not None:
        yield _SEEN, (stamp, *series, output.seen.confidence, seq, encode_text(output.seen))


def model_statements(event: ModelTrained | ModelServed) -> Iterator[Statement]:
    """What an event about a model adds to the row of its training."""
    series = (event.symbol, event.timeframe.value)
    if isinstance(event, ModelTrained):
        found = (event.confidence, event.version, event.fault, event.calibration_error, event.passed)
        yield _ENDED, (utc_text(event.ts), *found, False, event.duration_s, *series)
    elif event.seat == "champion" and event.version:
        yield _SEATED, (True, *series, event.version)
