"""Which outputs people hear of, as rows of the outbox and what is owed to each channel.

The rows are written in the transaction of the journal entry they follow from, or in one of the writer's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from tradewind.adapters.store.codec import encode_text
from tradewind.adapters.store.schema import utc_text
from tradewind.model.channel import ALARMS, SEVERITIES, Channel, Topic
from tradewind.model.decision import Signal
from tradewind.model.drift import DriftAlarm, MemberReplaced
from tradewind.model.notice import Notice, Severity
from tradewind.model.order import ApprovalAsked, ApprovalEnded, Fill, Leg
from tradewind.model.outcome import SignalOutcome, Trade
from tradewind.model.paper import PaperClosed, PaperOpened
from tradewind.model.timeframe import HOUR

ALERT_COOLDOWN: Final = HOUR
_DRIFT: Final[dict[str, Severity]] = {"HIGH": "warning", "CRITICAL": "critical"}
Statement = tuple[str, tuple[object, ...]]

_PUT: Final = (
    "INSERT INTO outbox (timestamp, ts, topic, key, condition, severity, confidence, payload, valid_until, repeats,"
    " last_ts, suppressed, journal_seq) VALUES (?, ?, ?, ?, '', ?, ?, ?, ?, 0, ?, 0, ?) ON CONFLICT (topic, key)"
    " DO NOTHING"
)
# One condition within a cool-down is one alert: the row that was told counts the others.
_AGAIN: Final = (
    "UPDATE outbox SET repeats = repeats + 1, last_ts = ? WHERE id = (SELECT max(id) FROM outbox WHERE condition = ?)"
    " AND ts > ?"
)
_ALERT: Final = (
    "INSERT INTO outbox (timestamp, ts, topic, key, condition, severity, payload, repeats, last_ts, suppressed,"
    " journal_seq) SELECT ?, ?, ?, ?, ?, ?, ?, 0, ?, coalesce((SELECT repeats FROM outbox WHERE id = (SELECT max(id)"
    " FROM outbox WHERE condition = ?)), 0), ? WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE id ="
    " (SELECT max(id) FROM outbox WHERE condition = ?) AND ts > ?) ON CONFLICT (topic, key) DO NOTHING"
)
_OWE: Final = (
    "INSERT INTO deliveries (outbox_id, channel, state, timestamp, ts, not_before, attempts, doubts, repeat, missed,"
    " message_id, detail) SELECT id, ?, 'pending', ?, ?, 0, 0, 0, 0, 0, '', '' FROM outbox WHERE topic = ? AND key = ?"
    " ON CONFLICT (outbox_id, channel) DO NOTHING"
)
_TOPICS: Final[dict[str, Topic]] = {
    "drift": "drift",
    "guard": "guard",
    "firm": "guard",
    "risk": "guard",
    "kill": "guard",
    "drawdown": "guard",
    "daily": "guard",
    "paper": "guard",
    "system": "system",
    "task": "system",
    "service": "system",
    "disk": "system",
}


_ONCE: Final = ("news_embargo",)


class Said(NamedTuple):
    """One thing to be told: what the outbox keeps of it. ``condition`` is empty for what is never held back."""

    topic: Topic
    key: str
    ts: int
    payload: str
    severity: Severity = "info"
    confidence: float | None = None
    valid_until: int | None = None
    condition: str = ""


def topic_of(code: str) -> Topic:
    """The topic of a notice, by the first word of its code: ``drift_critical`` is about drift; ``alert`` else."""
    return _TOPICS.get(code.replace(".", "_").split("_", 1)[0], "alert")


def said_of(output: object) -> Said | None:
    """What people are told of an output; None for everything that concerns nobody."""
    if isinstance(output, Signal):
        level = output.consensus.confidence
        return Said("signal", output.id, output.ts, encode_text(output), "info", level, output.valid_until)
    if isinstance(output, Trade):
        return Said("trade", f"closed {output.signal_id}", output.ts_exit, encode_text(output))
    if isinstance(output, Fill):
        which = output.ts if output.trade_id is msgspec.UNSET else output.trade_id
        key = f"opened {output.client_id} {which}"
        return Said("trade", key, output.ts, encode_text(output)) if output.leg is Leg.ENTRY else None
    if isinstance(output, DriftAlarm):
        key, worst = f"{output.check.subject} {output.check.ts}", output.check.severity
        return Said("drift", key, output.check.ts, encode_text(output), _DRIFT.get(worst, "info"))
    if isinstance(output, MemberReplaced):
        key = f"replaced {output.symbol} {output.member} {output.ts}"
        return Said("drift", key, output.ts, encode_text(output), "critical")
    if isinstance(output, SignalOutcome):  # a trade is told as a trade
        key = f"outcome {output.signal_id} {output.source}"
        return None if output.source == "trade" else Said("trade", key, output.ts, encode_text(output))
    if isinstance(output, PaperOpened):
        return Said("trade", f"paper opened {output.fill.signal_id}", output.fill.ts, encode_text(output))
    if isinstance(output, PaperClosed):
        return Said("trade", f"paper closed {output.trade.signal_id}", output.trade.ts_exit, encode_text(output))
    if isinstance(output, ApprovalAsked):
        key = f"approval {output.client_id}"
        return Said("alert", key, output.ts, encode_text(output), valid_until=output.until)
    if isinstance(output, ApprovalEnded):
        return Said("alert", f"approval {output.client_id} {output.how}", output.ts, encode_text(output))
    return said_of_notice(output) if isinstance(output, Notice) else None


def said_of_notice(notice: Notice) -> Said:
    """A notice as an alert: one for each condition (code and subject) within a cool-down.

    What the guard does and what news prevent is told every time: the engine says each of them once.
    """
    condition = f"{notice.code} {notice.subject}".strip()
    topic = topic_of(notice.code)
    key = f"{condition} {notice.ts}"
    if topic == "guard" or notice.code in _ONCE:
        condition = ""
    return Said(topic, key, notice.ts, encode_text(notice), notice.severity, condition=condition)


class OutboxRows:
    """Statements for what is told. ``channels`` are owed what they subscribed to; ``cooldown`` nanoseconds an alert.

    ``changes`` counts what was made durable, so that a sender knows without asking the file that there is something
    new.
    """

    def __init__(self, channels: Sequence[Channel] = (), cooldown: int = ALERT_COOLDOWN) -> None:
        self.channels = tuple(channels)
        self.cooldown = cooldown
        self.changes = 0

    def of(self, output: object, seq: int, number: int = 0) -> Iterator[Statement]:
        """The statements of output ``number`` of journal entry ``seq``, in the order they must run.

        A signal may be closed in several parts, some of them alike; each is told.
        """
        said = said_of(output)
        if said is not None:
            if isinstance(output, Trade):
                said = said._replace(key=f"{said.key} {seq}-{number}")
            yield from self.statements(said, said.ts, seq)

    def statements(self, said: Said, now: int, seq: int | None = None) -> Iterator[Statement]:
        """The statements of one thing said; again with the same topic and key they do nothing."""
        stamp = (utc_text(said.ts), said.ts, said.topic, said.key)
        if said.condition:
            since = said.ts - self.cooldown
            yield _AGAIN, (said.ts, said.condition, since)
            alert = (*stamp, said.condition, said.severity, said.payload, said.ts, said.condition, seq)
            yield _ALERT, (*alert, said.condition, since)
        else:
            row = (said.severity, said.confidence, said.payload, said.valid_until, said.ts, seq)
            yield _PUT, (*stamp, *row)
        for channel in self.channels:
            if subscribed(channel, said):
                yield _OWE, (channel.name, utc_text(now), now, said.topic, said.key)


def subscribed(channel: Channel, said: Said) -> bool:
    """Whether ``channel`` is to hear it."""
    if said.topic not in channel.topics:
        return False
    if said.topic == "signal":
        return (said.confidence or 0.0) >= channel.min_confidence
    return said.topic not in ALARMS or SEVERITIES[said.severity] >= SEVERITIES[channel.min_severity]


def changed(statements: Sequence[tuple[str, Any]]) -> bool:
    """Whether anything among ``statements`` is owed to a channel."""
    return any(statement is _OWE for statement, _ in statements)
