"""An empty folder for commands that pages quote."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
