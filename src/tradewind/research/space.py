"""The search space of a family: its own parameters and its exits, as one list of named ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from tradewind.features.rule import Family, StrategyParams
from tradewind.features.rule_exits import StopMode
from tradewind.features.rule_space import DEFAULT_PRESET, STOP_MODES, Range, Value, exit_ranges

EXITS: Final = "exits."
"""Begins the names of exits among those of parameters: ``exits.target_r``."""


class Space:
    """What a search may draw for ``family``; ``ranges`` by name in the order of drawing, exits first.

    ``stop_modes`` limits the search to some of ``pct``, ``atr``, ``wider_of``.

    Raises:
        Misconfigured: no such preset or stop mode.
    """

    __slots__ = ("_exits", "_own", "family", "ranges")

    def __init__(
        self,
        family: Family[Any],
        preset: str = DEFAULT_PRESET,
        stop_modes: tuple[StopMode, ...] = STOP_MODES,
    ) -> None:
        self.family = family
        self._exits = exit_ranges(family.ways_out, preset, stop_modes)
        self._own = dict(family.space)
        self.ranges: dict[str, Range] = {EXITS + name: one for name, one in self._exits.items()} | self._own

    @property
    def size(self) -> int:
        """Upper bound of the distinct parameter sets: the product of the ladders' lengths, without dependent limits."""
        product = 1
        for one in self.ranges.values():
            product *= len(one.values)
        return product

    def draw(self, shares: Sequence[float]) -> dict[str, Value] | None:
        """Values by name from one number in [0, 1) per range, in their order; None where a dependent limit leaves none.

        Parameters without a meaning beside the others are left out and keep their defaults.
        """
        exits: dict[str, Value] = {}
        own: dict[str, Value] = {}
        ladders = [(exits, item) for item in self._exits.items()] + [(own, item) for item in self._own.items()]
        for share, (drawn, (name, one)) in zip(shares, ladders, strict=True):
            if one.applies(drawn):
                value = one.at(share, drawn)
                if value is None:
                    return None
                drawn[name] = value
        return {EXITS + name: value for name, value in exits.items()} | own

    def params(self, values: Mapping[str, Value]) -> StrategyParams:
        """Parameters from values by name; what is not named keeps the family's defaults.

        Raises:
            Misconfigured: the family refuses the combination.
        """
        exits = {name[len(EXITS) :]: value for name, value in values.items() if name.startswith(EXITS)}
        own = {name: value for name, value in values.items() if not name.startswith(EXITS)}
        params: StrategyParams = self.family.Params(**own)
        return msgspec.structs.replace(params, exits=msgspec.structs.replace(params.exits, **exits))
