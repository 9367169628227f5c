"""The train thresholds over thousands of candidates at once: which one each misses first, by the limits of the gates.

It saves measuring what could not be opened anyway. Whoever meets all of it is measured in full and judged by the gates
themselves, so that this decides nothing that they would decide otherwise.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.validation.gates_rows import Limits, exact
from tradewind.validation.return_metrics import Floats

CRITERIA: Final = (
    "train.trades",
    "train.expectancy",
    "train.win_rate",
    "train.profit_factor",
    "train.sharpe",
    "train.max_drawdown",
)
"""Names of the gates, in the order in which they are asked."""
MET: Final = -1


class TrainColumns(NamedTuple):
    """What the train windows of many candidates showed; every array of shape ``(n,)``.

    ``won`` and ``lost`` are the sums of winning and of losing net R, both positive; ``sharpe`` is annual and
    ``drawdown`` a positive fraction of equity, both of daily net returns and NaN where undefined.
    """

    trades: NDArray[np.int64]
    wins: NDArray[np.int64]
    won: Floats
    lost: Floats
    sharpe: Floats
    drawdown: Floats


def first_missed(train: TrainColumns, limits: Limits, asked: Collection[str] = CRITERIA) -> NDArray[np.int8]:
    """Place in ``CRITERIA`` of the first criterion each candidate misses, ``MET`` where it misses none, ``(n,)``.

    Undefined is missed, as in the gates. Win rates are compared as whole counts. ``asked`` are the criteria that count:
    a profile may ask for fewer.
    """
    least = exact(limits.train_win_rate)
    trades, wins = train.trades.astype(np.int64), train.wins.astype(np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(train.lost > 0.0, train.won / train.lost, np.nan)
    met = np.column_stack(
        (
            trades >= limits.min_train,
            (trades > 0) & (train.won > train.lost),
            (trades > 0) & (wins * least.denominator >= least.numerator * trades),
            factor >= limits.train_profit_factor,
            train.sharpe >= limits.train_sharpe,
            train.drawdown <= limits.train_drawdown,
        )
    )
    met |= np.array([name not in asked for name in CRITERIA])
    missed: NDArray[np.int8] = np.where(met.all(axis=1), MET, np.argmin(met, axis=1)).astype(np.int8)
    return missed
