"""What a net of this folder is: a name, sizes that may be chosen, and how it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple

import msgspec
import torch

from tradewind.errors import Misconfigured
from tradewind.features.rule_space import Range, scale

Share = Annotated[float, msgspec.Meta(ge=0.0, lt=1.0)]
Size = Annotated[int, msgspec.Meta(ge=1, le=4096)]


RATES = scale(0.0003, 0.01, 1.5)
"""Learning rates that a search tries, each half as much again as the one before."""


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Sizes that every net has. ``dropout`` is the share of inputs and hidden units left out in training."""

    dropout: Share = 0.0


class Net(NamedTuple):
    """A net: ``build(length, width, options)`` gives a module from ``(n, length, width)`` to log odds ``(n,)``.

    ``rate`` is its learning rate, ``sizes`` are named options such as the size other people publish, ``space`` what a
    search may draw: options by name, and ``rate``.
    """

    name: str
    options: type[Options]
    build: Callable[[int, int, Any], torch.nn.Module]
    rate: float
    sizes: Mapping[str, Options] = {}
    space: Mapping[str, Range] = {}

    def options_of(self, given: Mapping[str, Any], size: str = "") -> Options:
        """Options from names and values over those of a named size, or over the defaults.

        Raises:
            Misconfigured: an unknown size or option, or a value out of range.
        """
        if size and size not in self.sizes:
            raise Misconfigured(
                f"{self.name} has no size {size!r}", allowed=", ".join(sorted(self.sizes)) or "no named size"
            )
        base = self.sizes[size] if size else self.options()
        try:
            return msgspec.convert({**msgspec.to_builtins(base), **given}, self.options)
        except msgspec.ValidationError as fault:
            allowed = ", ".join(self.options.__struct_fields__)
            raise Misconfigured(f"{self.name}: {fault}", allowed=allowed, next_step="correct the option") from fault
