"""One seat: the record of its models, the mode it is in, and what moves it.

The statistic is the ensemble's own confidence, over the newest shadow events of the model that sits there. A seat that
traded and fell has been wrong once already, and whoever looks often enough at 0.80 will see it: so its return also asks
for evidence that may be looked at after every event,

    E = mean_k prod (1 + l_k R)        over the shadow events since the fall, l_k fixed

which exceeds A with probability at most 1/A where the expectancy is not positive (Ville 1939) and no loss is above
1 / l_k. The i-th model that shadows since the fall is held to ``evidence * i (i + 1)``, whose inverses add up to
1 / evidence: retraining until luck strikes does not help. A model counts from its first shadow trade on and not from
the day it is promoted, for who is promoted was chosen by those trades; one that its gate kept out counts nothing.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec
import numpy as np

from tradewind.ensemble.confidence import calibrate
from tradewind.model.decision import Record
from tradewind.model.mode import Mode, ModeEvidence, ModeRules
from tradewind.model.timeframe import DAY
from tradewind.validation.calibration import calibration_error, calibration_p
from tradewind.validation.drift import LEVELS
from tradewind.validation.drift_detectors import ResultDetector, WinDetector, pooled
from tradewind.validation.paired_promotion import PairedEvidence
from tradewind.validation.significance import wilson

BETS: Final = (0.05, 0.1, 0.2, 0.3)
"""Shares of the capital that are laid on an event for each R; no loss below 3.3 R costs all of one.

Of a symmetric bracket at 0.05 R of costs they reach 40 after a median of 321 events at 60% wins and 118 at 65%, one bet
that follows the mean and variance seen so far after 376 and 125 (aGRAPA, Waudby-Smith and Ramdas 2023). From 70% on it
is a few events ahead, where 100 are waited for anyway.
"""
CAP: Final = 1e12
WIDER: Final = 2.0
"""How many times the worst result of the record a result may be before it is cut."""
LOWER_10: Final = 1.2815515655446004
"""One-sided 90% quantile of the normal distribution: what a detector believes in is the lower bound."""
UNLIKELY: Final = 0.05
"""A calibration error is believed where calibrated probabilities would show such scores less often than this."""
YOUNG: Final = 30
"""Shadow events before which nobody says that a challenger loses."""
SILENT: Final = 30 * DAY
"""A challenger without a shadow event for so long is on trial no more."""
KEPT: Final = 64
"""Forecasts of one of two models that wait for the other's."""
_CRITICAL: Final = math.log(LEVELS[0][1])
_ALONE: Final = np.ones((1, 1))


class ShadowEvent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A shadow trade known at ``ts``, in R net of costs."""

    ts: int
    r: float


class Outcome(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A forecast ``p`` (that the upper price is met first) and whether it was."""

    p: float
    up: bool


class ModelRecord(msgspec.Struct):
    """What a model showed in a seat since ``since``: its newest shadow events and forecasts, and the evidence.

    ``rank`` is the how-manieth model it is that shadows since the seat fell, 0 where it did not.
    """

    version: str = ""
    since: int = 0
    events: list[ShadowEvent] = []
    outcomes: list[Outcome] = []
    bets: list[float] = msgspec.field(default_factory=lambda: [1.0] * len(BETS))
    seen: int = 0
    busy_until: int = 0
    rank: int = 0

    @property
    def evidence(self) -> float:
        """E of the module, against an expectancy that is not positive; 1 before the first event."""
        return sum(self.bets) / len(self.bets)

    def take(self, event: ShadowEvent, window: int) -> None:
        """Counts an event."""
        self.events.append(event)
        del self.events[:-window]
        self.bets = [min(CAP, e * max(0.0, 1.0 + bet * event.r)) for e, bet in zip(self.bets, BETS, strict=True)]
        self.seen += 1

    def hear(self, outcome: Outcome, forecast_ts: int, ts: int, window: int) -> None:
        """Counts a forecast that is over, unless it shares bars with the one before: those err together."""
        if forecast_ts < self.busy_until:
            return
        self.busy_until = ts
        self.outcomes.append(outcome)
        del self.outcomes[:-window]

    def begin(self, ts: int) -> None:
        """Forgets the events: what follows is judged alone. The forecasts stay."""
        self.events, self.bets, self.since, self.seen = [], [1.0] * len(BETS), ts, 0

    def record(self) -> Record:
        """The events as the ensemble's record of a member."""
        r = [one.r for one in self.events]
        n = len(r)
        wins, losses = [one for one in r if one > 0.0], [one for one in r if one <= 0.0]
        mean = math.fsum(r) / n if n else None
        spread = (
            math.sqrt(math.fsum([(one - mean) ** 2 for one in r]) / (n - 1)) if mean is not None and n > 1 else None
        )
        return Record(
            n=n,
            wins=len(wins),
            mean_r=mean,
            sd_r=spread,
            mean_win_r=math.fsum(wins) / len(wins) if wins else None,
            mean_loss_r=math.fsum(losses) / len(losses) if losses else None,
        )

    def calibration(self, least: int) -> tuple[float, float] | None:
        """``(calibration error, chance of such scores if calibrated)``; None below ``least`` forecasts."""
        if len(self.outcomes) < least:
            return None
        p = np.array([one.p for one in self.outcomes])
        up = np.array([float(one.up) for one in self.outcomes])
        error, chance = calibration_error(p, up), calibration_p(p, up)
        return None if error is None or chance is None else (error, chance)


class Watch(msgspec.Struct):
    """Detectors of a decline from what the seat showed when it began to trade; None where that says nothing."""

    believed: float
    wins: WinDetector
    results: ResultDetector | None

    @classmethod
    def of(cls, record: Record) -> Watch | None:
        """Holds what comes to the lower bounds of ``record``, as ``Reference`` does."""
        interval = wilson(record.wins, record.n, 0.80) if record.n else None
        if interval is None or record.mean_r is None or not record.sd_r or not 0.0 < interval[0] < 1.0:
            return None
        return cls(interval[0], WinDetector(), None)

    @property
    def score(self) -> float:
        """``ln(level) / ln(level of CRITICAL)`` in [0, 1]; see ``validation.drift``."""
        level = self.wins.level if self.results is None else pooled((self.wins.level, self.results.level))
        return min(1.0, max(0.0, math.log(level) / _CRITICAL)) if level > 0.0 else 0.0

    def step(self, r: float) -> None:
        """Takes one event."""
        self.wins.step(r > 0.0, self.believed)
        if self.results is not None:
            self.results.step(r)


class Pair(msgspec.Struct):
    """Champion and challenger on the same forecasts that share no bar, each right or wrong at 1/2.

    ``backwards`` is evidence that the challenger is worse, ``over`` why the duel ended. ``waiting`` are forecasts
    that one of them has not ended.
    """

    forward: PairedEvidence = msgspec.field(default_factory=PairedEvidence)
    backwards: PairedEvidence = msgspec.field(default_factory=PairedEvidence)
    champion_right: int = 0
    challenger_right: int = 0
    busy_until: int = 0
    first: int = 0
    over: str = ""
    waiting: dict[str, dict[int, bool]] = msgspec.field(default_factory=lambda: {"champion": {}, "challenger": {}})

    def hear(self, forecast_ts: int, ts: int, seat: str, *, right: bool) -> None:
        """A forecast of one of them is over; it counts when the other's of the same bar is."""
        other = self.waiting["challenger" if seat == "champion" else "champion"]
        if forecast_ts not in other:
            own = self.waiting[seat]
            own[forecast_ts] = right
            if len(own) > KEPT:  # the other never spoke at those
                del own[next(iter(own))]
            return
        others = other.pop(forecast_ts)
        champion, challenger = (right, others) if seat == "champion" else (others, right)
        self.take(forecast_ts, ts, champion, challenger)

    def take(self, forecast_ts: int, ts: int, champion: bool, challenger: bool) -> None:
        """Counts one event that both spoke of, unless it shares bars with the one before."""
        if forecast_ts < self.busy_until:
            return
        self.first = self.first or forecast_ts
        self.busy_until = ts
        self.champion_right += champion
        self.challenger_right += challenger
        self.forward.step(float(challenger) - float(champion))
        self.backwards.step(float(champion) - float(challenger))


class Seat(msgspec.Struct):
    """The state of a symbol on a timeframe, ``stands`` its mode. ``fallen``: it traded and stopped, at ``fell``;
    ``tries`` counts models that shadowed since then.

    ``since`` is when it went into its mode, ``changes`` the times of its newest transitions, ``drifted`` whether the
    champion's decline was seen, ``seen_confidence`` the newest confidence.
    """

    stands: Mode = Mode.LEARNING
    since: int = 0
    fallen: bool = False
    fell: int = 0
    tries: int = 0
    drifted: bool = False
    champion: ModelRecord = msgspec.field(default_factory=ModelRecord)
    challenger: ModelRecord | None = None
    watch: Watch | None = None
    pair: Pair = msgspec.field(default_factory=Pair)
    changes: list[int] = []
    seen: ModeEvidence = ModeEvidence(0)

    @property
    def declined(self) -> bool:
        """Whether the champion is one that was seen to decline, and has not come back since."""
        return self.drifted or (self.fallen and self.stands is Mode.LEARNING)

    def needs(self, rules: ModeRules) -> float:
        """The evidence that is asked of the champion before it is heard again; 0 where none is."""
        rank = self.champion.rank or self.tries
        return rules.evidence * rank * (rank + 1) if self.fallen and rules.evidence > 1.0 else 0.0

    def on_trial(self, rules: ModeRules, ts: int) -> bool:
        """Whether a challenger is to be left where it is: too young to be judged, or not losing, and not silent.

        Who trains more often than a trial takes would else never end one.
        """
        one = self.challenger
        if one is None or self.pair.over or ts - (one.events[-1].ts if one.events else one.since) >= SILENT:
            return False
        return one.seen < YOUNG or (
            one.seen < 2 * rules.min_events and math.fsum([event.r for event in one.events]) > 0.0
        )

    def look(self, rules: ModeRules) -> ModeEvidence:
        """What the champion shows now."""
        own = self.champion
        found = own.record()
        made = calibrate([found], [1.0], _ALONE, min_record=rules.min_events, prior_strength=0.0)
        calibration = own.calibration(rules.min_events)
        self.seen = ModeEvidence(
            n=found.n,
            confidence=made.confidence,
            mean_r=found.mean_r,
            sd_r=found.sd_r,
            win_rate=found.wins / found.n if found.n else None,
            calibration_error=None if calibration is None else calibration[0],
            drift_score=0.0 if self.watch is None else self.watch.score,
            evidence=own.evidence if self.fallen else 0.0,
            needs=self.needs(rules),
        )
        return self.seen

    def due(self, rules: ModeRules) -> tuple[Mode, str]:
        """The mode that ``seen`` asks for, and why; the present one where nothing changes."""
        seen = self.seen
        if self.stands is Mode.TRADING and seen.drift_score >= rules.drift_score:
            return Mode.LEARNING, "drift"
        after = stepped(self.stands, seen.confidence, rules)
        if after is Mode.TRADING and self.stands is Mode.LEARNING and seen.evidence < seen.needs:
            after = Mode.LEARNING
        return after, "confidence" if seen.confidence is not None else "model"

    def enter(self, after: Mode, reason: str, ts: int) -> None:
        """Goes into ``after``; a fall is judged by what comes after it alone, of a challenger and of the duel too."""
        self.stands, self.since = after, ts
        self.changes = [*self.changes[-15:], ts]
        if after is Mode.TRADING:
            self.watch, self.drifted = watched(self.champion), False
            return
        self.watch = None
        if reason in ("drift", "confidence"):
            self.drifted = self.drifted or reason == "drift"
            self.fallen, self.fell, self.tries = True, ts, 0
            for one in (self.champion, self.challenger):
                if one is not None:
                    one.begin(ts)
                    one.rank = self._next_rank()
            self.pair = Pair()

    def seat(self, version: str, ts: int) -> None:
        """Another model sits there: the challenger with its record, or one that nothing is known of."""
        known = self.challenger
        if known is not None and known.version == version:
            self.champion, self.challenger = known, None
        else:
            self.champion = ModelRecord(version, ts, rank=self._next_rank())
        self.watch, self.drifted, self.pair = None, False, Pair()
        if self.stands is Mode.TRADING:
            self.watch = watched(self.champion)

    def challenge(self, version: str, ts: int) -> None:
        """A model shadows beside the champion; an empty version: nobody does."""
        self.challenger = ModelRecord(version, ts, rank=self._next_rank()) if version else None
        self.pair = Pair()

    def _next_rank(self) -> int:
        """One more model shadows since the fall; 0 where there was none."""
        self.tries += self.fallen
        return self.tries


def stepped(before: Mode, confidence: float | None, rules: ModeRules) -> Mode:
    """The mode after ``before`` by the confidence alone: in at the threshold, out below it less the hysteresis.

    Equality enters and stays. No confidence (too few events) is not enough to trade.
    """
    if confidence is None:
        return Mode.LEARNING
    if before is Mode.TRADING:
        return Mode.LEARNING if confidence < rules.leave - _ROUNDING else Mode.TRADING
    return Mode.TRADING if confidence >= rules.trading_threshold else Mode.LEARNING


_ROUNDING: Final = 1e-12
"""0.80 - 0.05 is 0.75 to a person; the bits of the difference lie a little above it."""


def watched(record: ModelRecord) -> Watch | None:
    """The detectors that hold what comes to ``record`` as it is now."""
    found = record.record()
    watch = Watch.of(found)
    if watch is None or found.mean_r is None or found.sd_r is None:
        return watch
    mean = found.mean_r - LOWER_10 * found.sd_r / math.sqrt(found.n)
    best = max(one.r for one in record.events)
    worst = WIDER * min(-1.0, *(one.r for one in record.events))
    if worst < mean < best:
        watch.results = ResultDetector(mean, best, worst)
    return watch
