"""Networks that are trained here and served elsewhere: one file a net, and the only place that imports torch.

A module offers ``NET``; the catalog finds it. ``fitting`` trains, ``export`` writes what the service reads.
"""

from __future__ import annotations

import sys

from tradewind.catalog import plugins_of
from tradewind.errors import Misconfigured
from tradewind.research.nets.net import Net


def nets() -> dict[str, Net]:
    """Every net by name, in the order of their files."""
    return plugins_of(sys.modules[__name__], "NET")


def net(name: str) -> Net:
    """The net called ``name``.

    Raises:
        Misconfigured: there is none; the message lists those that exist.
    """
    known = nets()
    if name not in known:
        raise Misconfigured(
            f"no net is called {name!r}", allowed=", ".join(sorted(known)), next_step="use one of these"
        )
    return known[name]
