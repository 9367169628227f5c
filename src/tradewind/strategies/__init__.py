"""Voting rules: one family per file, found by the catalog, all run through the conformance suite."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from tradewind.catalog import plugins_of
from tradewind.errors import Misconfigured
from tradewind.features.rule import Family, Member, member_of
from tradewind.model.timeframe import Timeframe


def families() -> dict[str, Family[Any]]:
    """Every family by name, in the order of their files."""
    return plugins_of(sys.modules[__name__], "STRATEGY")


def family(name: str) -> Family[Any]:
    """The family called ``name``.

    Raises:
        Misconfigured: there is none; the message lists those that exist.
    """
    known = families()
    if name not in known:
        raise Misconfigured(
            f"no strategy family is called {name!r}", allowed=", ".join(sorted(known)), next_step="use one of these"
        )
    return known[name]


def default_members(timeframes: Iterable[Timeframe]) -> tuple[Member, ...]:
    """The pool that runs when nothing else is configured: every family's own parameter sets on every timeframe.

    A family is left out on timeframes longer than it makes sense on (a session has no meaning on daily bars).
    """
    return tuple(
        member_of(one, timeframe, params, version)
        for timeframe in timeframes
        for one in families().values()
        if timeframe.rank <= one.longest.rank
        for version, params in enumerate(one.pool, start=1)
    )
