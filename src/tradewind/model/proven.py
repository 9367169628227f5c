"""A strategy that may be heard, as the first event of a run names it."""

from __future__ import annotations

from typing import Any

import msgspec

from tradewind.model.timeframe import Timeframe


class ProvenStrategy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A strategy that a signed verdict speaks for on ``symbol``, with everything needed to build it again.

    ``judged_on`` is the symbol of its verdict, another one of the same class where the symbol has none of its own.
    ``verdict`` is the SHA-256 of the verdict's file, hexadecimal. ``unchecked``: the bars of its verdict were not
    stored when the run began, so that nobody could tell whether they are still those it was judged on.
    """

    symbol: str
    id: str
    spec_hash: str
    family: str
    timeframe: Timeframe
    params: dict[str, Any]
    judged_on: str
    verdict: str
    unchecked: bool = False
