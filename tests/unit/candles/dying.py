"""A writer that dies between two file operations."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest


class _Died(BaseException):
    """Not an Exception: nothing that handles errors may survive a death."""


@contextlib.contextmanager
def dies_after(operations: int) -> Iterator[None]:
    """The body ends where it would rename or sync for the ``operations`` + 1st time, or at its own end."""
    steps = 0
    rename, sync = Path.replace, os.fsync

    def tick() -> None:
        nonlocal steps
        steps += 1
        if steps > operations:
            raise _Died

    def dying_rename(self: Path, target: Path) -> Path:
        tick()
        return rename(self, target)

    def dying_sync(descriptor: int) -> None:
        tick()
        sync(descriptor)

    with pytest.MonkeyPatch.context() as patched, contextlib.suppress(_Died):
        patched.setattr(Path, "replace", dying_rename)
        patched.setattr(os, "fsync", dying_sync)
        yield
