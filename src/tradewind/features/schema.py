"""What a feature row means, as a hash: two rows may be compared or fed to the same model only if theirs are equal."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

SCHEMA_VERSION: Final = 1
"""Raise it when a kernel's numbers or a node's state change: snapshots and trained models then no longer fit."""


def schema_hash(index: Mapping[str, int], seeding: str) -> str:
    """sha256 over the version, the seeding and the keys in column order, 64 hex digits."""
    keys = sorted(index, key=index.__getitem__)
    text = "\n".join((f"tradewind features {SCHEMA_VERSION}", seeding, *keys))
    return hashlib.sha256(text.encode()).hexdigest()
