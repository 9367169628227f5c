"""The strategy book: status, evidence and verdict of every strategy, and who switched it off.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_PROVEN = (
    "(status <> 'validated' AND coalesce(status_before, '') <> 'validated') OR (verdict IS 'PASS' AND symbol <> ''"
    " AND length(coalesce(verdict_hash, '')) > 0 AND trades IS NOT NULL AND win_rate_low IS NOT NULL)"
)
_KEPT = "id, timestamp, family, timeframe, params, weight, stop_loss, take_profit, trades, confidence, verdict"
_MEASURED = (
    "win_rate",
    "win_rate_low",
    "breakeven",
    "profit_factor",
    "sharpe_ratio",
    "expectancy_r",
    "max_drawdown",
    "retention",
    "confidence",
)


def upgrade() -> None:
    """Widens ``strategies``; rows of an earlier version stay, without evidence and so without a right to be heard."""
    _strategies()
    op.execute(
        f"INSERT INTO strategies_new ({_KEPT}, updated, version, spec_hash, symbol, asset_class, status, reason)"  # noqa: S608  constant names
        f" SELECT {_KEPT}, timestamp, 0, id, '', '', 'candidate', 'kept from an earlier version' FROM strategies"
    )
    op.drop_table("strategies")
    op.rename_table("strategies_new", "strategies")
    op.create_index(op.f("ix_strategies_spec_hash_symbol"), "strategies", ["spec_hash", "symbol"], unique=True)
    op.create_index(op.f("ix_strategies_status_win_rate_low"), "strategies", ["status", "win_rate_low"])
    op.create_index(op.f("ix_strategies_family_timeframe_version"), "strategies", ["family", "timeframe", "version"])
    op.create_table(
        "strategy_audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Text(), nullable=False),
        sa.Column("ts", sa.BigInteger(), nullable=False),
        sa.Column("strategy_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status_from", sa.Text(), nullable=False),
        sa.Column("status_to", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["strategy_id"], ["strategies.id"], name=op.f("fk_strategy_audit_strategy_id_strategies")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strategy_audit")),
    )
    op.create_index(op.f("ix_strategy_audit_strategy_id"), "strategy_audit", ["strategy_id"])


def downgrade() -> None:
    """Back to the columns of the first revision."""
    op.drop_table("strategy_audit")
    op.create_table(
        "strategies_old",
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
    op.execute(f"INSERT INTO strategies_old ({_KEPT}) SELECT {_KEPT} FROM strategies")  # noqa: S608  constant names
    op.drop_table("strategies")
    op.rename_table("strategies_old", "strategies")


def _strategies() -> None:
    """The wider table, under a name of its own until the rows are in it."""
    texts = ("family", "timeframe", "spec_hash", "symbol", "asset_class", "status", "params", "stop_loss")
    op.create_table(
        "strategies_new",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), sa.Computed("id", persisted=False), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("timestamp", "updated", *texts, "take_profit")),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status_before", sa.Text(), nullable=True),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("trades", sa.Integer(), nullable=True),
        sa.Column("wins", sa.Integer(), nullable=True),
        *(sa.Column(name, sa.Float(), nullable=True) for name in _MEASURED),
        sa.Column("evidence_until", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("verdict", "verdict_path", "verdict_hash")),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "status IN ('candidate', 'rejected', 'shadow', 'validated', 'disabled')", name=op.f("ck_strategies_status")
        ),
        sa.CheckConstraint("stop_loss <> '' AND take_profit <> ''", name=op.f("ck_strategies_exits")),
        sa.CheckConstraint(_PROVEN, name=op.f("ck_strategies_proven")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strategies")),
    )
