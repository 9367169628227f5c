"""When the service was alive, and under which configuration.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Adds both tables."""
    numbers = ("ts", "first_ts", "fencing", "beats", "operations", "failed", "errors", "restarts", "rss")
    op.create_table(
        "heartbeats",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in numbers),
        sa.Column("cpu_s", sa.Float(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("healthy", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("ended", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_heartbeats")),
    )
    op.create_index(op.f("ix_heartbeats_ts"), "heartbeats", ["ts"])
    op.create_table(
        "config_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("actor", "origin", "config_hash", "changes", "settings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_config_history")),
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_table("config_history")
    op.drop_table("heartbeats")
