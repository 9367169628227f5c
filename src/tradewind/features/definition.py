"""What an indicator kind is: what it takes, what it gives, how it is built from kernels.

A kind is defined by a build function; its docstring is the formula people read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from tradewind.features.graph import Slot

Build = Callable[..., tuple[Slot, ...]]
"""``build(graph, source, *params)`` gives the slot of every output, in order; ``source`` is 0 where there is none."""


class Parameter(msgspec.Struct, frozen=True):
    """One number of an indicator. ``whole`` means bars; ``default`` None means that it must be given."""

    name: str
    default: float | None
    least: float
    most: float
    whole: bool


class Output(msgspec.Struct, frozen=True):
    """One column. ``name`` is empty for an indicator with a single output."""

    name: str
    unit: str


class Definition(msgspec.Struct, frozen=True):
    """An indicator kind.

    ``source`` is the key it reads where no other indicator is given: ``close``, ``""`` when one must be given, None
    when it reads the bar and takes none. ``warmup`` is the number of bars until the first value with seeding ``sma``,
    written in the parameters' names; tests hold it against the kernels. A source with a warm-up of its own adds that,
    less one.
    """

    kind: str
    params: tuple[Parameter, ...]
    outputs: tuple[Output, ...]
    source: str | None
    warmup: str
    meaning: str
    reference: str
    build: Any  # a Build; msgspec knows no callable types


MOST_BARS: Final = 100_000.0


def bars(name: str = "n", default: float | None = None, least: float = 1.0) -> Parameter:
    """A number of bars."""
    return Parameter(name, default, least, MOST_BARS, whole=True)


def factor(name: str, default: float | None, least: float = 0.0, most: float = 1000.0) -> Parameter:
    """A real number."""
    return Parameter(name, default, least, most, whole=False)


def single(unit: str) -> tuple[Output, ...]:
    """The outputs of an indicator that has one."""
    return (Output("", unit),)


def named(unit: str, *names: str) -> tuple[Output, ...]:
    """Several outputs of the same unit."""
    return tuple(Output(name, unit) for name in names)


class Table:
    """Definitions of one theme, by kind."""

    def __init__(self) -> None:
        self.definitions: dict[str, Definition] = {}

    def define(
        self,
        kind: str,
        *params: Parameter,
        outputs: tuple[Output, ...],
        warmup: str,
        source: str | None = None,
        reference: str = "",
    ) -> Callable[[Build], Build]:
        """Decorator that enters a build function under ``kind``; a kind is defined once."""

        def enter(build: Build) -> Build:
            assert kind not in self.definitions, kind
            meaning = " ".join((build.__doc__ or "").split())
            self.definitions[kind] = Definition(kind, params, outputs, source, warmup, meaning, reference, build)
            return build

        return enter
