"""The life of the process, so that a simulator can end it anywhere."""

from __future__ import annotations

from typing import Protocol


class Process(Protocol):
    """Asked at the points where a crash would hurt most; the real one does nothing."""

    def checkpoint(self, name: str) -> None:
        """A named place in the code. The simulator may raise ``Crashed`` here; everything volatile is then dropped."""
        ...


class Crashed(BaseException):
    """The simulated process died here. Not an ``Exception``: nothing may catch and survive it."""
