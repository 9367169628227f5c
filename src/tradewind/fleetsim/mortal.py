"""A process that can be ended at its checkpoints, and a disk whose power can go at any write."""

from __future__ import annotations

from collections.abc import Callable

import apsw
import numpy as np

from tradewind.fleetsim.recording_disk import Disk, Op, RecordingDisk
from tradewind.ports.process import Crashed


class MortalProcess:
    """Implements ``ports.process.Process``: dies at the ``after``-th passing of an armed checkpoint.

    ``passed`` is called at every checkpoint before anything happens there.
    """

    def __init__(self, passed: Callable[[str], None]) -> None:
        self._passed = passed
        self._armed: dict[str, int] = {}

    def arm(self, checkpoint: str, after: int) -> None:
        """Death waits at ``checkpoint``."""
        self._armed[checkpoint] = after

    def disarm(self) -> None:
        """No death waits anywhere."""
        self._armed.clear()

    def checkpoint(self, name: str) -> None:
        """A named place in the code."""
        self._passed(name)
        if name in self._armed:
            self._armed[name] -= 1
            if self._armed[name] <= 0:
                self._armed.clear()
                raise Crashed(name)


class MortalDisk(RecordingDisk):
    """A disk that knows what a power cut or a kill would leave of it; ``left`` is that, once the power has gone."""

    def __init__(self, files: dict[str, bytes], generator: np.random.Generator) -> None:
        super().__init__()
        self.left: dict[str, bytes] | None = None
        self._generator = generator
        self._state = Disk(files)
        self._writes_left: int | None = None
        self._forgotten = False

    def arm(self, writes: int) -> None:
        """The power goes after ``writes`` more writes or syncs."""
        self._writes_left = writes

    def note(self, op: Op) -> None:
        """Moves the known state on, as long as there is power."""
        if self.left is None:
            self._state.apply(op)

    def meet_fault(self) -> None:
        """Fails everything once the power has gone."""
        if self._forgotten:
            return
        if self._writes_left is not None and self.left is None:
            self._writes_left -= 1
            if self._writes_left < 0:
                self.cut()
        if self.left is not None:
            error = apsw.IOError("the power is gone")
            error.extendedresult = apsw.SQLITE_IOERR_WRITE  # type: ignore[attr-defined]  # apsw's stubs leave it out
            raise error

    def cut(self) -> dict[str, bytes]:
        """The power goes now: nothing, everything or some of what was not synced is left."""
        if self.left is None:
            choice = int(self._generator.integers(3))
            if choice < 2:
                self.left = self._state.none() if choice else self._state.all()
            else:
                self.left = self._state.some(self._generator)
        return self.left

    def kill(self) -> dict[str, bytes]:
        """The process ends now, the machine goes on: everything written is there."""
        if self.left is None:
            self.left = self._state.all()
        return self.left

    def forget(self) -> None:
        """What is written from now on is of no interest: objects of the dead are being cleared away."""
        self.kill()
        self._forgotten = True
