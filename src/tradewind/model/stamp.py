"""The words everything is stamped with that must not be taken for more than it is: SIMULATED bars, UNPROVEN strategies,
and UNCHECKED ones, which are proven on bars that are not stored here, so that nobody could compare them.

A stamp is these words with a space between; empty is a real market and nothing but proven strategies.
"""

from __future__ import annotations

from typing import Final

SIMULATED: Final = "SIMULATED"
UNPROVEN: Final = "UNPROVEN"
UNCHECKED: Final = "UNCHECKED"


def stamp_of(*, simulated: bool, unproven: bool, unchecked: bool = False) -> str:
    """``SIMULATED UNPROVEN``, one of the words, or nothing."""
    words = ((SIMULATED, simulated), (UNPROVEN, unproven), (UNCHECKED, unchecked))
    return " ".join(word for word, said in words if said)


def head_of(*, simulated: bool, unproven: bool) -> str:
    """The stamp as the beginning of a line: with a space behind it, empty where there is none."""
    stamp = stamp_of(simulated=simulated, unproven=unproven)
    return f"{stamp} " if stamp else ""


def says(stamp: str, word: str) -> bool:
    """Whether ``stamp`` has ``word`` in it."""
    return word in stamp.split()
