"""Tables of what came of signals and of what was learnt from it; they follow from the journal like the others."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, Table, Text

from tradewind.adapters.store.schema import metadata


def _journal_seq() -> Column[int]:
    return Column("journal_seq", Integer, ForeignKey("journal.seq"), nullable=False)


signal_outcomes = Table(
    "signal_outcomes",
    metadata,
    Column("signal_id", Text, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("timeframe", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("r", Float),
    Column("leg", Text, nullable=False),
    Column("ts_entry", BigInteger),
    Column("entry", Float),
    Column("exit", Float),
    Column("amount", Text, nullable=False),
    _journal_seq(),
)
Index(None, signal_outcomes.c.ts)

outcome_audit = Table(
    "outcome_audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("signal_id", Text, nullable=False),
    Column("result_from", Text, nullable=False),
    Column("result_to", Text, nullable=False),
    Column("amount", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("request", Text, nullable=False),
    _journal_seq(),
)
Index(None, outcome_audit.c.signal_id)

drift_checks = Table(
    "drift_checks",
    metadata,
    Column("symbol", Text, primary_key=True),
    Column("member", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("severity", Text, nullable=False),
    Column("level", Float, nullable=False),
    Column("payload", Text, nullable=False),
    _journal_seq(),
)
Index(None, drift_checks.c.day)

drift_alarms = Table(
    "drift_alarms",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("level", Float, nullable=False),
    Column("degradation", Float),
    Column("action", Text, nullable=False),
    Column("escalated", Integer, nullable=False),
    Column("confirmed", Integer, nullable=False),
    _journal_seq(),
)
Index(None, drift_alarms.c.ts)

member_changes = Table(
    "member_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("replacement", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("level", Float, nullable=False),
    Column("reason", Text, nullable=False),
    _journal_seq(),
)

learning_cycles = Table(
    "learning_cycles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("checked", Integer, nullable=False),
    Column("alarms", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("fleet_limit", Float, nullable=False),
    _journal_seq(),
)
Index(None, learning_cycles.c.ts)

selector_choices = Table(
    "selector_choices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("value", Float, nullable=False),
    Column("explored", Integer, nullable=False),
    Column("applied", Integer, nullable=False),
    Column("weights", Text, nullable=False),
    _journal_seq(),
)
Index(None, selector_choices.c.symbol, selector_choices.c.ts)
