"""Strategies drawn at random from the search spaces of their families, and repeats among them set aside."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.features.rule import Family, Member, StrategyParams, member_of
from tradewind.features.rule_exits import StopMode
from tradewind.features.rule_space import DEFAULT_PRESET, STOP_MODES, Value
from tradewind.model.timeframe import Timeframe
from tradewind.research.space import Space

FRUITLESS: Final = 2000
"""Draws in a row without a new strategy after which a family is taken to be exhausted."""
_BLOCK: Final = 128


def generate(
    families: Iterable[Family[Any]],
    n: int,
    generator: np.random.Generator,
    timeframe: Timeframe,
    *,
    preset: str = DEFAULT_PRESET,
    stop_modes: tuple[StopMode, ...] = STOP_MODES,
    told: Callable[[int], None] = lambda _: None,
) -> tuple[Member, ...]:
    """``n`` distinct strategies on ``timeframe``, as evenly over the families as their spaces allow.

    Named ``{family}_{timeframe}_v1``, ``_v2``, ... in the order of drawing, family by family. The same state of
    ``generator`` gives the same strategies on every machine; each family draws from a stream of its own, so another
    family beside it changes only how many it gives. Families without a search space, or made for shorter timeframes,
    give none. ``told`` hears after every round over the families how many more there are.

    Raises:
        Misconfigured: ``n`` below 1, no family to draw from, or fewer than ``n`` distinct strategies to be found.
    """
    able = [one for one in families if one.space and timeframe.rank <= one.longest.rank]
    if n < 1 or not able:
        raise Misconfigured(
            f"{n} strategies from {len(able)} families on {timeframe}",
            allowed="at least one strategy, and a family with a search space on that timeframe",
        )
    root = int(generator.integers(1 << 63))
    streams = {one.name: _draws(Space(one, preset, stop_modes), root) for one in able}
    found: dict[str, list[StrategyParams]] = {one.name: [] for one in able}
    missing = n
    while missing and streams:
        before = missing
        for name in tuple(streams)[:missing]:
            params = next(streams[name], None)
            if params is None:
                del streams[name]
            else:
                found[name].append(params)
                missing -= 1
        told(before - missing)
    if missing:
        raise Misconfigured(
            f"{n} strategies", allowed=f"at most {n - missing}, all these families can give", next_step="ask for fewer"
        )
    return tuple(
        member_of(one, timeframe, params, version)
        for one in able
        for version, params in enumerate(found[one.name], start=1)
    )


def _draws(space: Space, root: int) -> Iterator[StrategyParams]:
    """Distinct parameters, until ``FRUITLESS`` draws in a row gave none."""
    name = int.from_bytes(hashlib.sha256(space.family.name.encode()).digest()[:8])
    stream = np.random.Generator(np.random.PCG64([root, name]))
    seen: set[tuple[tuple[str, object], ...]] = set()
    fruitless = 0
    while fruitless < FRUITLESS:
        for shares in stream.random((_BLOCK, len(space.ranges))).tolist():
            values = space.draw(shares)
            params = None if values is None else _accepted(space, values)
            key = () if values is None else tuple(values.items())
            if params is None or key in seen:
                fruitless += 1
            else:
                fruitless = 0
                seen.add(key)
                yield params


def _accepted(space: Space, values: Mapping[str, Value]) -> StrategyParams | None:
    """Parameters, or None where the family refuses the combination."""
    try:
        return space.params(values)
    except Misconfigured:
        return None


class Distinct(msgspec.Struct, frozen=True):
    """Which of many strategies are worth a look of their own; positions are ascending.

    ``kept`` traded and were the first to trade so, ``repeats`` traded exactly as one before them, ``silent`` never
    traded.
    """

    kept: NDArray[np.intp]
    repeats: NDArray[np.intp]
    silent: NDArray[np.intp]


def distinct(signatures: NDArray[np.uint64], trades: NDArray[np.integer[Any]]) -> Distinct:
    """Sorts strategies by what they did: ``signatures`` ``(n,)`` of their trade lists, ``trades`` ``(n,)`` how many.

    Two strategies with the same trades are one, whatever their parameters say. All of them stay trials.
    """
    traded = np.flatnonzero(trades > 0)
    first = np.unique(signatures[traded], return_index=True)[1]
    kept = np.sort(traded[first])
    return Distinct(kept, np.setdiff1d(traded, kept, assume_unique=True), np.flatnonzero(trades == 0))
