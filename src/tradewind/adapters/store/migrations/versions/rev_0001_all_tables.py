"""All tables.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# SQLite's function, so that what people type against one kind of database works on the other.
_DATETIME = """
CREATE FUNCTION datetime(moment text, shift text DEFAULT '0 seconds') RETURNS text LANGUAGE sql STABLE AS $$
  SELECT to_char(
    (CASE moment WHEN 'now' THEN now() ELSE moment::timestamptz END AT TIME ZONE 'UTC') + shift::interval,
    'YYYY-MM-DD HH24:MI:SS')
$$
"""


def upgrade() -> None:
    """Creates every table."""
    _record()
    _decided()
    _traded()
    _ended()
    _learned()
    _imported()
    if op.get_context().dialect.name == "postgresql":
        op.execute(_DATETIME)


def downgrade() -> None:
    """Drops every table, newest dependants first."""
    for name in (
        "datasets",
        "error_log",
        "learning_states",
        "retraining_history",
        "strategies",
        "trade_outcomes",
        "positions",
        "signals",
        "confidence_history",
        "decisions",
        "candles",
        "lease",
        "meta",
        "snapshots",
        "journal",
    ):
        op.drop_table(name)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION datetime(text, text)")


def _record() -> None:
    """The journal and what belongs to the process that writes it."""
    op.create_table(
        "journal",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.LargeBinary(), nullable=False),
        sa.Column("outputs", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal")),
    )
    op.create_table(
        "snapshots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("config_hash", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("checksum", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshots")),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )
    op.create_table(
        "lease",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fencing", sa.BigInteger(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("acquired_ts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lease")),
    )


def _decided() -> None:
    """What was seen and decided."""
    op.create_table(
        "candles",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("ts_open", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ts_close", sa.BigInteger(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("open", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("close", sa.Float(), nullable=False),
        sa.Column("volume", sa.Float(), nullable=False),
        sa.Column("spread", sa.Float(), nullable=True),
        sa.Column("synthetic", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", "timeframe", "ts_open", name=op.f("pk_candles")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decisions",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_decisions_journal_seq_journal")),
        sa.PrimaryKeyConstraint("symbol", "timeframe", "ts", name=op.f("pk_decisions")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "confidence_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("confidence_score", sa.Float(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["journal_seq"], ["journal.seq"], name=op.f("fk_confidence_history_journal_seq_journal")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confidence_history")),
    )
    op.create_index(op.f("ix_confidence_history_symbol_timestamp"), "confidence_history", ["symbol", "timestamp"])


def _traded() -> None:
    """What was published and is held."""
    op.create_table(
        "signals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("entry", sa.Float(), nullable=False),
        sa.Column("entry_low", sa.Float(), nullable=False),
        sa.Column("entry_high", sa.Float(), nullable=False),
        sa.Column("stop_loss", sa.Float(), nullable=False),
        sa.Column("take_profit", sa.Float(), nullable=False),
        sa.Column("lots", sa.Float(), nullable=False),
        sa.Column("risk_cash", sa.Float(), nullable=False),
        sa.Column("win_probability", sa.Float(), nullable=True),
        sa.Column("breakeven", sa.Float(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("r", sa.Float(), nullable=True),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_signals_journal_seq_journal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signals")),
    )
    op.create_index(op.f("ix_signals_timestamp"), "signals", ["timestamp"])
    op.create_table(
        "positions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("signal_id", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("ts_entry", sa.BigInteger(), nullable=False),
        sa.Column("ts_exit", sa.BigInteger(), nullable=True),
        sa.Column("steps", sa.BigInteger(), nullable=True),
        sa.Column("entry_ticks", sa.BigInteger(), nullable=True),
        sa.Column("lots", sa.Float(), nullable=True),
        sa.Column("entry", sa.Float(), nullable=True),
        sa.Column("exit", sa.Float(), nullable=True),
        sa.Column("pnl", sa.Float(), nullable=True),
        sa.Column("net", sa.Text(), nullable=True),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_positions_journal_seq_journal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_positions")),
        sa.UniqueConstraint("signal_id", name=op.f("uq_positions_signal_id")),
    )


def _ended() -> None:
    """What was won and lost."""
    op.create_table(
        "trade_outcomes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("signal_id", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("predicted_direction", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("pnl_absolute", sa.Float(), nullable=False),
        sa.Column("r", sa.Float(), nullable=False),
        sa.Column("ts_entry", sa.BigInteger(), nullable=False),
        sa.Column("ts_exit", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.Float(), nullable=False),
        sa.Column("exit", sa.Float(), nullable=False),
        sa.Column("exit_leg", sa.Text(), nullable=False),
        sa.Column("lots", sa.Float(), nullable=False),
        sa.Column("gross", sa.Text(), nullable=False),
        sa.Column("spread_cost", sa.Text(), nullable=False),
        sa.Column("slippage_cost", sa.Text(), nullable=False),
        sa.Column("commission", sa.Text(), nullable=False),
        sa.Column("swap", sa.Text(), nullable=False),
        sa.Column("net", sa.Text(), nullable=False),
        sa.Column("mae_r", sa.Float(), nullable=False),
        sa.Column("mfe_r", sa.Float(), nullable=False),
        sa.Column("ambiguous", sa.Boolean(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_trade_outcomes_journal_seq_journal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trade_outcomes")),
    )
    op.create_index(op.f("ix_trade_outcomes_signal_id"), "trade_outcomes", ["signal_id"])


def _learned() -> None:
    """What learners and the service wrote."""
    op.create_table(
        "strategies",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("stop_loss", sa.Text(), nullable=False),
        sa.Column("take_profit", sa.Text(), nullable=False),
        sa.Column("trades", sa.Integer(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strategies")),
    )
    op.create_table(
        "retraining_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("triggered_at", sa.Text(), nullable=False),
        sa.Column("trigger_reason", sa.Text(), nullable=False),
        sa.Column("strategy_id", sa.Text(), nullable=True),
        sa.Column("validation_confidence", sa.Float(), nullable=True),
        sa.Column("promoted", sa.Boolean(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["strategy_id"], ["strategies.id"], name=op.f("fk_retraining_history_strategy_id_strategies")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retraining_history")),
    )
    op.create_index(op.f("ix_retraining_history_triggered_at"), "retraining_history", ["triggered_at"])
    op.create_table(
        "learning_states",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("strategy_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["strategy_id"], ["strategies.id"], name=op.f("fk_learning_states_strategy_id_strategies")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_states")),
    )
    op.create_table(
        "error_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("error_type", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_error_log")),
    )
    op.create_index(op.f("ix_error_log_timestamp"), "error_log", ["timestamp"])


def _imported() -> None:
    """What data there is."""
    op.create_table(
        "datasets",
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("bars", sa.BigInteger(), nullable=False),
        sa.Column("ts_first", sa.BigInteger(), nullable=False),
        sa.Column("ts_last", sa.BigInteger(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("pk_datasets")),
    )
    op.create_index(op.f("ix_datasets_symbol_timeframe"), "datasets", ["symbol", "timeframe"])
