"""What Ctrl+C and SIGTERM do before a verb begins, and to those verbs that end in order.

An interrupt that is raised while modules load may fall into code that cannot pass it on (a destructor, a callback of a
weak reference or of the collector, a bare except of a library) and be lost. So nothing is raised then: nothing is open
yet, and the handler ends the process itself. A verb that ends in order keeps that until it takes signals over.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` takes as long to load as all else here, and until then nothing is caught
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

SERVICES = ("run", "watchdog")
"""They end in order on SIGTERM, so it means to them what Ctrl+C means; others it ends as it ends any process."""
INTERRUPTED = 130
_before: dict[int, Any] = {}


def catch() -> None:
    """From now on both signals end the process at once, with the exit code of the contract and one line."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` and `&` mean it
            _before[number] = signal.signal(number, leave)


def begins() -> None:
    """The typed verb begins: an interrupt is raised in it, unless it is one that takes signals over itself."""
    if sys.argv[1:2] and sys.argv[1] in SERVICES:
        return
    for number, handler in _before.items():
        if signal.getsignal(number) is leave:
            signal.signal(number, handler)


def afterwards(handler: Callable[[int, FrameType | None], Any] | int | None) -> Any:
    """What a verb leaves behind that took signals over from ``handler``: an interrupt is raised from then on."""
    return signal.default_int_handler if handler is leave else handler


def leave(number: int, frame: FrameType | None) -> None:
    """Ends the process at once, whatever is being loaded."""
    del number, frame
    os._exit(told())


def told() -> int:
    """Says that nothing was done, whatever the streams are worth; the exit code."""
    os.write(2, b"error: interrupted before anything was done\n")
    return INTERRUPTED
