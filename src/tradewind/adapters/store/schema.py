"""Tables of the store.

Times that people query are TEXT ``YYYY-MM-DD HH:MM:SS`` in UTC, the very form SQLite's ``datetime('now', '-6 hours')``
gives, so that text order is time order; beside them stands the exact int64 UTC nanosecond. Prices and results that
people add up are REAL; what must be exact is kept as decimal text beside them. The journal is the truth: every other
table either follows from it in the same transaction or holds what a person or a learner wrote.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

PROVEN = (
    "(status <> 'validated' AND coalesce(status_before, '') <> 'validated') OR (coalesce(verdict, '') = 'PASS'"
    " AND symbol <> '' AND length(coalesce(verdict_hash, '')) > 0 AND trades IS NOT NULL AND win_rate_low IS NOT NULL)"
)


def utc_text(ts: int) -> str:
    """``YYYY-MM-DD HH:MM:SS`` of UTC nanoseconds, cut to the second as SQLite's ``datetime`` does."""
    return datetime.fromtimestamp(ts // 1_000_000_000, UTC).isoformat(sep=" ")[:19]


def _journal_seq() -> Column[int]:
    return Column("journal_seq", Integer, ForeignKey("journal.seq"), nullable=False)


journal = Table(
    "journal",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("event", LargeBinary, nullable=False),
    Column("outputs", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("config_hash", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("checksum", LargeBinary, nullable=False),
    Column("state", LargeBinary, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="single"), primary_key=True),
    Column("fencing", BigInteger, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("timestamp", Text, nullable=False),
    Column("acquired_ts", BigInteger, nullable=False),
)

candles = Table(
    "candles",
    metadata,
    Column("symbol", Text, primary_key=True),
    Column("timeframe", Text, primary_key=True),
    Column("ts_open", BigInteger, primary_key=True, autoincrement=False),
    Column("ts_close", BigInteger, nullable=False),
    Column("timestamp", Text, nullable=False),
    Column("open", Float, nullable=False),
    Column("high", Float, nullable=False),
    Column("low", Float, nullable=False),
    Column("close", Float, nullable=False),
    Column("volume", Float, nullable=False),
    Column("spread", Float),
    Column("synthetic", Text, nullable=False),
    sqlite_with_rowid=False,
)

signals = Table(
    "signals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("timeframe", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("entry", Float, nullable=False),
    Column("entry_low", Float, nullable=False),
    Column("entry_high", Float, nullable=False),
    Column("stop_loss", Float, nullable=False),
    Column("take_profit", Float, nullable=False),
    Column("lots", Float, nullable=False),
    Column("risk_cash", Float, nullable=False),
    Column("win_probability", Float),
    Column("breakeven", Float),
    Column("confidence", Float),
    Column("tier", Text, nullable=False),
    Column("valid_until", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("r", Float),
    Column("stamp", Text, nullable=False),
    Column("summary", Text, nullable=False),
    _journal_seq(),
)
Index(None, signals.c.timestamp)

decisions = Table(
    "decisions",
    metadata,
    Column("symbol", Text, primary_key=True),
    Column("timeframe", Text, primary_key=True),
    Column("ts", BigInteger, primary_key=True, autoincrement=False),
    Column("timestamp", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("summary", Text, nullable=False),
    _journal_seq(),
    sqlite_with_rowid=False,
)

positions = Table(
    "positions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("signal_id", Text, nullable=False, unique=True),
    Column("symbol", Text, nullable=False),
    Column("timeframe", Text),
    Column("direction", Text, nullable=False),
    Column("status", Text, CheckConstraint("status IN ('open', 'closed')", name="status"), nullable=False),
    Column("timestamp", Text, nullable=False),
    Column("ts_entry", BigInteger, nullable=False),
    Column("ts_exit", BigInteger),
    Column("steps", BigInteger),
    Column("entry_ticks", BigInteger),
    Column("lots", Float),
    Column("entry", Float),
    Column("exit", Float),
    Column("pnl", Float),
    Column("net", Text),
    _journal_seq(),
)

trade_outcomes = Table(
    "trade_outcomes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("signal_id", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("timeframe", Text, nullable=False),
    Column("predicted_direction", Text, nullable=False),
    Column("confidence", Float),
    Column("pnl_absolute", Float, nullable=False),
    Column("r", Float, nullable=False),
    Column("ts_entry", BigInteger, nullable=False),
    Column("ts_exit", BigInteger, nullable=False),
    Column("entry", Float, nullable=False),
    Column("exit", Float, nullable=False),
    Column("exit_leg", Text, nullable=False),
    Column("lots", Float, nullable=False),
    Column("gross", Text, nullable=False),
    Column("spread_cost", Text, nullable=False),
    Column("slippage_cost", Text, nullable=False),
    Column("commission", Text, nullable=False),
    Column("swap", Text, nullable=False),
    Column("net", Text, nullable=False),
    Column("mae_r", Float, nullable=False),
    Column("mfe_r", Float, nullable=False),
    Column("ambiguous", Boolean(create_constraint=False), nullable=False),
    _journal_seq(),
)
Index(None, trade_outcomes.c.signal_id)

confidence_history = Table(
    "confidence_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("timeframe", Text, nullable=False),
    Column("confidence_score", Float, nullable=False),
    _journal_seq(),
    # "seat" for the model of a seat, empty for the consensus of a decision; its parts as JSON.
    Column("source", Text),
    Column("detail", Text),
)
Index(None, confidence_history.c.symbol, confidence_history.c.timestamp)

strategies = Table(
    "strategies",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, Computed("id")),
    Column("timestamp", Text, nullable=False),
    Column("updated", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("timeframe", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("spec_hash", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("asset_class", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_before", Text),
    Column("params", Text, nullable=False),
    Column("weight", Float, nullable=False),
    Column("stop_loss", Text, nullable=False),
    Column("take_profit", Text, nullable=False),
    Column("trades", Integer),
    Column("wins", Integer),
    Column("win_rate", Float),
    Column("win_rate_low", Float),
    Column("breakeven", Float),
    Column("profit_factor", Float),
    Column("sharpe_ratio", Float),
    Column("expectancy_r", Float),
    Column("max_drawdown", Float),
    Column("retention", Float),
    Column("confidence", Float),
    Column("evidence_until", BigInteger),
    Column("verdict", Text),
    Column("verdict_path", Text),
    Column("verdict_hash", Text),
    Column("reason", Text, nullable=False),
    Column("simulated", Integer),
    # Whatever program wrote the row: without a passed verdict and what it rests on, none is ever followed.
    CheckConstraint(PROVEN, name="proven"),
    CheckConstraint("status IN ('candidate', 'rejected', 'shadow', 'validated', 'disabled')", name="status"),
    CheckConstraint("stop_loss <> '' AND take_profit <> ''", name="exits"),
)
Index(None, strategies.c.spec_hash, strategies.c.symbol, unique=True)
Index(None, strategies.c.status, strategies.c.win_rate_low)
Index(None, strategies.c.family, strategies.c.timeframe, strategies.c.version)

strategy_audit = Table(
    "strategy_audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("strategy_id", Text, ForeignKey("strategies.id"), nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status_from", Text, nullable=False),
    Column("status_to", Text, nullable=False),
)
Index(None, strategy_audit.c.strategy_id)

retraining_history = Table(
    "retraining_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("triggered_at", Text, nullable=False),
    Column("trigger_reason", Text, nullable=False),
    Column("strategy_id", Text, ForeignKey("strategies.id")),
    Column("validation_confidence", Float),
    Column("promoted", Boolean(create_constraint=False)),
    Column("detail", Text),
    Column("symbol", Text),
    Column("timeframe", Text),
    Column("ended_at", Text),
    Column("version", Text),
    Column("fault", Text),
    Column("calibration_error", Float),
    Column("passed", Boolean(create_constraint=False)),
    Column("duration_s", Float),
    Column("journal_seq", Integer),
)
Index(None, retraining_history.c.triggered_at)

command_inbox = Table(
    "command_inbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("verb", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("argument", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("answered_ts", BigInteger),
    Column("state", Text),
    Column("answer", Text),
    Column("journal_seq", Integer, ForeignKey("journal.seq")),
    CheckConstraint("status IN ('waiting', 'done', 'unchanged', 'refused')", name="status"),
)
Index(None, command_inbox.c.status)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("first_ts", BigInteger, nullable=False),
    Column("fencing", BigInteger, nullable=False),
    Column("beats", BigInteger, nullable=False),
    Column("operations", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False),
    Column("restarts", BigInteger, nullable=False),
    Column("rss", BigInteger, nullable=False),
    Column("cpu_s", Float, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("healthy", Boolean(create_constraint=False), nullable=False),
    Column("ended", Text, nullable=False),
)
Index(None, heartbeats.c.ts)

config_history = Table(
    "config_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("config_hash", Text, nullable=False),
    Column("changes", Text, nullable=False),
    Column("settings", Text, nullable=False),
)

guard_state = Table(
    "guard_state",
    metadata,
    Column("cause", Text, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("value", Float),
    Column("limit_value", Float),
    Column("until", BigInteger, nullable=False),
    _journal_seq(),
)

equity_marks = Table(
    "equity_marks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("balance", Text, nullable=False),
    Column("equity", Float, nullable=False),
    Column("day", Text, nullable=False),
    Column("day_equity", Float, nullable=False),
    Column("day_balance", Float, nullable=False),
    Column("day_end", BigInteger, nullable=False),
    Column("peak", Float, nullable=False),
    Column("daily_floor", Float),
    Column("total_floor", Float),
    Column("trading_days", Integer, nullable=False),
    Column("best_day", Float),
    Column("verdict", Text, nullable=False),
    _journal_seq(),
)
Index(None, equity_marks.c.kind, equity_marks.c.ts)

orders = Table(
    "orders",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("updated", Text, nullable=False),
    Column("signal_id", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("leg", Text, nullable=False),
    Column("side", Integer, nullable=False),
    Column("intended", BigInteger, nullable=False),
    Column("steps", BigInteger, nullable=False),
    Column("price_ticks", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("filled", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
    _journal_seq(),
)
Index(None, orders.c.state)
Index(None, orders.c.signal_id)

venue_requests = Table(
    "venue_requests",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("answered_ts", BigInteger),
    _journal_seq(),
)
Index(None, venue_requests.c.answer)

learning_states = Table(
    "learning_states",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("strategy_id", Text, ForeignKey("strategies.id")),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("symbol", Text),
    Column("timeframe", Text),
    Column("confidence", Float),
    Column("version", Text),
    Column("detail", Text),
    Column("journal_seq", Integer),
)

error_log = Table(
    "error_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("error_type", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("origin", Text, nullable=False),
)
Index(None, error_log.c.timestamp)

datasets = Table(
    "datasets",
    metadata,
    Column("content_hash", Text, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("timeframe", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("bars", BigInteger, nullable=False),
    Column("ts_first", BigInteger, nullable=False),
    Column("ts_last", BigInteger, nullable=False),
    Column("simulated", Boolean(create_constraint=False), nullable=False),
)
Index(None, datasets.c.symbol, datasets.c.timeframe)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    # Alerts: what was met; within a cool-down the first row is told and counts the others in repeats.
    Column("condition", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("confidence", Float),
    Column("payload", Text, nullable=False),
    Column("valid_until", BigInteger),
    Column("repeats", Integer, nullable=False),
    Column("last_ts", BigInteger, nullable=False),
    Column("suppressed", Integer, nullable=False),
    Column("journal_seq", Integer, ForeignKey("journal.seq")),
)
Index(None, outbox.c.topic, outbox.c.key, unique=True)
Index(None, outbox.c.condition, outbox.c.id)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("outbox_id", Integer, ForeignKey("outbox.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("doubts", Integer, nullable=False),
    Column("repeat", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("detail", Text, nullable=False),
    CheckConstraint("state IN ('pending', 'sending', 'ambiguous', 'sent', 'missed', 'failed')", name="state"),
)
Index(None, deliveries.c.outbox_id, deliveries.c.channel, unique=True)
Index(None, deliveries.c.state, deliveries.c.id)
