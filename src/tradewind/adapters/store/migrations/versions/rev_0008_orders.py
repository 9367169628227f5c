"""Orders at a venue, and what was asked of it.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Adds the tables."""
    op.create_table(
        "orders",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("client_id", "timestamp")),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("updated", "signal_id", "symbol", "leg")),
        sa.Column("side", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("intended", "steps", "price_ticks")),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("filled", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_orders_journal_seq_journal")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_orders")),
    )
    op.create_index(op.f("ix_orders_state"), "orders", ["state"])
    op.create_index(op.f("ix_orders_signal_id"), "orders", ["signal_id"])
    op.create_table(
        "venue_requests",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("action", "symbol", "client_id", "payload", "answer")
        ),
        sa.Column("answered_ts", sa.BigInteger(), nullable=True),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_venue_requests_journal_seq_journal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue_requests")),
    )
    op.create_index(op.f("ix_venue_requests_answer"), "venue_requests", ["answer"])


def downgrade() -> None:
    """Drops the tables."""
    op.drop_table("venue_requests")
    op.drop_table("orders")
