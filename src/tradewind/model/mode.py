"""Whether a model may act on its symbol and timeframe, by which evidence, and when it is trained again."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

import msgspec

from tradewind.model.timeframe import DAY, HOUR, Timeframe

Trigger = Literal["manual", "drift", "calibration", "loss_immediate", "schedule", "new_labels"]
TRIGGERS: Final[tuple[Trigger, ...]] = (
    "manual", "drift", "calibration", "loss_immediate", "schedule", "new_labels",
)  # fmt: skip
"""What asks for a new model, a person first, then the most telling: of several at once the first is named."""


class Mode(StrEnum):
    """TRADING: the champion's votes count. LEARNING: it votes in the shadow, and nobody hears it."""

    TRADING = "TRADING"
    LEARNING = "LEARNING"


TIMES: Final = ("cooldown", "schedule", "excess_span", "stuck")
"""Those of ``ModeRules`` that are nanoseconds."""


class ModeRules(msgspec.Struct, frozen=True):
    """What modes and retraining are held to; times are nanoseconds.

    A seat trades from a confidence of ``trading_threshold`` on and learns again below ``trading_threshold -
    hysteresis``. ``evidence`` is what a seat that fell must show to return, see ``engine.modes``; 1 asks for nothing.
    ``window`` is how many of the newest shadow events the confidence is computed on. ``schedule`` and ``new_labels`` 0:
    never. ``retrains`` off: no model is asked for.
    """

    trading_threshold: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.80
    hysteresis: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.05
    min_events: Annotated[int, msgspec.Meta(ge=2)] = 100
    window: Annotated[int, msgspec.Meta(ge=2)] = 250
    evidence: Annotated[float, msgspec.Meta(ge=1.0)] = 20.0
    retrains: bool = True
    on_loss: bool = True
    cooldown: Annotated[int, msgspec.Meta(ge=0)] = 2 * HOUR
    drift_score: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.70
    calibration_warning: float = 0.05
    calibration_limit: float = 0.10
    schedule: Annotated[int, msgspec.Meta(ge=0)] = 30 * DAY
    new_labels: Annotated[int, msgspec.Meta(ge=0)] = 250
    excess: Annotated[int, msgspec.Meta(ge=1)] = 25
    excess_span: Annotated[int, msgspec.Meta(gt=0)] = 6 * HOUR
    stuck: Annotated[int, msgspec.Meta(gt=0)] = DAY
    transitions: Annotated[int, msgspec.Meta(ge=1)] = 2

    @property
    def leave(self) -> float:
        """Confidence below which a seat stops."""
        return self.trading_threshold - self.hysteresis


class ModeEvidence(msgspec.Struct, frozen=True, gc=False):
    """The confidence of a seat and its parts: null where there are too few events to say.

    ``confidence`` is the probability that the mean net R of its shadow trades is above 0, ``T_(n-1)(mean / (sd /
    sqrt(n)))`` over ``n`` events. ``calibration_error`` compares stated probabilities with what came. ``evidence`` is
    that for a return, and ``needs`` what it is held to; 0 where none is asked for.
    """

    n: int
    confidence: float | None = None
    mean_r: float | None = None
    sd_r: float | None = None
    win_rate: float | None = None
    calibration_error: float | None = None
    drift_score: float = 0.0
    evidence: float = 0.0
    needs: float = 0.0


class ModeChanged(msgspec.Struct, frozen=True, tag="mode_changed", gc=False):
    """A seat went from ``before`` to ``after``, why, and what was known; ``limit`` is what the confidence was held to.

    ``reason``: confidence, drift, calibration, model (another one took the seat).
    """

    ts: int
    symbol: str
    timeframe: Timeframe
    before: Mode
    after: Mode
    reason: str
    limit: float
    seen: ModeEvidence
    version: str = ""


class SeatSeen(msgspec.Struct, frozen=True, tag="seat_seen", gc=False):
    """What a seat shows after a shadow event of its champion, in the mode it stands in."""

    ts: int
    symbol: str
    timeframe: Timeframe
    stands: Mode
    seen: ModeEvidence
    version: str = ""


class RetrainAsked(msgspec.Struct, frozen=True, tag="retrain_asked", gc=False):
    """A new model is wanted: the first of the ``TRIGGERS`` that are due, its value and limit; ``also`` the others.

    ``since`` is when the seat fell: what lies before is another market. 0 where it never did. ``by`` is who ordered it
    and why, where a person did.
    """

    ts: int
    symbol: str
    timeframe: Timeframe
    trigger: Trigger
    value: float
    limit: float
    also: tuple[Trigger, ...] = ()
    since: int = 0
    by: str = ""


class ModeRulesChanged(msgspec.Struct, frozen=True, tag="mode_rules_changed"):
    """Other rules hold from ``ts`` on: every key that changed with its old and new value."""

    ts: int
    source: str
    old: dict[str, float]
    new: dict[str, float]


class ModelScore(msgspec.Struct, frozen=True, gc=False):
    """What a model showed in a seat: forecasts that share no bar, how often right, and its shadow events in R."""

    version: str
    n: int
    accuracy: float | None
    brier: float | None
    events: int
    win_rate: float | None
    mean_r: float | None


class ChallengerJudged(msgspec.Struct, frozen=True, tag="challenger_judged", gc=False):
    """The duel of a seat is over: ``verdict`` is promote or withdraw, ``reason`` why, both scores beside it.

    ``of_better``, ``of_not_worse`` and ``of_worse`` are the evidence of ``validation.paired_promotion`` over ``n``
    forecasts that both made from ``start`` to ``ts``.
    """

    ts: int
    symbol: str
    timeframe: Timeframe
    verdict: Literal["promote", "withdraw"]
    reason: str
    champion: ModelScore
    challenger: ModelScore
    start: int
    n: int
    mean: float
    of_better: float
    of_not_worse: float
    of_worse: float
    champion_drifted: bool
