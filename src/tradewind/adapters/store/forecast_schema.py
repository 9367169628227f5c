"""The table of what served models said; it follows from the journal like the others."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, Table, Text

from tradewind.adapters.store.schema import metadata

forecasts = Table(
    "forecasts",
    metadata,
    Column("symbol", Text, primary_key=True),
    Column("timeframe", Text, primary_key=True),
    Column("seat", Text, primary_key=True),
    Column("ts", BigInteger, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("p", Float, nullable=False),
    Column("outcomes", Text, nullable=False),
    Column("side", Integer, nullable=False),
    Column("acted", Integer, nullable=False),
    Column("lower", Float, nullable=False),
    Column("upper", Float, nullable=False),
    Column("ts_end", BigInteger),
    Column("went", Integer),
    Column("missed", Integer),
    Column("journal_seq", Integer, ForeignKey("journal.seq"), nullable=False),
)
Index(None, forecasts.c.ts)
