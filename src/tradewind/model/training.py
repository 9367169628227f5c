"""What became of a training that was asked for, before it is told to the engine."""

from __future__ import annotations

import msgspec


class TrainingEnd(msgspec.Struct, frozen=True):
    """A ``version`` with what it showed on held-out bars, or the ``fault`` that ended the training.

    ``confidence`` is the probability that the mean net result of its ``events`` is above 0; ``passed`` what its gate
    says and ``missed`` what it did not meet. ``duration_s`` is wall time.
    """

    version: str | None = None
    fault: str | None = None
    confidence: float | None = None
    events: int = 0
    calibration_error: float | None = None
    passed: bool = False
    missed: tuple[str, ...] = ()
    duration_s: float = 0.0
