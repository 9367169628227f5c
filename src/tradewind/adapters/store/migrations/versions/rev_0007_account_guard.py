"""The account guard: latches that hold, and the account at each day and trade.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Adds both tables."""
    op.create_table(
        "guard_state",
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("state", "actor", "reason")),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("limit_value", sa.Float(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_guard_state_journal_seq_journal")),
        sa.PrimaryKeyConstraint("cause", name=op.f("pk_guard_state")),
    )
    op.create_table(
        "equity_marks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("balance", sa.Text(), nullable=False),
        sa.Column("equity", sa.Float(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("day_equity", sa.Float(), nullable=False),
        sa.Column("day_balance", sa.Float(), nullable=False),
        sa.Column("day_end", sa.BigInteger(), nullable=False),
        sa.Column("peak", sa.Float(), nullable=False),
        sa.Column("daily_floor", sa.Float(), nullable=True),
        sa.Column("total_floor", sa.Float(), nullable=True),
        sa.Column("trading_days", sa.Integer(), nullable=False),
        sa.Column("best_day", sa.Float(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_equity_marks_journal_seq_journal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equity_marks")),
    )
    op.create_index(op.f("ix_equity_marks_kind_ts"), "equity_marks", ["kind", "ts"])


def downgrade() -> None:
    """Drops both."""
    op.drop_table("equity_marks")
    op.drop_table("guard_state")
