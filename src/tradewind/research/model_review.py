"""What a serving model did: hits against what it promised, calibration against what it was, and where it fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.model.timeframe import DAY, HOUR
from tradewind.validation import calibration
from tradewind.validation.calibration import NoiseFloor, ReliabilityBin
from tradewind.validation.significance import binomial_p, holm, wilson

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

QUARTERS: Final = ("00-06 UTC", "06-12 UTC", "12-18 UTC", "18-24 UTC")
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EPOCH_WEEKDAY: Final = 3  # 1970-01-01 was a Thursday


class Seen(NamedTuple):
    """Forecasts whose outcome is known, in order of time, one element each.

    ``ts`` close of the bar (UTC nanoseconds), ``p_up`` calibrated, ``side`` +1, -1 or 0 (not acted on), ``went`` +1 or
    -1, ``apart`` True where it shares no bar with the one before it that is.
    """

    ts: Ints
    p_up: Floats
    side: Ints
    went: Ints
    apart: NDArray[np.bool_]


class HitRate(msgspec.Struct, frozen=True):
    """Events that were acted on and share no bar: the mean of what was promised, and what came of it with Wilson's
    95% limits. ``p`` is the chance of as few hits for whoever keeps the promise; None of no event."""

    n: int
    promised: float | None
    hits: int
    actual: float | None
    low: float | None
    high: float | None
    p: float | None


class Reliability(msgspec.Struct, frozen=True):
    """Calibration error of every forecast, what luck makes of it at the number of events that share no bar, the test of
    these, and the error when the model was judged (None: unknown)."""

    n: int
    error: float | None
    floor: NoiseFloor | None
    p: float | None
    before: float | None
    bins: tuple[ReliabilityBin, ...]

    @property
    def drift(self) -> float | None:
        """The error less the one it was promoted with."""
        return None if self.error is None or self.before is None else self.error - self.before


class Pattern(msgspec.Struct, frozen=True):
    """Misses of one group of acted events beside the share that was promised; ``p`` is the chance of as many by that
    promise, Holm over all groups."""

    group: str
    n: int
    misses: int
    share: float
    promised: float
    p: float


class Review(msgspec.Struct, frozen=True):
    """The three sections."""

    hit_rate: HitRate
    calibration: Reliability
    failures: tuple[Pattern, ...]


def reviewed(seen: Seen, before: float | None, generator: np.random.Generator) -> Review:
    """The three sections of what was seen; ``before`` is the calibration error it was judged with."""
    up = (seen.went > 0).astype(np.float64)
    apart = seen.apart
    reliability = Reliability(
        n=seen.p_up.size,
        error=calibration.calibration_error(seen.p_up, up),
        floor=calibration.noise_floor(seen.p_up[apart], generator),
        p=calibration.calibration_p(seen.p_up[apart], up[apart]),
        before=before,
        bins=calibration.reliability(seen.p_up, up),
    )
    events = np.flatnonzero((seen.side != 0) & apart)
    return Review(_hit_rate(seen, events), reliability, _patterns(seen, events))


def _hit_rate(seen: Seen, events: Ints) -> HitRate:
    n = events.size
    if not n:
        return HitRate(0, None, 0, None, None, None, None)
    sure = _sure(seen, events)
    hits = int((seen.side[events] == seen.went[events]).sum())
    promised = float(sure.mean())
    low, high = wilson(hits, n) or (0.0, 1.0)
    return HitRate(n, promised, hits, hits / n, low, high, binomial_p(n - hits, n, 1.0 - promised))


def _patterns(seen: Seen, events: Ints) -> tuple[Pattern, ...]:
    """Groups of at least five events by side, time and confidence, those that miss the most first."""
    if not events.size:
        return ()
    missed = seen.side[events] != seen.went[events]
    doubt = 1.0 - _sure(seen, events)
    found = []
    for name, part in _groups(seen, events):
        n, misses = int(part.sum()), int(missed[part].sum())
        if n >= 5:
            promised = float(doubt[part].mean())
            found.append((name, n, misses, promised, binomial_p(misses, n, promised)))
    adjusted = holm([p for *_, p in found])
    patterns = [
        Pattern(name, n, misses, misses / n, promised, p)
        for (name, n, misses, promised, _), p in zip(found, adjusted, strict=True)
    ]
    return tuple(sorted(patterns, key=lambda one: (one.p, -one.share, one.group)))


def _sure(seen: Seen, events: Ints) -> Floats:
    """The probability that was given to the side taken."""
    return np.where(seen.side[events] > 0, seen.p_up[events], 1.0 - seen.p_up[events])


def _groups(seen: Seen, events: Ints) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    side, ts = seen.side[events], seen.ts[events]
    sure = _sure(seen, events)
    yield "said up", side > 0
    yield "said down", side < 0
    hour = ts // HOUR % 24
    for number, name in enumerate(QUARTERS):
        yield name, hour // 6 == number
    weekday = (ts // DAY + _EPOCH_WEEKDAY) % 7
    for number, name in enumerate(DAYS):
        yield name, weekday == number
    for low in (50, 60, 70, 80, 90):
        yield f"sure {low}-{low + 10}%", (100.0 * sure >= low) & (100.0 * sure < low + 10 + (low == 90))
