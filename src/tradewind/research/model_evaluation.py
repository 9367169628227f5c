"""What a forecast is worth on bars nobody trained on: how often right, how sure it may be of that, what is left net.

"Accuracy" alone says nothing: it comes from the label, from the base rate, from the choice of when to speak and from
labels that overlap. So every figure stands beside its base rate, its coverage and the number of independent events.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.predictors.conformal import Conformal
from tradewind.validation import calibration
from tradewind.validation.calibration import NoiseFloor, ReliabilityBin
from tradewind.validation.significance import binomial_p, wilson
from tradewind.validation.uniqueness import average_uniqueness, without_overlap

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

REGIMES: Final = ("calm", "usual", "wild")
"""Thirds of the test slice by the width of the barriers, which is the volatility at the entry."""


class Forecasts(msgspec.Struct, frozen=True):
    """Calibrated forecasts of one slice in order of time, one element a sample.

    ``p_up`` float64; ``label`` +1 or -1; ``start``, ``end`` int64 are bars, both included; ``width`` of the barriers
    and ``cost`` of a round trip are shares of the entry. ``bars`` is the length of the series.
    """

    p_up: Floats
    label: Floats
    start: Ints
    end: Ints
    width: Floats
    cost: float
    bars: int

    def __post_init__(self) -> None:
        shapes = {one.shape for one in (self.p_up, self.label, self.start, self.end, self.width)}
        if len(shapes) != 1 or not self.p_up.size or not np.isin(self.label, (-1.0, 1.0)).all():
            raise Misconfigured(
                f"forecasts of shapes {sorted(shapes)}",
                where="evaluation",
                allowed="one element a sample, labels +1, -1",
            )


class Selective(msgspec.Struct, frozen=True):
    """Events that were acted on and share no bar: the accuracy that money would have seen.

    ``low`` and ``high`` are Wilson's 95% limits; ``p`` the exact chance of as many hits for whoever hits as often as
    the base rate or breaks even, whichever is more. ``net`` is the mean result as a share of the entry, after costs,
    and ``net_r`` in barrier widths; ``net_low`` its one-sided 95% lower bound (normal).
    """

    n: int
    hits: int
    accuracy: float | None
    low: float | None
    high: float | None
    p: float | None
    net: float | None
    net_r: float | None
    net_low: float | None


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the gates and a person read. Shares are fractions; None is undefined.

    - ``accuracy`` of all forecasts at 1/2, ``base_rate`` the share of the commoner label, ``skill`` the difference and
      its 95% limits (Wilson at ``n_eff``);
    - ``coverage`` the share of samples that were acted on; ``breakeven`` the accuracy at which costs are paid,
      ``1/2 + cost / (2 mean width)``;
    - ``n_eff`` what the labels amount to, ``independent`` samples that share no bar: ``ece_floor`` and
      ``calibration_p`` are of those, for labels that overlap err together;
    - ``confusion`` (up right, up wrong, down right, down wrong) of what was acted on; ``regimes`` number and
      accuracy of each third by volatility; ``reliability`` in the bins of ``ece``, ``curve`` in bins of equally many.
    """

    n: int
    n_eff: float
    independent: int
    accuracy: float
    base_rate: float
    skill: float
    skill_low: float
    skill_high: float
    coverage: float
    breakeven: float
    selective: Selective
    ece: float | None
    ece_floor: NoiseFloor | None
    calibration_p: float | None
    brier: float | None
    log_loss: float | None
    reliability: tuple[ReliabilityBin, ...]
    curve: tuple[ReliabilityBin, ...]
    confusion: tuple[int, int, int, int]
    regimes: dict[str, tuple[int, float | None]]

    def line(self) -> str:
        """The one line that stands for all of it."""
        chosen = self.selective
        return (
            f"accuracy {_share(chosen.accuracy)} (all: {_share(self.accuracy)}), base rate {_share(self.base_rate)}, "
            f"skill {100.0 * self.skill:+.1f} points "
            f"({100.0 * self.skill_low:+.1f} to {100.0 * self.skill_high:+.1f}), coverage {_share(self.coverage)}, "
            f"n_eff {self.n_eff:.0f}, events {chosen.n}, p {_number(chosen.p)}"
        )


def acted(forecasts: Forecasts, conformal: Conformal) -> Ints:
    """+1, -1 or 0 for each sample: the side of a set of one, learning each outcome when it is known and not before.

    ``conformal`` is changed: it ends as it would stand after the slice.
    """
    order = np.argsort(forecasts.end, kind="stable")
    sides = np.zeros(forecasts.p_up.size, np.int64)
    known = 0
    for sample, start in enumerate(forecasts.start.tolist()):
        while known < order.size and forecasts.end[order[known]] <= start:
            past = int(order[known])
            conformal.learn(float(forecasts.p_up[past]), int(forecasts.label[past]))
            known += 1
        sides[sample] = conformal.side(float(forecasts.p_up[sample]))
    return sides


def evaluated(forecasts: Forecasts, sides: Ints, generator: np.random.Generator) -> Evaluation:
    """Every figure of a slice; ``sides`` as ``acted`` gives them, ``generator`` draws the noise floor of the ECE."""
    up = (forecasts.label > 0.0).astype(np.float64)
    right = (forecasts.p_up >= 0.5) == (up > 0.0)
    base = float(max(up.mean(), 1.0 - up.mean()))
    breakeven = 0.5 + forecasts.cost / (2.0 * float(forecasts.width.mean()))
    hits = sides == forecasts.label
    said = sides != 0
    apart = without_overlap(forecasts.start, forecasts.end)
    n_eff = float(average_uniqueness(forecasts.start, forecasts.end, forecasts.bars).sum())
    alike = max(1, round(n_eff))
    low, high = wilson(round(float(right.mean()) * alike), alike) or (0.0, 1.0)
    return Evaluation(
        n=up.size,
        n_eff=n_eff,
        independent=apart.size,
        accuracy=float(right.mean()),
        base_rate=base,
        skill=float(right.mean()) - base,
        skill_low=low - base,
        skill_high=high - base,
        coverage=float(said.mean()),
        breakeven=breakeven,
        selective=_selective(forecasts, sides, max(base, breakeven)),
        ece=calibration.calibration_error(forecasts.p_up, up),
        ece_floor=calibration.noise_floor(forecasts.p_up[apart], generator),
        calibration_p=calibration.calibration_p(forecasts.p_up[apart], up[apart]),
        brier=calibration.brier(forecasts.p_up, up),
        log_loss=calibration.log_loss(forecasts.p_up, up),
        reliability=calibration.reliability(forecasts.p_up, up),
        curve=calibration.reliability_by_mass(forecasts.p_up, up),
        confusion=tuple(
            int((said & (sides == side) & (hits == hit)).sum()) for side in (1, -1) for hit in (True, False)
        ),  # type: ignore[arg-type]  # four of them
        regimes=_regimes(forecasts.width, right),
    )


def _selective(forecasts: Forecasts, sides: Ints, to_beat: float) -> Selective:
    chosen = np.flatnonzero(sides)
    events = chosen[without_overlap(forecasts.start[chosen], forecasts.end[chosen])]
    n = events.size
    if not n:
        return Selective(0, 0, None, None, None, None, None, None, None)
    hit = sides[events] == forecasts.label[events]
    net = np.where(hit, 1.0, -1.0) * forecasts.width[events] - forecasts.cost
    hits = int(hit.sum())
    interval = wilson(hits, n)
    assert interval is not None
    spread = float(net.std(ddof=1)) / n**0.5 if n > 1 else None
    return Selective(
        n=n,
        hits=hits,
        accuracy=hits / n,
        low=interval[0],
        high=interval[1],
        p=binomial_p(hits, n, min(1.0, to_beat)),
        net=float(net.mean()),
        net_r=float((net / forecasts.width[events]).mean()),
        net_low=None if spread is None else float(net.mean()) - 1.645 * spread,
    )


def _regimes(width: Floats, right: NDArray[np.bool_]) -> dict[str, tuple[int, float | None]]:
    low, high = np.quantile(width, (1.0 / 3.0, 2.0 / 3.0))
    parts = (width < low, (width >= low) & (width <= high), width > high)
    return {
        name: (int(part.sum()), float(right[part].mean()) if part.any() else None)
        for name, part in zip(REGIMES, parts, strict=True)
    }


def _share(value: float | None) -> str:
    return "undefined" if value is None else f"{100.0 * value:.1f}%"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3g}"
