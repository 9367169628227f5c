"""Tests of training; they run where the training libraries are (``make test-models``) and say so where they are not."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if importlib.util.find_spec("torch") is None and "TRADEWIND_TRAINING" not in os.environ:
        reason = pytest.mark.skip(reason="torch is not installed here; `make test-models` makes an environment with it")
        for item in items:
            if item.path.is_relative_to(HERE):
                item.add_marker(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Where the libraries were installed a skip is a failure, but for data that lie beside some checkouts only."""
    report = yield
    missed = report.skipped and "not beside this checkout" not in str(report.longrepr)
    if missed and "TRADEWIND_TRAINING" in os.environ and item.path.is_relative_to(HERE):
        report.outcome = "failed"
        report.longrepr = f"skipped where the training libraries are installed: {report.longrepr}"
    return report
