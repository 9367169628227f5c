"""Who writes a store, in words."""

from __future__ import annotations

from tradewind.app.ask.status import Writer
from tradewind.cli.status import writer_words


def test_a_store_without_a_writer_says_so_and_never_none() -> None:
    """After a restore from another kind of store nobody has written; a process is named where there was one."""
    assert writer_words(Writer(False, None, None)).startswith("not running; no process has written this store yet")
    assert writer_words(Writer(False, "12", "2026-01-02 03:04")) == (
        "not running; last was process 12 since 2026-01-02 03:04 UTC"
    )
