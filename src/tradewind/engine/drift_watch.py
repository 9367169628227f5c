"""One member under watch: what its outcomes add up to, and the check of them against its reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from tradewind.model.drift import DriftCheck, EffectSize, PartDrift, Reference, Severity
from tradewind.model.timeframe import Timeframe
from tradewind.validation.drift import (
    DECAY_WEEKS,
    KS_WINDOW,
    DriftLimits,
    distribution_drift,
    effect_size,
    profit_factor_drift,
    recommend_action,
    severity_of,
    sharpe_drift,
)
from tradewind.validation.drift_detectors import DecayDetector, ResultDetector, WinDetector, pooled

KEPT: Final = 2_000
"""Outcomes of a look-back that are kept; a member with more in it is judged on the newest."""
WIDER: Final = 2.0
"""How many times the worst result of the baseline a result may be before it is cut."""


class Closed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One outcome known at ``ts``; ``name`` is its signal's id, empty for a member's own bracket."""

    ts: int
    r: float
    name: str = ""


class Stream(msgspec.Struct):
    """Outcomes of one kind: detectors over all of them, and those of the look-back."""

    wins: WinDetector
    results: ResultDetector | None
    recent: list[Closed] = []

    @classmethod
    def of(cls, reference: Reference | None) -> Stream:
        """A stream without outcomes."""
        return cls(WinDetector(), None if reference is None else _results(reference))

    @property
    def level(self) -> float:
        """The mean of both detectors' levels, an e-detector like each of them."""
        return self.wins.level if self.results is None else pooled((self.wins.level, self.results.level))

    def take(self, closed: Closed, reference: Reference | None, lookback: int) -> None:
        """Counts one outcome; without a reference it is only kept."""
        if reference is not None:
            self.wins.step(closed.r > 0.0, reference.believed_win_rate)
            if self.results is not None:
                self.results.step(closed.r)
        self.recent.append(closed)
        if len(self.recent) > KEPT:
            del self.recent[0]
        self.forget(closed.ts - lookback)

    def forget(self, before: int) -> None:
        """Drops what lies before the look-back."""
        while self.recent and self.recent[0].ts < before:
            del self.recent[0]

    def correct(self, name: str, r: float) -> bool:
        """Puts another result in the place of a kept one; the detectors keep what they have counted."""
        for place, one in enumerate(self.recent):
            if one.name == name:
                self.recent[place] = Closed(one.ts, r, name)
                return True
        return False


class Watch(msgspec.Struct):
    """A member's two streams, its decay detector, and the window of results that the distribution is tested on.

    ``looks`` counts the whole windows tested since the reference came. ``checked`` is how many outcomes the last check
    knew, ``severity`` what it found.
    """

    predictions: Stream
    trades: Stream
    decay: DecayDetector
    window: list[float] = []
    looks: int = 0
    distribution: PartDrift | None = None
    checked: int = -1
    severity: Severity = Severity.UNKNOWN

    @classmethod
    def of(cls, reference: Reference | None) -> Watch:
        """A watch that has seen nothing."""
        return cls(Stream.of(reference), Stream.of(reference), DecayDetector())

    @property
    def level(self) -> float:
        """The larger level of the two streams."""
        return max(self.predictions.level, self.trades.level)

    @property
    def seen(self) -> int:
        """Outcomes counted since the reference came."""
        return self.predictions.wins.seen + self.trades.wins.seen

    @property
    def news(self) -> bool:
        """Whether a check could find something else than the last one, the passing of time left aside."""
        return self.seen != self.checked or self.severity.rank > 0

    def enough(self, limits: DriftLimits) -> bool:
        """Whether one of the streams has the outcomes that are asked for."""
        return max(self.predictions.wins.seen, self.trades.wins.seen) >= limits.min_trades

    def predicted(self, closed: Closed, reference: Reference | None, limits: DriftLimits, lookback: int) -> None:
        """The member's own bracket after a vote was met."""
        self.predictions.take(closed, reference, lookback)
        if reference is None:
            return
        self.decay.step(closed.r > 0.0, reference.believed_win_rate, closed.ts)
        self.window.append(closed.r)
        if len(self.window) >= KS_WINDOW:
            self.looks += 1
            self.distribution = distribution_drift(reference, self.window, self.looks, limits)
            self.window = []

    def traded(self, closed: Closed, reference: Reference | None, lookback: int) -> None:
        """A signal that the member led has its outcome."""
        self.trades.take(closed, reference, lookback)


class Subject(msgspec.Struct, frozen=True):
    """Who is watched."""

    symbol: str
    member: str
    family: str
    timeframe: Timeframe

    @property
    def name(self) -> str:
        """``SYMBOL ID``."""
        return f"{self.symbol} {self.member}"


def check(
    subject: Subject, watch: Watch, reference: Reference | None, ts: int, limits: DriftLimits, lookback: int
) -> DriftCheck:
    """What is to be said of a member at ``ts``: severity by the detectors, everything else beside it."""
    for stream in (watch.predictions, watch.trades):
        stream.forget(ts - lookback)
    if reference is None:
        n = len(watch.predictions.recent)
        unknown = EffectSize(Severity.UNKNOWN, False, n, _rate(watch.predictions.recent), note="no baseline")
        return _said(subject, watch, ts, Severity.UNKNOWN, unknown, (), "no baseline: nothing to hold it to")
    kept = watch.trades.recent if len(watch.trades.recent) >= limits.min_trades else watch.predictions.recent
    r = [one.r for one in kept]
    parts = (
        profit_factor_drift(reference, r, limits),
        sharpe_drift(reference, r, limits),
        watch.distribution or distribution_drift(reference, watch.window, watch.looks + 1, limits),
    )
    severity, note = severity_of(watch.level), ""
    if not watch.enough(limits):
        severity = Severity.NONE
        note = f"insufficient: {watch.predictions.wins.seen} predictions and {watch.trades.wins.seen} trades"
    effect = effect_size(reference, r, limits)
    return _said(subject, watch, ts, severity, effect, parts, note, reference.win_rate)


def family_check(family: str, subject: Subject, watches: Sequence[Watch], ts: int, limits: DriftLimits) -> DriftCheck:
    """The mean level of a family's members, an e-detector however they hang together; it disables nobody."""
    level = pooled([one.level for one in watches])
    decay = pooled([one.decay.level for one in watches])
    enough = any(one.enough(limits) for one in watches)
    severity = severity_of(level) if enough else Severity.NONE
    return DriftCheck(
        member=f"family {family}",
        symbol=subject.symbol,
        timeframe=subject.timeframe,
        ts=ts,
        severity=severity,
        level=level,
        predictions=pooled([one.predictions.level for one in watches]),
        trades=pooled([one.trades.level for one in watches]),
        decay=decay,
        decaying=enough and decay >= DECAY_WEEKS,
        seen=sum([one.seen for one in watches]),
        action="REVIEW THE FAMILY" if severity.rank else recommend_action(severity),
        effect=EffectSize(Severity.NONE, False, 0, note="told for each member"),
        note=f"{len(watches)} members",
    )


def _said(
    subject: Subject,
    watch: Watch,
    ts: int,
    severity: Severity,
    effect: EffectSize,
    parts: tuple[PartDrift, ...],
    note: str,
    baseline: float | None = None,
) -> DriftCheck:
    return DriftCheck(
        member=subject.member,
        symbol=subject.symbol,
        timeframe=subject.timeframe,
        ts=ts,
        severity=severity,
        level=watch.level,
        predictions=watch.predictions.level,
        trades=watch.trades.level,
        decay=watch.decay.level,
        decaying=baseline is not None and not note and watch.decay.level >= DECAY_WEEKS,
        seen=watch.seen,
        action=recommend_action(severity),
        effect=effect,
        parts=parts,
        baseline_win_rate=baseline,
        note=note,
    )


def _rate(recent: Sequence[Closed]) -> float | None:
    return sum([one.r > 0.0 for one in recent]) / len(recent) if recent else None


def _results(reference: Reference) -> ResultDetector | None:
    """The detector over R; None where the baseline does not say how its results spread."""
    mean = reference.believed_mean_r
    if mean is None or len(reference.r) < 2:
        return None
    best, worst = reference.r[-1], WIDER * min(reference.r[0], -1.0)
    return ResultDetector(mean, best, worst) if worst < mean < best else None
