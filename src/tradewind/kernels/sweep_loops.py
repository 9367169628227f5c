"""What ``sweep_vectors`` does, without a compiler: same results, slower."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


def _word(truths: Iterable[Any]) -> int:
    return sum(1 << k for k, truth in enumerate(truths) if truth)


def greater64(a: Any, i: int, b: Any, j: int) -> int:
    """64 elements of one array against those of another."""
    return _word(a[i : i + 64] > b[j : j + 64])


def above64(a: Any, i: int, x: float) -> int:
    """64 elements against a number."""
    return _word(a[i : i + 64] > x)


def below64(a: Any, i: int, x: float) -> int:
    """64 elements against a number."""
    return _word(a[i : i + 64] < x)


def at_most8(a: Any, i: int, x: float) -> int:
    """Eight elements against a number."""
    return _word(a[i : i + 8] <= x)


def at_least8(a: Any, i: int, x: float) -> int:
    """Eight elements against a number."""
    return _word(a[i : i + 8] >= x)


def trailing_zeros(x: Any) -> int:
    """Number of the lowest set bit."""
    number = int(x)
    return (number & -number).bit_length() - 1 if number else 64


def and8(masks: Any, i: int, j: int, to: int) -> None:
    """Eight words and eight others."""
    masks[to : to + 8] = masks[i : i + 8] & masks[j : j + 8]


def or8(masks: Any, i: int, j: int, to: int) -> None:
    """Eight words or eight others."""
    masks[to : to + 8] = masks[i : i + 8] | masks[j : j + 8]


def and_not8(masks: Any, i: int, j: int, to: int) -> None:
    """Eight words without eight others."""
    masks[to : to + 8] = masks[i : i + 8] & ~masks[j : j + 8]


def earlier8(words: Any, i: int, before: Any, to: int) -> None:
    """Eight words one bit later."""
    found = words[i : i + 8].copy()
    words[to : to + 8] = found << np.uint64(1)
    words[to + 1 : to + 8] |= found[:7] >> np.uint64(63)
    words[to] |= before


def votes8(masks: Any, i: int, turn: Any, j: int, turned: Any, known: Any, to: Any, at: int) -> None:
    """Votes of one member over eight words."""
    up = masks[i : i + 8] ^ turn
    voted = (up ^ masks[j : j + 8] ^ turned) & known
    to[at : at + 8] = voted
    to[at + 8 : at + 16] = up & voted
