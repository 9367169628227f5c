"""When a model may be promoted: the thresholds as they were published, and what they are worth.

``source`` holds a model to accuracy 0.68, calibration error 0.05, inputs without leaks and an answer in 500 ms, as they
stand. ``honest``, which decides, asks whether the accuracy on independent events is above base rate and break-even by
more than luck, and judges calibration by a test where the error's own noise is larger than the limit.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from tradewind.model.report import GateKind, GateRow
from tradewind.research.model_evaluation import Evaluation

ModelProfile = Literal["source", "honest", "strict"]
PROFILES: Final[tuple[ModelProfile, ...]] = ("source", "honest")
"""Those that are always printed; ``strict`` asks for both."""
LEAKAGE: Final = "inputs.leakage"
COMPLETENESS: Final = "inputs.completeness"


class ModelLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every number a gate compares with; equality passes.

    Below ``ece_from`` samples that share no bar the calibration error is mostly noise, which only adds to it. Within
    its limit it counts at any number; above it a test may stand for it there.
    """

    accuracy: float = 0.68
    calibration_error: float = 0.05
    latency_ms: float = 500.0
    least_events: int = 100
    ece_from: int = 1000
    calibration_p: float = 0.05
    alpha: float = 0.05


class InputCheck(msgspec.Struct, frozen=True):
    """What ``features verify`` found: columns that know the future, and the share of rows that are complete."""

    leaks: tuple[str, ...]
    complete: float


def model_rows(
    profile: ModelProfile, found: Evaluation, inputs: InputCheck, latency_ms: float, limits: ModelLimits
) -> tuple[GateRow, ...]:
    """One row a criterion, in the order people read them; those of ``strict`` are of both other profiles."""
    rows = _source(found, limits) if profile == "source" else _honest(found, limits)
    if profile == "strict":
        names = {row.name for row in rows}
        rows += tuple(row for row in _source(found, limits) if row.name not in names)
    leak = GateRow(
        LEAKAGE, len(inputs.leaks), 0, "<=", found.n, not inputs.leaks, GateKind.EDGE, digits=0,
        note=", ".join(inputs.leaks[:3]),
    )  # fmt: skip
    complete = GateRow(COMPLETENESS, inputs.complete, 0.95, ">=", found.n, inputs.complete >= 0.95, GateKind.EVIDENCE)
    latency = GateRow(
        "latency.p99_ms", latency_ms, limits.latency_ms, "<=", found.n, latency_ms <= limits.latency_ms, GateKind.EDGE
    )
    return (*rows, leak, complete, latency)


def passed(rows: tuple[GateRow, ...]) -> bool:
    """Whether every criterion is met."""
    return all(row.passed for row in rows)


def _source(found: Evaluation, limits: ModelLimits) -> tuple[GateRow, ...]:
    chosen = found.selective
    value = found.accuracy if chosen.accuracy is None else chosen.accuracy
    n = found.n if chosen.accuracy is None else chosen.n
    return (
        GateRow(
            "accuracy", value, limits.accuracy, ">=", n, value >= limits.accuracy, GateKind.EDGE,
            low=chosen.low, high=chosen.high, note=f"base rate {found.base_rate:.3f}, coverage {found.coverage:.3f}",
        ),
        _ece(found, limits),
    )  # fmt: skip


def _honest(found: Evaluation, limits: ModelLimits) -> tuple[GateRow, ...]:
    chosen = found.selective
    to_beat = max(found.base_rate, found.breakeven)
    return (
        GateRow(
            "events", chosen.n, limits.least_events, ">=", chosen.n, chosen.n >= limits.least_events, GateKind.EVIDENCE,
            digits=0, note=f"that were acted on and share no bar, of {found.n}; n_eff {found.n_eff:.0f}",
        ),
        GateRow(
            "accuracy.low", chosen.low, to_beat, ">", chosen.n, chosen.low is not None and chosen.low > to_beat,
            GateKind.EDGE, low=chosen.low, high=chosen.high,
            note=f"base rate {found.base_rate:.3f}, break-even {found.breakeven:.3f}, coverage {found.coverage:.3f}",
        ),
        GateRow(
            "accuracy.p", chosen.p, limits.alpha, "<=", chosen.n, chosen.p is not None and chosen.p <= limits.alpha,
            GateKind.EDGE, note="exact, against the larger of base rate and break-even",
        ),
        GateRow(
            "expectancy.low", chosen.net_low, 0.0, ">", chosen.n, chosen.net_low is not None and chosen.net_low > 0.0,
            GateKind.EDGE, digits=6, note=_expectancy(found),
        ),
        _calibrated(found, limits),
    )  # fmt: skip


def _expectancy(found: Evaluation) -> str:
    net, net_r = found.selective.net, found.selective.net_r
    mean = "undefined" if net is None or net_r is None else f"{net:+.6f}, {net_r:+.3f} barrier widths"
    return f"a trade as a share of the price after costs, one-sided 95%; the mean is {mean}"


def _ece(found: Evaluation, limits: ModelLimits) -> GateRow:
    floor = found.ece_floor
    note = (
        "" if floor is None else f"a calibrated model shows {floor.mean:.3f} at this n, and {floor.p95:.3f} in 1 of 20"
    )
    met = found.ece is not None and found.ece <= limits.calibration_error
    return GateRow(
        "calibration.error", found.ece, limits.calibration_error, "<=", found.n, met, GateKind.EDGE, note=note
    )


def _calibrated(found: Evaluation, limits: ModelLimits) -> GateRow:
    """The error where it is within its limit or where it is known well enough to refuse by; else the test.

    The test alone would refuse who has more data for what it lets pass with less: a calibrator is an estimate, the test
    asks for the exact probabilities, and both grow with the samples.
    """
    error = _ece(found, limits)
    return error if error.passed or found.independent >= limits.ece_from else _calibration_test(found, limits)


def _calibration_test(found: Evaluation, limits: ModelLimits) -> GateRow:
    met = found.calibration_p is not None and found.calibration_p >= limits.calibration_p
    error = "" if found.ece is None else f" ({found.ece:.3f})"
    note = f"Spiegelhalter; below {limits.ece_from} samples apart the error itself{error} is mostly noise"
    return GateRow(
        "calibration.p",
        found.calibration_p,
        limits.calibration_p,
        ">=",
        found.independent,
        met,
        GateKind.EDGE,
        note=note,
    )
