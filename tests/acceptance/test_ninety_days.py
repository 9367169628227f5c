"""Months of service in simulated time: what ages stays bounded, whatever grows is what is kept on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.ninety_days import KEEP_DAYS, gone_through

from tradewind.adapters.store.retention import AGED, COUNTED


@pytest.mark.req("O13", "O19", "R15", "INV-21")
@pytest.mark.parametrize("days", [0.5, pytest.param(90, marks=pytest.mark.soak)])
def test_the_service_holds_its_memory_its_descriptors_and_its_tables(tmp_path: Path, days: float) -> None:
    """FLT-36: at two thirds and at the end the same rows of all that ages, the same descriptors, hardly more memory."""
    found, told = gone_through(tmp_path, days)
    first, second, last = found.marks
    assert (found.restarts, found.errors, found.failed) == (0, 0, {})
    assert told > 0
    assert last.used.open_files <= first.used.open_files + 2
    assert last.rows["journal"] >= days * 24 * 60
    if days > 2 * KEEP_DAYS:
        for table in (*AGED, *COUNTED):
            assert last.rows[table] <= 1.1 * second.rows[table] + 10, table
        assert last.used.rss <= 1.1 * first.used.rss
