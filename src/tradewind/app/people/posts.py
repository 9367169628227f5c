"""A row of the outbox as what leaves on a channel: words, marks, a document for programs."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import msgspec

from tradewind.adapters.store.outbox import Parcel
from tradewind.app.ask.published import PublishedSignal, iso, published
from tradewind.app.people.approval_words import asked_buttons
from tradewind.app.people.chat_text import CAPTION_LIMIT, TEXT_LIMIT, fitted, html_of
from tradewind.app.people.cornix import cornix_text
from tradewind.app.people.words import lines_of, read
from tradewind.model.decision import Signal
from tradewind.model.instrument import Instrument
from tradewind.model.notice import Severity
from tradewind.model.order import ApprovalAsked
from tradewind.model.stamp import SIMULATED, says
from tradewind.ports.sender import Post

SCHEMA = "tradewind.message.v1"


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What a program gets; ``docs/message-schema.json`` is generated from it.

    ``topic`` and ``key`` name the message for good: a receiver that knows them already got it before. ``signal`` is
    there for signals alone, ``data`` for everything else. ``missed`` must not be acted on.
    """

    schema: str = SCHEMA
    topic: str
    key: str
    ts: str
    severity: Severity
    repeat: bool
    missed: bool
    text: str
    simulated: bool
    signal: PublishedSignal | None = None
    data: dict[str, Any] | None = None


def message_schema() -> dict[str, Any]:
    """JSON Schema of a message (draft 2020-12)."""
    schema = msgspec.json.schema(Document)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Tradewind message", **schema}


class Posts:
    """Makes posts; ``instruments`` and ``stamp`` are the run's."""

    def __init__(self, instruments: Mapping[str, Instrument], stamp: str) -> None:
        self._instruments = instruments
        self._stamp = stamp

    def post(self, parcel: Parcel, picture: bytes = b"") -> Post:
        """What leaves now; a picture's caption is shorter than a message."""
        told = read(parcel.payload)
        lines = lines_of(parcel, told, self._instruments, self._stamp)
        shown = fitted(lines, CAPTION_LIMIT if picture else TEXT_LIMIT)
        text = "\n".join(lines)
        signal = told if isinstance(told, Signal) else None
        document = Document(
            topic=parcel.topic,
            key=parcel.key,
            ts=iso(parcel.ts),
            severity=parcel.severity,
            repeat=parcel.delivery.repeat,
            missed=parcel.delivery.missed,
            text=text,
            simulated=says(signal.stamp if signal else self._stamp, SIMULATED),
            signal=published(signal) if signal else None,
            data=None if signal else msgspec.json.decode(parcel.payload, type=dict[str, Any]),
        )
        return Post(
            topic=parcel.topic,
            key=parcel.key,
            subject=lines[0],
            text="\n".join(shown) if picture else text,
            html=html_of(shown),
            document=msgspec.json.encode(document),
            picture=picture,
            buttons=asked_buttons(told) if isinstance(told, ApprovalAsked) and not parcel.delivery.missed else (),
        )

    def cornix(self, parcel: Parcel) -> Post:
        """A signal as Cornix reads it; one that comes too late or twice says so in words that it does not read."""
        told = read(parcel.payload)
        assert isinstance(told, Signal), "only signals go to Cornix"
        if parcel.delivery.missed or parcel.delivery.repeat:
            word = "missed, do not act" if parcel.delivery.missed else "sent again, it may have arrived before"
            text = f"{told.id}: {word}"
        else:
            text = cornix_text(told, self._instruments[told.symbol])
        return Post(parcel.topic, parcel.key, text.partition("\n")[0], text, escape(text, quote=False), b"")

    def signal_of(self, parcel: Parcel) -> Signal | None:
        """The signal of a parcel, None where it carries something else."""
        told = read(parcel.payload) if parcel.topic == "signal" else None
        return told if isinstance(told, Signal) else None
