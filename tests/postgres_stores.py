"""Puts every store of a test run on PostgreSQL: what a path names is a database of its own on a server of our own.

Loaded where ``TRADEWIND_TEST_STORE=postgres`` is set (``make test-postgres``). The suites run as they are; what only a
SQLite file can show (bytes of pages, copies of files, ``PRAGMA``) is marked ``sqlite`` and skipped. ``tests/postgres``
names its servers itself, and its files are meant as files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres_server import Server, absence, postgres_server
from tradewind.adapters.store import location, opening, reader, restoring
from tradewind.adapters.store.seat import PostgresSeat


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = absence()
    for item in items:
        if missing:
            item.add_marker(pytest.mark.skip(reason=missing))
        elif item.get_closest_marker("sqlite"):
            item.add_marker(pytest.mark.skip(reason="of SQLite files alone"))


@pytest.fixture(scope="session")
def own_server() -> Iterator[Server]:
    """One server for all tests."""
    with postgres_server("max_connections=200") as server:
        yield server


@pytest.fixture(autouse=True)
def stores_on_postgres(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every path that is opened as a database becomes the seat of one on the server."""
    if request.path.parent.name == "postgres":
        return
    own_server: Server = request.getfixturevalue("own_server")

    def seat_of(place: str | Path, folder: Path | None = None) -> Path:
        path = location.path_of(place, folder)
        if isinstance(path, PostgresSeat):
            return path
        return PostgresSeat.at(path, own_server.create_for(path))

    for module in (opening, reader, restoring):
        monkeypatch.setattr(module, "path_of", seat_of)
