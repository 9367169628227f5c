"""The strategy book keeps whether the bars of a judgement were SIMULATED.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Adds the mark; of rows that were judged before, nothing but their signed verdict tells it."""
    op.add_column("strategies", sa.Column("simulated", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Drops it."""
    op.drop_column("strategies", "simulated")
