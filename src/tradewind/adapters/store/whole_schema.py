"""``metadata`` with every table in it.

Tables are defined in several modules. Whoever copies, counts or makes all of them takes them from here, so that it does
not depend on what else a process has loaded.
"""

from __future__ import annotations

from tradewind.adapters.store import article_schema, forecast_schema, learning_schema
from tradewind.adapters.store.schema import metadata

PARTS = (article_schema, forecast_schema, learning_schema)
"""The modules beside ``schema`` that define tables."""

__all__ = ["PARTS", "metadata"]
