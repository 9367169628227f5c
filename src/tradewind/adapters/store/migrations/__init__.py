"""Alembic environment of the store; run by ``adapters.store.migrate`` only, never by a person."""
