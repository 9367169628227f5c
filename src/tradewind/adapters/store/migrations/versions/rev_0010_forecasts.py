"""What served models said, and what became of it.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Adds the table; nothing was served before."""
    op.create_table(
        "forecasts",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("seat", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("p", sa.Float(), nullable=False),
        sa.Column("outcomes", sa.Text(), nullable=False),
        sa.Column("side", sa.Integer(), nullable=False),
        sa.Column("acted", sa.Integer(), nullable=False),
        sa.Column("lower", sa.Float(), nullable=False),
        sa.Column("upper", sa.Float(), nullable=False),
        sa.Column("ts_end", sa.BigInteger(), nullable=True),
        sa.Column("went", sa.Integer(), nullable=True),
        sa.Column("missed", sa.Integer(), nullable=True),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_forecasts_journal_seq_journal")),
        sa.PrimaryKeyConstraint("symbol", "timeframe", "seat", "ts", name=op.f("pk_forecasts")),
    )
    op.create_index(op.f("ix_forecasts_ts"), "forecasts", ["ts"])


def downgrade() -> None:
    """Drops it."""
    op.drop_table("forecasts")
