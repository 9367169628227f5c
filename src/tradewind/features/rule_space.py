"""What a search may draw for a parameter: ladders of values, and the stops that go with an asset class.

A range is a finite ladder, so that two draws are equal or plainly different, and the size of a search is a number.
Logarithmic ladders are built by multiplication alone, which rounds alike on every processor.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from tradewind.errors import Misconfigured
from tradewind.features.rule_exits import Exits, StopMode
from tradewind.model.instrument import AssetClass

Value = int | float | str
STOP_MODES: Final[tuple[StopMode, ...]] = ("pct", "atr", "wider_of")
DEFAULT_PRESET: Final = "fx-tight"


class Range(msgspec.Struct, frozen=True):
    """The values of one parameter, ascending where they are numbers.

    ``above`` and ``at_least`` name a parameter declared before this one: only values greater than its value, or not
    smaller, are drawn. ``unless`` is a parameter declared before and the value of it that makes this one meaningless;
    it then keeps its default, so that no two draws differ in a number nobody reads.
    """

    values: tuple[Value, ...]
    above: str = ""
    at_least: str = ""
    unless: tuple[str, Value] | None = None

    def __post_init__(self) -> None:
        if not self.values:
            raise Misconfigured("a range without values", allowed="low <= high and a step above 0")

    def applies(self, drawn: Mapping[str, Value]) -> bool:
        """Whether the parameter has a meaning beside the values drawn so far."""
        return self.unless is None or drawn.get(self.unless[0]) != self.unless[1]

    def at(self, share: float, drawn: Mapping[str, Value]) -> Value | None:
        """The value at ``share`` (0 <= share < 1) of the ladder that is left beside ``drawn``; None: nothing is."""
        start = 0
        if self.above:
            start = bisect.bisect_right(self.values, drawn[self.above])
        elif self.at_least:
            start = bisect.bisect_left(self.values, drawn[self.at_least])
        left = len(self.values) - start
        return self.values[start + int(share * left)] if left else None


def whole(
    low: int,
    high: int,
    step: int = 1,
    *,
    above: str = "",
    at_least: str = "",
    unless: tuple[str, Value] | None = None,
) -> Range:
    """Whole numbers from ``low`` to at most ``high`` in steps."""
    return Range(tuple(range(low, high + 1, step)), above, at_least, unless)


def real(low: float, high: float, step: float, *, unless: tuple[str, Value] | None = None) -> Range:
    """Numbers ``low + k * step`` to at most ``high``, rounded to 9 decimals: ``real(1.5, 2.5, 0.5)`` is 1.5, 2, 2.5."""
    count = int((high - low) / step + 1e-6)
    return Range(tuple(round(low + k * step, 9) for k in range(count + 1)), unless=unless)


def scale(low: float, high: float, factor: float = 1.15, *, above: str = "") -> Range:
    """A logarithmic ladder: ``low`` times powers of ``factor`` to three digits, and ``high``.

    Whole numbers where both ends are ``int``: ``scale(10, 15)`` is 10, 11, 13, 15.
    """
    if low <= 0 or factor <= 1.0:
        raise Misconfigured(f"scale from {low} by {factor}", allowed="low > 0, factor > 1")
    in_whole_numbers = isinstance(low, int) and isinstance(high, int)
    found: dict[Value, None] = {}
    step = float(low)
    while step < high:
        found.setdefault(int(step) if in_whole_numbers else float(f"{step:.3g}"))
        step *= factor
    return Range((*found, high), above)


def choice(*values: Value, unless: tuple[str, Value] | None = None) -> Range:
    """One of ``values``."""
    return Range(values, unless=unless)


class Stops(msgspec.Struct, frozen=True):
    """How far a stop may stand: ``pct`` in fractions of price, ``atr`` in average true ranges."""

    pct: Range
    atr: Range


_ATR: Final = real(1.0, 3.0, 0.25)
STOP_PRESETS: Final[dict[str, Stops]] = {
    "fx-tight": Stops(real(0.0015, 0.003, 0.0001), _ATR),
    "metal": Stops(real(0.002, 0.006, 0.0002), _ATR),
    "crypto": Stops(real(0.003, 0.009, 0.0005), _ATR),
}
"""Stops by name. ``fx-tight`` is 15 to 30 pips of EUR/USD at 1.0000; no preset reaches one percent."""
_PRESET_OF: Final = {
    AssetClass.FX: "fx-tight",
    AssetClass.METAL: "metal",
    AssetClass.CRYPTO: "crypto",
    AssetClass.FUTURE: "metal",
}


def preset_for(asset_class: AssetClass) -> str:
    """The stops that suit the usual range of an asset class."""
    return _PRESET_OF[asset_class]


def stops_of(preset: str) -> Stops:
    """The stops called ``preset``.

    Raises:
        Misconfigured: there are none of that name.
    """
    found = STOP_PRESETS.get(preset)
    if found is None:
        raise Misconfigured(f"stop preset {preset!r}", allowed=", ".join(STOP_PRESETS), next_step="use one of these")
    return found


FOLLOWING: Final[Mapping[str, Range]] = {"target_r": real(1.0, 3.0, 0.25), "time_stop_bars": whole(24, 192, 24)}
"""Exits of ideas that go with a move: room to run."""
FADING: Final[Mapping[str, Range]] = {"target_r": real(0.5, 3.0, 0.25), "time_stop_bars": whole(6, 48, 6)}
"""Exits of ideas that go against a move: near targets, little patience."""


def exit_ranges(
    own: Mapping[str, Range], preset: str = DEFAULT_PRESET, stop_modes: tuple[StopMode, ...] = STOP_MODES
) -> dict[str, Range]:
    """The ranges of ``Exits`` by field: stop by ``preset``, and what a family says of its ``own`` way out.

    Whether the stop follows and whether an opposite vote ends a position is drawn for every family.

    Raises:
        Misconfigured: no such preset or stop mode, or a field ``Exits`` does not have.
    """
    if not stop_modes or not set(stop_modes) <= set(STOP_MODES):
        raise Misconfigured(f"stop modes {', '.join(stop_modes) or 'none'}", allowed=", ".join(STOP_MODES))
    unknown = [name for name in own if name not in Exits.__struct_fields__]
    if unknown:
        raise Misconfigured(f"a range for the exit {unknown[0]!r}", allowed=", ".join(Exits.__struct_fields__))
    stops = stops_of(preset)
    return {
        "stop_mode": Range(stop_modes),
        "stop_pct": Range(stops.pct.values, unless=("stop_mode", "atr")),
        "stop_atr": Range(stops.atr.values, unless=("stop_mode", "pct")),
        "atr_period": choice(7, 10, 14, 21, 28, unless=("stop_mode", "pct")),
        "trail_r": choice(0.0, 0.75, 1.0, 1.5, 2.0),
        "exit_on_opposite": choice(False, True),
        **own,
    }


def faults_of_ranges(ranges: Mapping[str, Range], limits: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    """What is wrong with ``ranges``: names without limits, values outside them, references to what comes later."""
    before: list[str] = []
    for name, one in ranges.items():
        if name not in limits:
            yield f"a range for {name}, which is no parameter"
        else:
            low, high = limits[name]
            outside = [v for v in one.values if not isinstance(v, str) and not low <= v <= high]
            if outside:
                yield f"the range of {name} holds {outside[0]}, outside {low:g}..{high:g}"
        named = [one.above, one.at_least, one.unless[0] if one.unless else ""]
        for other in named:
            if other and other not in before:
                yield f"the range of {name} refers to {other}, which is not declared before it"
        before.append(name)
    for name in limits:
        if name not in ranges:
            yield f"no range for {name}"
