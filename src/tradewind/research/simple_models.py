"""Simple predictors fitted in the training process and served as plain numbers: what every net has to beat.

Weights are sample weights (uniqueness), so that labels that overlap do not count twice. Each fit is deterministic.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.errors import Misconfigured
from tradewind.predictors.plain import BaseRate, Linear, Trees

INSTALL: Final = (
    "`make VENV=.venv-train training` in the checkout, or pip install 'tradewind[train]' in an environment of its own;"
    " train with that one's tradewind, and name its Python in continuous_learning.retraining.interpreter"
)
"""How somebody without the training extra gets it; the service's own environment does without."""

Floats = NDArray[np.float64]
Windows = NDArray[np.float32]


class BoostingOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``trees`` at most, of ``leaves`` each; a leaf holds at least ``least`` samples; ``rate`` shrinks each tree."""

    trees: int = 300
    leaves: int = 8
    least: int = 80
    rate: float = 0.03
    patience: int = 30
    share: float = 0.7
    """Of the inputs that each tree may look at."""


def base_rate(windows: Windows, up: Floats, weight: Floats) -> BaseRate:
    """The weighted share of ups."""
    _checked(windows, up, weight)
    return BaseRate(float(np.average(up, weights=weight)), windows.shape[1], windows.shape[2])


def logistic(windows: Windows, up: Floats, weight: Floats, penalty: float = 1.0) -> Linear:
    """Ridge logistic regression on the newest row: ``min sum w log(1 + exp(-y z)) + penalty / 2 |beta|^2``.

    The bias is not penalised; a bias alone is the base rate.
    """
    from scipy.optimize import minimize  # loaded where a model is trained only
    from scipy.special import expit  # as above

    _checked(windows, up, weight)
    x = windows[:, -1, :].astype(np.float64)

    def loss(beta: Floats) -> tuple[float, Floats]:
        z = x @ beta[1:] + beta[0]
        off = weight * (expit(z) - up)
        ridge = penalty * beta
        ridge[0] = 0.0
        value = float((weight * (np.logaddexp(0.0, z) - up * z)).sum() + 0.5 * beta @ ridge)
        return value, np.concatenate(([off.sum()], off @ x)) + ridge

    found = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return Linear(1, x.shape[1], tuple(found[1:].tolist()), float(found[0]))


def boosting(
    windows: Windows,
    up: Floats,
    weight: Floats,
    later: tuple[Windows, Floats, Floats],
    options: BoostingOptions | None = None,
    seed: int = 0,
) -> Trees:
    """Histogram gradient boosting on the newest row (LightGBM, Ke et al. 2017), stopped by the loss on ``later``.

    Raises:
        Misconfigured: LightGBM is not installed, or the samples are none.
    """
    try:
        import lightgbm  # the training extra
    except ImportError as fault:
        raise Misconfigured(
            "lightgbm is not installed", where="training boosting", allowed="base_rate, logistic", next_step=INSTALL
        ) from fault
    chosen = options or BoostingOptions()
    _checked(windows, up, weight)
    settings = {
        "objective": "binary", "num_leaves": chosen.leaves, "min_data_in_leaf": chosen.least, "seed": seed,
        "learning_rate": chosen.rate, "feature_fraction": chosen.share, "num_threads": 1, "deterministic": True,
        "force_row_wise": True, "verbosity": -1, "lambda_l2": 1.0,
    }  # fmt: skip
    train = lightgbm.Dataset(windows[:, -1, :].astype(np.float64), up, weight=weight)
    valid = lightgbm.Dataset(later[0][:, -1, :].astype(np.float64), later[1], weight=later[2], reference=train)
    stop = lightgbm.early_stopping(chosen.patience, verbose=False)
    model = lightgbm.train(settings, train, chosen.trees, valid_sets=[valid], callbacks=[stop])
    return trees_of(model.dump_model(num_iteration=model.best_iteration), windows.shape[2])


_LEAF: Final = -1


def trees_of(dump: dict[str, Any], width: int) -> Trees:
    """The trees of LightGBM's JSON dump as plain arrays, parents before their children.

    Raises:
        Misconfigured: a split that is not ``<=`` on a number.
    """
    rows: list[tuple[int, float, int, int, float]] = []
    roots: list[int] = []
    for tree in dump["tree_info"]:
        roots.append(len(rows))
        _append(tree["tree_structure"], rows)
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    return Trees(
        width=width, roots=tuple(roots), feature=tuple(columns[0]), threshold=tuple(columns[1]), left=tuple(columns[2]),
        right=tuple(columns[3]), value=tuple(columns[4]), bias=0.0,
    )  # fmt: skip


def _append(node: dict[str, Any], rows: list[tuple[int, float, int, int, float]]) -> int:
    place = len(rows)
    if "leaf_value" in node:
        rows.append((_LEAF, 0.0, _LEAF, _LEAF, float(node["leaf_value"])))
        return place
    if node["decision_type"] != "<=":
        raise Misconfigured(f"a split by {node['decision_type']!r}", where="boosting", allowed="<=")
    rows.append((0, 0.0, 0, 0, 0.0))
    left = _append(node["left_child"], rows)
    right = _append(node["right_child"], rows)
    rows[place] = (int(node["split_feature"]), float(node["threshold"]), left, right, 0.0)
    return place


def _checked(windows: Windows, up: Floats, weight: Floats) -> None:
    counts = [len(one) for one in (windows, up, weight)]
    if len(set(counts)) > 1 or not counts[0]:
        raise Misconfigured(f"{counts} windows, labels and weights", where="samples", allowed="as many, not 0")
