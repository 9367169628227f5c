"""What stands beside a model's artifact: everything that is needed to serve it, and what it was promoted for."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.model.timeframe import Timeframe
from tradewind.ports.predictor import Predictor, Windows
from tradewind.predictors.calibrators import Calibrator

FORMAT: Final = 1
"""Raised whenever a field changes its meaning; older models then have to be trained again."""
PROBES: Final = 16
AGREES: Final = 1e-4
"""How far a probe may be from what the trainer's library answered: 4e-7 is usual, a wrong file is off by 0.01."""

Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class InputScale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``clip((x - mean) / deviation, -cut, cut)`` a channel, fitted on the train window alone."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    cut: float = 5.0

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.deviation) or not all(one > 0.0 for one in self.deviation):
            raise Misconfigured("a scale that divides by nothing", where="input scale", allowed="deviations above 0")

    def __call__(self, rows: NDArray[np.float64] | NDArray[np.float32]) -> Windows:
        """Scaled inputs, float32, shape of ``rows`` ``(..., k)``; NaN stays NaN."""
        scaled = (rows - np.asarray(self.mean)) / np.asarray(self.deviation)
        clipped: Windows = np.clip(scaled, -self.cut, self.cut).astype(np.float32)
        return clipped


class Barriers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it forecasts: a move of ``width`` ATRs (``atr_period`` bars) either way within ``horizon`` bars."""

    width: float
    atr_period: int
    horizon: int


BARRIERS: Final = Barriers(width=2.0, atr_period=14, horizon=24)
"""Two average true ranges either way within 24 bars, which is the bracket that a forecast is traded with: a random walk
meets one after eight bars on average and neither in one case of thirty."""


class GateRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the evaluation found: its profile, whether it passed, and every figure by name (None: undefined)."""

    profile: str
    passed: bool
    figures: dict[str, float | None]
    missed: tuple[str, ...] = ()


class Provenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it was made from: hashes, versions, seeds, spans as UTC nanoseconds; ``simulated``: bars that were made.

    ``seal`` is where its sealed bars begin, of which nothing was read when it was made; 0 where it was not cut.
    """

    data_hash: str
    code_version: str
    seed: int
    trained: tuple[int, int]
    tested: tuple[int, int]
    created: int
    simulated: bool = False
    warm_start: str = ""

    @property
    def last_seen(self) -> int:
        """Close of the last bar that it was fitted or judged on: what it says up to there proves nothing."""
        return max(self.trained[1], self.tested[1])

    seal: int = 0


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One version of one model. ``symbols`` are those it may speak for, on ``timeframe`` alone.

    ``artifact`` is the file beside it, ``sha256`` that of its bytes. ``channels`` and ``schema_hash`` name the inputs.
    ``scores`` start its prediction sets at level ``alpha``. ``probe`` are its raw answers to ``probe_windows``.
    """

    format: int
    version: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
    kind: str
    symbols: tuple[str, ...]
    timeframe: Timeframe
    artifact: Annotated[str, msgspec.Meta(pattern=r"^model\.(json|onnx)$")]
    sha256: Digest
    schema_hash: Digest
    channels: tuple[str, ...]
    length: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    scale: InputScale
    barriers: Barriers
    calibrator: Calibrator
    alpha: float
    scores: tuple[float, ...]
    probe: tuple[float, ...]
    gate: GateRecord
    provenance: Provenance
    card: dict[str, Any] = {}

    @property
    def reads_news(self) -> bool:
        """Whether its inputs hold what articles said."""
        return "news_score" in self.channels

    @property
    def width(self) -> int:
        """Inputs a row."""
        return len(self.channels)


def probe_windows(length: int, width: int) -> Windows:
    """Sixteen made-up windows that every model of this shape is asked at training and at loading."""
    return np.random.default_rng([length, width]).standard_normal((PROBES, length, width)).astype(np.float32)


def differs(predictor: Predictor, answers: tuple[float, ...]) -> str:
    """Why a loaded model is not the one that was trained, or nothing: what it answers to the probe."""
    found = predictor.forecasts(probe_windows(predictor.length, predictor.width))
    if not np.isfinite(found).all():
        return "it answers with numbers that are none"
    if ((found < 0.0) | (found > 1.0)).any():
        return "it answers with numbers outside 0 to 1"
    if len(answers) != PROBES:
        return f"{len(answers)} answers to the probe, not {PROBES}"
    furthest = float(np.abs(found - np.asarray(answers)).max())
    return f"it answers the probe {furthest:.4f} away from what was trained" if not furthest <= AGREES else ""
