"""The planted edge: after a visible event in finished bars, the drift of the next bars is tilted.

Mechanism, the same for every kind. At the close of bar t a trigger looks at bars up to and including t. When it fires
and no tilt is running, bars t+1 .. t+hold drift by ``strength`` bar deviations each, in the direction of the trigger.
Nothing later than bar t takes part, so whoever trades the edge could have seen its cause; the tilt is a mean, and each
single bar still moves mostly by chance. Triggers while a tilt runs are ignored, so that it cannot feed on itself.

* ``breakout``: the close leaves the range of the previous ``lookback`` bars; the tilt goes on in that direction.
* ``trend``: the move over ``lookback`` bars first exceeds one deviation of such moves; the tilt goes on.
* ``reversion``: the close is two deviations away from the mean of ``lookback`` bars; the tilt goes back.
"""

from __future__ import annotations

import math
from collections import deque
from enum import StrEnum
from typing import Annotated, Final, Protocol

import msgspec

_REVERSION_DEVIATIONS: Final = 2.0
_TREND_DEVIATIONS: Final = 1.0


class EdgeKind(StrEnum):
    """Which visible event the drift follows."""

    BREAKOUT = "breakout"
    TREND = "trend"
    REVERSION = "reversion"


class PlantedEdge(msgspec.Struct, frozen=True, kw_only=True):
    """An edge of known kind and size.

    ``strength`` is the drift in bar deviations per bar while a tilt runs. From ``until_bar`` on the edge fades
    linearly to nothing over ``fade_bars`` (0: at once); None keeps it to the end.
    """

    kind: EdgeKind = EdgeKind.BREAKOUT
    strength: Annotated[float, msgspec.Meta(ge=0.0, le=2.0)] = 0.3
    lookback: Annotated[int, msgspec.Meta(ge=2)] = 20
    hold: Annotated[int, msgspec.Meta(ge=1)] = 24
    until_bar: Annotated[int, msgspec.Meta(ge=0)] | None = None
    fade_bars: Annotated[int, msgspec.Meta(ge=0)] = 0

    def share_at(self, bar: int) -> float:
        """What is left of the strength at a bar: 1 before ``until_bar``, 0 after the fade."""
        if self.until_bar is None or bar < self.until_bar:
            return 1.0
        if self.fade_bars == 0:
            return 0.0
        return max(0.0, 1.0 - (bar - self.until_bar + 1) / self.fade_bars)


class Trigger(Protocol):
    """Looks at finished bars, prices in ticks."""

    def seen(self, high: int, low: int, close: int) -> int:
        """+1, -1 or 0: the direction the next bars tilt towards, told by this bar and those before it."""
        ...


class BreakoutTrigger:
    """Close above the highest high, or below the lowest low, of the previous ``lookback`` bars."""

    def __init__(self, lookback: int) -> None:
        self._highs: deque[int] = deque(maxlen=lookback)
        self._lows: deque[int] = deque(maxlen=lookback)

    def seen(self, high: int, low: int, close: int) -> int:
        """Compares with the bars before this one, then remembers this one."""
        side = 0
        if len(self._highs) == self._highs.maxlen:
            side = 1 if close > max(self._highs) else -1 if close < min(self._lows) else 0
        self._highs.append(high)
        self._lows.append(low)
        return side


class TrendTrigger:
    """First bar whose move over ``lookback`` bars exceeds one deviation, ``sqrt(lookback * mean square step)``."""

    def __init__(self, lookback: int) -> None:
        self._closes: deque[int] = deque(maxlen=lookback + 1)
        self._squares: deque[int] = deque(maxlen=lookback)
        self._state = 0

    def seen(self, high: int, low: int, close: int) -> int:
        """Fires when the state turns to +1 or -1; staying there is no new event."""
        del high, low
        if self._closes:
            self._squares.append((close - self._closes[-1]) ** 2)
        self._closes.append(close)
        if len(self._closes) < (self._closes.maxlen or 0):
            return 0
        deviation = math.sqrt(sum(self._squares))
        move = close - self._closes[0]
        before, self._state = self._state, 0
        if abs(move) > _TREND_DEVIATIONS * deviation > 0.0:
            self._state = 1 if move > 0 else -1
        return self._state if self._state != before else 0


class ReversionTrigger:
    """Close at least two population deviations from the mean of the last ``lookback`` closes; points back."""

    def __init__(self, lookback: int) -> None:
        self._closes: deque[int] = deque(maxlen=lookback)

    def seen(self, high: int, low: int, close: int) -> int:
        """The window includes this bar."""
        del high, low
        self._closes.append(close)
        n = len(self._closes)
        if n < (self._closes.maxlen or 0):
            return 0
        mean = sum(self._closes) / n
        deviation = math.sqrt(sum((value - mean) ** 2 for value in self._closes) / n)
        if deviation == 0.0 or abs(close - mean) < _REVERSION_DEVIATIONS * deviation:
            return 0
        return -1 if close > mean else 1


def trigger_of(edge: PlantedEdge) -> Trigger:
    """A fresh trigger of the edge's kind."""
    kinds: dict[EdgeKind, type[BreakoutTrigger] | type[TrendTrigger] | type[ReversionTrigger]] = {
        EdgeKind.BREAKOUT: BreakoutTrigger,
        EdgeKind.TREND: TrendTrigger,
        EdgeKind.REVERSION: ReversionTrigger,
    }
    return kinds[edge.kind](edge.lookback)
