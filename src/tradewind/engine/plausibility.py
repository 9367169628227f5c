"""Is a bar believable after the one before it? Two things a single bar cannot show: a wrong unit, and a frozen feed."""

from __future__ import annotations

from typing import Final

import msgspec

from tradewind.model.bar import Bar

SCALE: Final = 8.0
"""Largest believable ratio of a price to the close before it: wrong units are ten-fold and more, markets are not."""
CONFIRMED: Final = 10
"""So many bars in a row that fit each other are the new scale: a redenomination, a crash, a hole of years."""


class PriceWatch(msgspec.Struct):
    """What one symbol's last believed bars looked like.

    ``flat_bars`` counts bars in a row that did not move at all: a frozen price looks calm. ``strange_bars`` counts bars
    in a row on another scale, ``strange_close`` is the close of their last.
    """

    last_close: float = 0.0
    flat_bars: int = 0
    strange_bars: int = 0
    strange_close: float = 0.0

    def fault(self, bar: Bar) -> str:
        """Why the bar must not be decided on, or ``""``: its own fault (``Bar.fault``), or ``bad_scale``.

        Called once a bar, in order. A bar is on another scale when its high is more than ``SCALE`` times the last
        believed close, or its low less than a ``SCALE``-th of it.
        """
        own = bar.fault()
        if own:
            return own
        if _fits(bar, self.last_close):
            self.strange_bars = 0
            return ""
        self.strange_bars = self.strange_bars + 1 if _fits(bar, self.strange_close) else 1
        self.strange_close = bar.close
        if self.strange_bars < CONFIRMED:
            return "bad_scale"
        self.strange_bars = 0
        return ""

    def believe(self, bar: Bar) -> None:
        """Takes a bar without fault."""
        still = bar.open == bar.high == bar.low == bar.close == self.last_close
        self.flat_bars = self.flat_bars + 1 if still else 0
        self.last_close = bar.close


def _fits(bar: Bar, close: float) -> bool:
    return close == 0.0 or (bar.high <= SCALE * close and SCALE * bar.low >= close)
