"""Runs revisions on the connection that ``adapters.store.migrate`` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from tradewind.adapters.store.whole_schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
