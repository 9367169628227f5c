"""The command line's entry point."""

from __future__ import annotations


def main() -> None:
    """Runs the verb that was typed."""
    raise SystemExit(2)
