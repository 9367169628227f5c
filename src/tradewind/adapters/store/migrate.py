"""Brings the schema up to date by the revisions inside the package."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection) -> None:
    """Runs every revision the database has not seen, inside the caller's transaction: all or none."""
    config = Config()
    config.set_main_option("script_location", "tradewind.adapters.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
