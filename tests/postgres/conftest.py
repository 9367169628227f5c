"""A server and a database of its own for each test; skipped with the reason where there can be no server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres_server import Server, absence, postgres_server
from tradewind.adapters.store.seat import PostgresSeat


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One server for all tests of a worker."""
    reason = absence()
    if reason:
        pytest.skip(reason)
    with postgres_server() as running:
        yield running


@pytest.fixture
def seat(server: Server, tmp_path: Path) -> PostgresSeat:
    """An empty database."""
    return PostgresSeat.of(server.create_for(tmp_path), tmp_path / "data")
