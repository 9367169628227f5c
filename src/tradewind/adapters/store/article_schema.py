"""The table of articles that a run was told of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from tradewind.adapters.store.schema import metadata

articles = Table(
    "articles",
    metadata,
    Column("id", Text, primary_key=True),
    Column("timestamp", Text, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("published", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("subjects", Text, nullable=False),
    Column("scorer", Text, nullable=False),
    Column("journal_seq", Integer, ForeignKey("journal.seq"), nullable=False),
)
"""``ts`` (and ``timestamp``) is from when on it counted; ``subjects`` JSON pairs of what it speaks of and how well."""
Index(None, articles.c.ts)
