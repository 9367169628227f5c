"""``python -m tradewind`` is the same command as ``tradewind``: the first that a process of ours runs.

Loading takes a moment. Whoever interrupts it then gets the exit code of the contract and no trace: nothing is open yet.
"""

import sys

from tradewind.cli import interrupts


def main() -> int:
    """Runs the verb that was typed and returns its exit code."""
    interrupts.catch()
    from tradewind.cli.main import main as typed

    try:
        return typed()
    except KeyboardInterrupt:
        return interrupts.told()
    finally:
        # An interrupt that fell into code made from text (named tuples are, while modules load) is remembered by the
        # interpreter although it was caught, and at its end it would kill itself by it; running text forgets it.
        exec("")  # noqa: S102  # nosec B102  # the text is empty


if __name__ == "__main__":
    sys.exit(main())
