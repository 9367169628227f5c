"""Finds the data and answers that live beside a checkout, never inside it."""

from __future__ import annotations

from pathlib import Path

import pytest


def shared(relative: str) -> Path:
    """Path of a shared file; skips the test with its name where it is absent."""
    here = Path(__file__).resolve()
    for folder in here.parents:
        candidate = folder / "shared" / relative
        if candidate.exists():
            return candidate
    pytest.skip(f"needs ../shared/{relative}, which is not beside this checkout", allow_module_level=True)
