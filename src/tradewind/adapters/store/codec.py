"""Bytes of events and outputs: canonical JSON, one text for one value.

Fields are written in the order the struct declares them, tags first, floats in the shortest form that reads back to the
same bits. JSON has no word for NaN and infinities, and a bar that carries one must still be journaled as it came, so
those are written as the strings ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from tradewind.errors import Corrupt
from tradewind.model.event import BarClosed, BarMissing, BarRevised, InputEvent
from tradewind.model.output import Output

_encoder = msgspec.json.Encoder()
_WITH_BAR = (BarClosed, BarRevised)
_events: msgspec.json.Decoder[InputEvent] = msgspec.json.Decoder(InputEvent)
_events_with_words: msgspec.json.Decoder[InputEvent] = msgspec.json.Decoder(InputEvent, strict=False)
_outputs = msgspec.json.Decoder(list[Output])


def encode_event(event: InputEvent) -> bytes:
    """Canonical JSON of an input event."""
    if isinstance(event, _WITH_BAR):
        bar = event.bar
        if not math.isfinite(bar.open + bar.high + bar.low + bar.close + bar.volume + (bar.spread or 0.0)):
            return _encoder.encode(_worded(msgspec.to_builtins(event)))
    return _encoder.encode(event)


def decode_event(payload: bytes) -> InputEvent:
    """The event of ``encode_event``'s bytes.

    Raises:
        Corrupt: the bytes are no event.
    """
    try:
        return _events.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        try:
            return _events_with_words.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            raise Corrupt(f"an event cannot be read ({fault})") from fault


def encode_outputs(outputs: Sequence[Output]) -> bytes:
    """Canonical JSON array of output events; ``[]`` when nothing followed."""
    return _encoder.encode(outputs)


def decode_outputs(payload: bytes) -> list[Output]:
    """The outputs of ``encode_outputs``' bytes; empty bytes are no outputs.

    Raises:
        Corrupt: the bytes are no array of outputs.
    """
    if not payload or payload == b"[]":
        return []
    try:
        return _outputs.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Corrupt(f"the outputs of an entry cannot be read ({fault})") from fault


def encode_text(value: object) -> str:
    """JSON text of a model value, for a column that people read."""
    return _encoder.encode(value).decode()


def ts_of(event: InputEvent) -> int:
    """The time an event belongs to: the close of its bar, else its own ``ts``; UTC nanoseconds."""
    if isinstance(event, _WITH_BAR):
        return event.bar.ts_close
    if isinstance(event, BarMissing):
        return event.ts_close
    return event.ts


def kind_of(event: InputEvent) -> str:
    """The event's tag: bar, missing, revision, feed, command, model, started ..."""
    return _KINDS[type(event)]


def _worded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _worded(inner) for key, inner in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


_KINDS: dict[type, str] = {
    kind: str(kind.__struct_config__.tag) for kind in InputEvent.__args__ if kind.__struct_config__.tag
}
