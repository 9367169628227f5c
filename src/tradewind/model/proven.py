"""A strategy that may be heard, as the first event of a run names it."""

from __future__ import annotations

from typing import Any

import msgspec

from tradewind.model.timeframe import Timeframe


class ProvenStrategy(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy that a signed verdict speaks for on ``symbol``, with everything needed to build it again.

    ``judged_on`` is the symbol of its verdict, another one of the same class where the symbol has none of its own.
    ``verdict`` is the SHA-256 of the verdict's file, hexadecimal.
    """

    symbol: str
    id: str
    spec_hash: str
    family: str
    timeframe: Timeframe
    params: dict[str, Any]
    judged_on: str
    verdict: str
