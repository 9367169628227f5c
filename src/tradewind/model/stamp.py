"""The words everything is stamped with that must not be taken for more than it is: SIMULATED bars, UNPROVEN strategies.

A stamp is these words with a space between; empty is a real market and nothing but proven strategies.
"""

from __future__ import annotations

from typing import Final

SIMULATED: Final = "SIMULATED"
UNPROVEN: Final = "UNPROVEN"


def stamp_of(*, simulated: bool, unproven: bool) -> str:
    """``SIMULATED UNPROVEN``, one of the words, or nothing."""
    return " ".join(word for word, said in ((SIMULATED, simulated), (UNPROVEN, unproven)) if said)


def head_of(*, simulated: bool, unproven: bool) -> str:
    """The stamp as the beginning of a line: with a space behind it, empty where there is none."""
    stamp = stamp_of(simulated=simulated, unproven=unproven)
    return f"{stamp} " if stamp else ""


def says(stamp: str, word: str) -> bool:
    """Whether ``stamp`` has ``word`` in it."""
    return word in stamp.split()
