"""Rows of ``orders`` and ``venue_requests``: what people read of the order manager's work.

A request is written, without an answer, in the transaction of the decision that made it; only then may it leave. What
is found without an answer after a crash may have reached the venue.
"""

from __future__ import annotations

from typing import Final

from tradewind.adapters.store.codec import encode_text
from tradewind.adapters.store.schema import utc_text
from tradewind.model.venue import OrderUpdate, VenueReport, VenueRequest

Row = tuple[str, tuple[object, ...]]
_ORDER: Final = (
    "INSERT INTO orders (client_id, timestamp, ts, updated, signal_id, symbol, leg, side, intended, steps, price_ticks,"
    " state, filled, detail, journal_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (client_id) DO UPDATE SET updated = excluded.updated, steps = excluded.steps,"
    " price_ticks = excluded.price_ticks, state = excluded.state, filled = excluded.filled, detail = excluded.detail"
)
_REQUEST: Final = (
    "INSERT INTO venue_requests (id, timestamp, ts, action, symbol, client_id, payload, answer, journal_seq)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, '', ?) ON CONFLICT (id) DO NOTHING"
)
_ANSWER: Final = "UPDATE venue_requests SET answer = ?, answered_ts = ? WHERE id = ?"


def order_row(output: VenueRequest | OrderUpdate, seq: int) -> Row:
    """The statement of an output, with what it needs."""
    stamp = utc_text(output.ts)
    if isinstance(output, VenueRequest):
        about = (output.action.value, output.symbol, output.client_id, encode_text(output))
        return _REQUEST, (output.id, stamp, output.ts, *about, seq)
    one = output
    named = (one.signal_id, one.symbol, one.leg.value, one.side)
    state = (one.steps, one.steps, one.price_ticks, one.state, one.filled, one.detail)
    return _ORDER, (one.client_id, stamp, one.ts, stamp, *named, *state, seq)


def answer_row(report: VenueReport) -> Row:
    """What became of a request: the kind of the report that answered it."""
    return _ANSWER, (report.kind.value, report.ts, report.request)
