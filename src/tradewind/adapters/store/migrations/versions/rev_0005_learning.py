"""Outcomes of signals and what was learnt from them.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds the tables; what was decided before has no outcomes in them."""
    _outcomes()
    _drift()
    _selection()


def _outcomes() -> None:
    """What became of signals."""
    op.create_table(
        "signal_outcomes",
        sa.Column("signal_id", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("r", sa.Float(), nullable=True),
        sa.Column("leg", sa.Text(), nullable=False),
        sa.Column("ts_entry", sa.BigInteger(), nullable=True),
        sa.Column("entry", sa.Float(), nullable=True),
        sa.Column("exit", sa.Float(), nullable=True),
        sa.Column("amount", sa.Text(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_signal_outcomes_journal_seq_journal")),
        sa.PrimaryKeyConstraint("signal_id", name=op.f("pk_signal_outcomes")),
    )
    op.create_index(op.f("ix_signal_outcomes_ts"), "signal_outcomes", ["ts"])
    op.create_table(
        "outcome_audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("signal_id", sa.Text(), nullable=False),
        sa.Column("result_from", sa.Text(), nullable=False),
        sa.Column("result_to", sa.Text(), nullable=False),
        sa.Column("amount", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_outcome_audit_journal_seq_journal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome_audit")),
    )
    op.create_index(op.f("ix_outcome_audit_signal_id"), "outcome_audit", ["signal_id"])


def _drift() -> None:
    """Checks, alarms, replacements."""
    op.create_table(
        "drift_checks",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_drift_checks_journal_seq_journal")),
        sa.PrimaryKeyConstraint("symbol", "member", "day", name=op.f("pk_drift_checks")),
    )
    op.create_index(op.f("ix_drift_checks_day"), "drift_checks", ["day"])
    op.create_table(
        "drift_alarms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("degradation", sa.Float(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("escalated", sa.Integer(), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_drift_alarms_journal_seq_journal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift_alarms")),
    )
    op.create_index(op.f("ix_drift_alarms_ts"), "drift_alarms", ["ts"])
    op.create_table(
        "member_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("replacement", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_member_changes_journal_seq_journal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_changes")),
    )


def _selection() -> None:
    """Hourly cycles and choices."""
    op.create_table(
        "learning_cycles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("alarms", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("fleet_limit", sa.Float(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_learning_cycles_journal_seq_journal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_cycles")),
    )
    op.create_index(op.f("ix_learning_cycles_ts"), "learning_cycles", ["ts"])
    op.create_table(
        "selector_choices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("explored", sa.Integer(), nullable=False),
        sa.Column("applied", sa.Integer(), nullable=False),
        sa.Column("weights", sa.Text(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_selector_choices_journal_seq_journal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selector_choices")),
    )
    op.create_index(op.f("ix_selector_choices_symbol_ts"), "selector_choices", ["symbol", "ts"])


def downgrade() -> None:
    """Drops the tables."""
    for name in (
        "selector_choices",
        "learning_cycles",
        "member_changes",
        "drift_alarms",
        "drift_checks",
        "outcome_audit",
        "signal_outcomes",
    ):
        op.drop_table(name)
