"""One-time codes from the machine's own entropy; a seeded generator would let who knows the seed guess them."""

from __future__ import annotations

import os


def confirm_code() -> str:
    """Six digits, evenly drawn (2**64 is large against a million)."""
    return f"{int.from_bytes(os.urandom(8)) % 1_000_000:06}"
