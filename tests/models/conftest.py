"""Tests of training; they run where the training libraries are (``make test-models``) and say so where they are not."""

from __future__ import annotations

import importlib.util
import os

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if importlib.util.find_spec("torch") is None and "TRADEWIND_TRAINING" not in os.environ:
        reason = pytest.mark.skip(reason="torch is not installed here; `make test-models` makes an environment with it")
        for item in items:
            if item.path.parent.name == "models":
                item.add_marker(reason)
