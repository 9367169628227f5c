"""The table of all indicators, by kind: keys are parsed with it, banks built from it, documentation printed from it."""

from __future__ import annotations

import difflib
from typing import Final

from tradewind.errors import Misconfigured
from tradewind.features.definition import Definition
from tradewind.features.indicators import averages, oscillators, prices, ranges, trends

DEFINITIONS: Final[dict[str, Definition]] = {
    kind: definition
    for theme in (prices, averages, oscillators, ranges, trends)
    for kind, definition in theme.TABLE.definitions.items()
}


def definition_of(kind: str) -> Definition:
    """The definition of a kind.

    Raises:
        Misconfigured: there is none; the message names the nearest one.
    """
    found = DEFINITIONS.get(kind)
    if found is None:
        near = difflib.get_close_matches(kind, DEFINITIONS, n=1, cutoff=0.4)
        raise Misconfigured(
            f"unknown indicator {kind!r}",
            allowed=", ".join(DEFINITIONS),
            next_step=f"did you mean {near[0]!r}?" if near else "use one of these",
        )
    return found
