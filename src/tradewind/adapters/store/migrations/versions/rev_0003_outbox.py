"""The outbox: what people are told, and what became of it on every channel.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds ``outbox`` and ``deliveries``; what was told before is owed to nobody."""
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("topic", "key", "condition", "severity")),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("last_ts", sa.BigInteger(), nullable=False),
        sa.Column("suppressed", sa.Integer(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_outbox_journal_seq_journal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_topic_key"), "outbox", ["topic", "key"], unique=True)
    op.create_index(op.f("ix_outbox_condition_id"), "outbox", ["condition", "id"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("outbox_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("channel", "state", "timestamp")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("ts", "not_before")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("attempts", "doubts", "repeat", "missed")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("message_id", "detail")),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'ambiguous', 'sent', 'missed', 'failed')",
            name=op.f("ck_deliveries_state"),
        ),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_deliveries_outbox_id_outbox")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_outbox_id_channel"), "deliveries", ["outbox_id", "channel"], unique=True)
    op.create_index(op.f("ix_deliveries_state_id"), "deliveries", ["state", "id"])


def downgrade() -> None:
    """Drops both tables."""
    op.drop_table("deliveries")
    op.drop_table("outbox")
