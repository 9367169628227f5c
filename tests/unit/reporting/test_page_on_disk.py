"""A page on disk: wholly there, or as it was before with the place named."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from tradewind.app.run_page import write_text_page
from tradewind.errors import Misconfigured, Unavailable


def test_a_disk_that_refuses_leaves_the_older_page(tmp_path: Path) -> None:
    """Rule: written beside and renamed; the message names the file, and nothing of the attempt is left."""
    path = write_text_page(tmp_path / "reports" / "page.html", "first", "--output")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(Unavailable, match=r"page\.html") as caught:
            write_text_page(path, "x" * 9000, "--output")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "--output" in str(caught.value)
    assert path.read_text() == "first"
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_is_no_page(tmp_path: Path) -> None:
    """Rule: refused under the name of the option that was typed."""
    with pytest.raises(Misconfigured, match="--output"):
        write_text_page(tmp_path, "page", "--output")
