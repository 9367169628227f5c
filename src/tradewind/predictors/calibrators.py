"""Maps from a model's raw probability to one that can be believed, fitted on a slice the model never saw.

Each is a frozen value that goes into a model's manifest as JSON. Which is fitted depends on how much there is to fit
on: a line in the log odds below 1,000 samples, any monotone step function from there on (STEPS).
"""

from __future__ import annotations

import math
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.predictors.log_odds import logit, sigmoid

Floats = NDArray[np.float64]

FEW: Final = 100
"""Independent samples below which only the temperature is fitted: a shift would follow the slice's base rate."""
STEPS: Final = 1000
"""Independent samples from which an isotonic fit does not follow noise more than it removes."""
_TINY: Final = 1e-6
_TINY_PRIOR: Final = 1e-3
"""Precision that keeps slope and shift finite where the classes separate."""


class Identity(msgspec.Struct, frozen=True, tag="identity"):
    """The raw probability as it is."""

    def __call__(self, p: Floats) -> Floats:
        """``p``."""
        return p


class Scaling(msgspec.Struct, frozen=True, tag="scaling"):
    """``sigmoid(slope * logit(p) + shift)``: Platt (1999); with shift 0 the temperature ``1 / slope`` (Guo 2017)."""

    slope: float
    shift: float = 0.0

    def __call__(self, p: Floats) -> Floats:
        """Calibrated probabilities, shape of ``p``."""
        return sigmoid(self.slope * logit(p) + self.shift)


class Isotonic(msgspec.Struct, frozen=True, tag="isotonic"):
    """Linear between ``(raw, calibrated)`` knots, both ascending; constant outside (Zadrozny and Elkan 2002)."""

    raw: tuple[float, ...]
    calibrated: tuple[float, ...]

    def __call__(self, p: Floats) -> Floats:
        """Calibrated probabilities, shape of ``p``."""
        return np.interp(p, self.raw, self.calibrated)


Calibrator = Identity | Scaling | Isotonic


def fitted(p: Floats, y: Floats, weight: Floats | None = None, lasting: float = math.inf) -> Calibrator:
    """The calibrator for as many samples as there are.

    Args:
        p: raw probabilities, shape ``(n,)``. y: 1 where it happened, else 0. weight: uniqueness of each, None: all 1.
        lasting: how far a base rate that lasts lies from what the model says, in log odds, standard deviation. A few
            hundred samples err by 0.1 and more, and a line that takes this over says it of everything that follows.

    Returns:
        Identity for none or one class, the temperature below 100, a line in the log odds below 1,000, else isotonic;
        counted in weight, so that labels that overlap are not more evidence than they are.

    Raises:
        Misconfigured: shapes that differ, a weight below 0, or ``lasting`` that is not above 0.
    """
    heavy = np.ones(p.size) if weight is None else weight
    if not lasting > 0.0:
        raise Misconfigured(f"lasting {lasting}", where="calibrators.fitted", allowed="above 0")
    if not (p.shape == y.shape == heavy.shape) or (heavy < 0.0).any():
        raise Misconfigured("samples and weights that do not fit", where="calibrators.fitted", allowed="shapes (n,)")
    if not p.size or y.min() == y.max():
        return Identity()
    independent = float(heavy.sum())
    if independent >= STEPS:
        return _isotonic(p, y, heavy)
    return _scaling(p, y, heavy, lasting, shifted=independent >= FEW)


def _scaling(p: Floats, y: Floats, weight: Floats, lasting: float, *, shifted: bool) -> Scaling:
    """Minimises the weighted log loss less the log of a normal prior, of the slope about 1 and of the shift about 0.

    Slopes below 0 are not allowed: a model that is worth nothing becomes flat.
    """
    from scipy.optimize import minimize  # loaded where a model is trained only
    from scipy.special import expit  # as above

    raw = logit(p)
    precision = np.array([_TINY_PRIOR, max(_TINY_PRIOR, lasting**-2.0)])

    def loss(beta: Floats) -> tuple[float, Floats]:
        z = beta[0] * raw + beta[1]
        said = expit(z)
        off = weight * (said - y)
        ridge = precision * (beta - (1.0, 0.0))
        value = float((weight * (np.logaddexp(0.0, z) - y * z)).sum() + 0.5 * (beta - (1.0, 0.0)) @ ridge)
        return value, np.array([off @ raw, off.sum()]) + ridge

    bounds = [(0.0, None), (None, None) if shifted else (0.0, 0.0)]
    slope, shift = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds).x.tolist()
    return Scaling(slope, shift)


def _isotonic(p: Floats, y: Floats, weight: Floats) -> Isotonic:
    from scipy.optimize import isotonic_regression  # loaded where a model is trained only

    raw, place = np.unique(p, return_inverse=True)
    total = np.bincount(place, weight)
    mean = np.divide(np.bincount(place, weight * y), total, out=np.zeros(raw.size), where=total > 0.0)
    steps = isotonic_regression(mean, weights=np.maximum(total, _TINY)).x
    edge = np.flatnonzero(np.diff(steps) != 0.0)
    kept = np.unique(np.concatenate(([0], edge, edge + 1, [raw.size - 1])))
    return Isotonic(tuple(raw[kept].tolist()), tuple(np.clip(steps[kept], 0.0, 1.0).tolist()))
