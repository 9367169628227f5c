"""The three chronological windows of a proof: train, test, and the sealed part that is opened once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.model.report import Window
from tradewind.model.timeframe import DAY, SECOND
from tradewind.validation.sample import TradeSample

SIX_MONTHS: Final = 184 * DAY
"""The longest six months of a calendar, so that a window of this length is never shorter than six months."""


class WindowRules(msgspec.Struct, frozen=True, kw_only=True):
    """How a span is cut.

    The sealed window is the last ``sealed_share`` of the span, at least ``min_sealed`` nanoseconds long, and longer
    while fewer than ``min_trades`` trades are expected in it, up to ``max_sealed_share`` of the span. ``test_share`` is
    the last part of what lies before it.
    """

    sealed_share: Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)] = 0.2
    test_share: Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)] = 0.2
    max_sealed_share: Annotated[float, msgspec.Meta(gt=0.0, lt=1.0)] = 0.5
    min_sealed: Annotated[int, msgspec.Meta(gt=0)] = SIX_MONTHS
    min_trades: Annotated[int, msgspec.Meta(ge=1)] = 100


class Windows(msgspec.Struct, frozen=True):
    """Train, test and sealed window, each half-open and each beginning where the one before it ends.

    ``expected_trades`` is what one candidate of the family should make in the sealed window, at its rate before it.
    ``reason`` says why the span cannot carry a verdict, ``""`` where it can; the windows are then cut by share alone.
    """

    train: Window
    test: Window
    sealed: Window
    expected_trades: float
    rules: WindowRules
    reason: str = ""

    @property
    def development(self) -> Window:
        """Train and test together: all that may be looked at before the sealed window is opened."""
        return Window(self.train.start, self.test.end)

    @property
    def sealed_days(self) -> float:
        """Length of the sealed window in days of 24 hours."""
        return (self.sealed.end - self.sealed.start) / DAY

    def text(self) -> str:
        """The three windows with their dates (UTC), the length of the sealed one and the trades expected in it."""
        dates = ", ".join(
            f"{name} {_date(window.start)} to {_date(window.end)}"
            for name, window in (("train", self.train), ("test", self.test), ("sealed", self.sealed))
        )
        text = f"{dates} ({self.sealed_days:.0f} days, {self.expected_trades:.0f} trades expected)"
        return f"{text}; INSUFFICIENT: {self.reason}" if self.reason else text


def windows_of(
    span: Window,
    closed: NDArray[np.int64],
    *,
    members: int = 1,
    rules: WindowRules = WindowRules(),  # noqa: B008  frozen values, safe as a default
) -> Windows:
    """Cuts ``span`` so that its sealed window is long enough to say something.

    The trades expected in a sealed window of length L are ``rate * L`` with ``rate`` = closed trades before the window
    / ``members`` / time before it. L is the least length, in whole days above the least one allowed, at which they
    reach ``rules.min_trades``. Only the times of trades before the window are counted, never a result.

    Args:
        span: first open to last close, UTC nanoseconds.
        closed: exit times of all trades of the family over the span, any order, shape ``(n,)``; those after the
            boundary do not count, so that they may be left out.
        members: candidates of the family that made them.
        rules: shares and least lengths.

    Raises:
        Misconfigured: an empty span, fewer than one member, or a sealed share above the largest one allowed.
    """
    length = span.end - span.start
    if length <= 0 or members < 1 or rules.sealed_share > rules.max_sealed_share:
        raise Misconfigured(
            f"a span of {length} ns, {members} members, a sealed share of {rules.sealed_share:g}",
            where="windows_of",
            allowed=f"a span that ends after its start, at least one member, at most {rules.max_sealed_share:g} sealed",
        )
    share = -int(-length * rules.sealed_share // 1)
    least = max(share, rules.min_sealed)
    most = int(length * rules.max_sealed_share)
    exits = np.sort(closed)
    if least > most:
        reason = (
            f"the span of {length / DAY:.0f} days holds no sealed window of {least / DAY:.0f} days "
            f"within {rules.max_sealed_share:.0%} of it"
        )
        return _cut(span, share, _expected(span, exits, members, np.array([share]))[0], rules, reason)
    lengths = np.arange(least, most + 1, DAY, dtype=np.int64)
    expected = _expected(span, exits, members, lengths)
    enough = np.flatnonzero(expected >= rules.min_trades)
    if enough.size == 0:
        reason = (
            f"{expected.max():.0f} trades expected at most in a sealed window of up to {most / DAY:.0f} days, "
            f"{rules.min_trades} are needed"
        )
        return _cut(span, least, expected[0], rules, reason)
    return _cut(span, int(lengths[enough[0]]), expected[enough[0]], rules, "")


def longest_sealed(span: Window, rules: WindowRules, spare: int = 0) -> int | None:
    """Where the longest sealed window begins that any proof on ``span`` can have, whatever the rate of its trades.

    ``spare`` nanoseconds may be left out at the end of the span: the window is then as much earlier as that makes it.
    None where the span holds no sealed window of the least length.
    """
    length = span.end - span.start
    if int(length * rules.max_sealed_share) < max(-int(-length * rules.sealed_share // 1), rules.min_sealed):
        return None
    used = max(length - spare, 0)
    return span.start + used - int(used * rules.max_sealed_share)


def inside(trades: TradeSample, window: Window) -> TradeSample:
    """The trades that enter and exit inside ``window``; one that straddles a boundary belongs to no window."""
    entered = (trades.ts_entry >= window.start) & (trades.ts_entry < window.end)
    return trades.where(entered & (trades.ts_exit <= window.end))


def straddling(trades: TradeSample, windows: Iterable[Window]) -> int:
    """How many trades lie in none of the windows, or across a boundary between them."""
    return int(trades.r.size - sum(inside(trades, window).r.size for window in windows))


def _expected(span: Window, exits: NDArray[np.int64], members: int, lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """Trades one member makes in the last ``lengths`` of the span at its rate before them, shape of ``lengths``."""
    boundaries = span.end - lengths
    before = np.searchsorted(exits, boundaries, side="right")
    expected: NDArray[np.float64] = before / members / (boundaries - span.start) * lengths
    return expected


def _cut(span: Window, sealed: int, expected: float, rules: WindowRules, reason: str) -> Windows:
    last = span.end - sealed
    middle = last - round((last - span.start) * rules.test_share)
    return Windows(
        Window(span.start, middle), Window(middle, last), Window(last, span.end), float(expected), rules, reason
    )


def _date(ts: int) -> str:
    return datetime.fromtimestamp(ts // SECOND, UTC).date().isoformat()
