"""Modes of seats, what trainings came to, and the parts of a seat's confidence.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_TEXTS = {
    "confidence_history": ("source", "detail"),
    "retraining_history": ("symbol", "timeframe", "ended_at", "version", "fault"),
    "learning_states": ("symbol", "timeframe"),
}


def upgrade() -> None:
    """Adds the columns; rows that are there know none of them."""
    for table, names in _TEXTS.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.Text(), nullable=True))
    op.add_column("retraining_history", sa.Column("calibration_error", sa.Float(), nullable=True))
    op.add_column("retraining_history", sa.Column("passed", sa.Boolean(create_constraint=False), nullable=True))
    op.add_column("retraining_history", sa.Column("duration_s", sa.Float(), nullable=True))
    op.add_column("retraining_history", sa.Column("journal_seq", sa.Integer(), nullable=True))
    op.add_column("learning_states", sa.Column("confidence", sa.Float(), nullable=True))
    op.add_column("learning_states", sa.Column("version", sa.Text(), nullable=True))
    op.add_column("learning_states", sa.Column("detail", sa.Text(), nullable=True))
    op.add_column("learning_states", sa.Column("journal_seq", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Drops them."""
    for name in ("journal_seq", "detail", "version", "confidence", "timeframe", "symbol"):
        op.drop_column("learning_states", name)
    for name in (
        "journal_seq",
        "duration_s",
        "passed",
        "calibration_error",
        "fault",
        "version",
        "ended_at",
        "timeframe",
        "symbol",
    ):
        op.drop_column("retraining_history", name)
    for name in ("detail", "source"):
        op.drop_column("confidence_history", name)
