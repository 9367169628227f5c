"""The strategy book held by somebody else, so that a process that writes it waits and can be met in the middle."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from tests.acceptance.project import Project


@contextlib.contextmanager
def held(project: Project) -> Iterator[None]:
    """Nobody else writes to the project's database meanwhile; whoever is writing now ends that transaction first."""
    connection = sqlite3.connect(project.folder / "data" / "tradewind.db", timeout=0, isolation_level=None)
    try:
        while not _began(connection):
            pass  # a busy writer begins anew within microseconds: whoever sleeps between two tries never meets the gap
        yield
    finally:
        connection.close()


def _began(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True
