"""The real process: its checkpoints are only places in the code."""

from __future__ import annotations


class HostProcess:
    """Does nothing at a checkpoint; the simulator's counterpart may end the process there."""

    def checkpoint(self, name: str) -> None:
        """Nothing."""
