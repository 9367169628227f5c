"""The inbox of the running service: orders that any process may put, and their answers.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "command_inbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("verb", "actor", "argument", "reason", "status")),
        sa.Column("answered_ts", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("journal_seq", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'done', 'unchanged', 'refused')", name=op.f("ck_command_inbox_status")
        ),
        sa.ForeignKeyConstraint(["journal_seq"], ["journal.seq"], name=op.f("fk_command_inbox_journal_seq_journal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_command_inbox")),
    )
    op.create_index(op.f("ix_command_inbox_status"), "command_inbox", ["status"])


def downgrade() -> None:
    """Drops the table."""
    op.drop_table("command_inbox")
