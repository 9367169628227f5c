"""``python -m tradewind`` is the same command as ``tradewind``: the first that a process of ours runs.

Loading takes a moment. Whoever interrupts it then gets the exit code of the contract and no trace: nothing is open yet.
"""

import os
import signal
import sys
from types import FrameType

SERVICES = ("run", "watchdog")
"""They end in order on SIGTERM, so it means to them what Ctrl+C means; others it ends as it ends any process."""
INTERRUPTED = 130


def main() -> int:
    """Runs the verb that was typed and returns its exit code."""
    by_default = {
        number: signal.signal(number, _leave)
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN  # `nohup` and `&` mean it
    }
    from tradewind.cli.main import main as typed

    try:
        for number, handler in by_default.items():
            as_interrupt = number == signal.SIGTERM and sys.argv[1:2] and sys.argv[1] in SERVICES
            signal.signal(number, signal.default_int_handler if as_interrupt else handler)
        return typed()
    except KeyboardInterrupt:
        return _told()
    finally:
        # An interrupt that fell into code made from text (named tuples are, while modules load) is remembered by the
        # interpreter although it was caught, and at its end it would kill itself by it; running text forgets it.
        exec("")  # noqa: S102  # nosec B102  # the text is empty


def _leave(number: int, frame: FrameType | None) -> None:
    """Ends the process at once, whatever is being loaded."""
    del number, frame
    os._exit(_told())


def _told() -> int:
    os.write(2, b"error: interrupted before anything was done\n")
    return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
