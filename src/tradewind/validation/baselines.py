"""What a naive alternative would have earned over the same bars, before costs, so that skill has something to beat."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tradewind.model.bar import BarColumns
from tradewind.model.report import Baseline
from tradewind.validation.return_metrics import Floats, daily_returns, return_metrics

BUY_AND_HOLD: Final = "Buy and hold"
RANDOM_ENTRY: Final = "Random entry"
ALWAYS_FLAT: Final = "Always flat"


class RoundTrip(Protocol):
    """When a position was held, UTC nanoseconds, and on which side (+1 or -1)."""

    @property
    def ts_entry(self) -> int:
        """When it was opened."""
        ...

    @property
    def ts_exit(self) -> int:
        """When it was closed."""
        ...

    @property
    def side(self) -> int:
        """+1 long, -1 short."""
        ...


def exposure(columns: BarColumns, trades: Iterable[RoundTrip]) -> Floats:
    """Net position of the trades in each bar, shape ``(n,)``: +1 long, -1 short, 0 flat; overlapping trades net out."""
    rows = np.array([(one.ts_entry, one.ts_exit, one.side) for one in trades], dtype=np.int64).reshape(-1, 3)
    first = np.searchsorted(columns.ts_open, rows[:, 0], side="left")
    last = np.searchsorted(columns.ts_open, rows[:, 1], side="left")
    steps = np.zeros(columns.ts_open.size + 1)
    np.add.at(steps, first, rows[:, 2])
    np.subtract.at(steps, np.maximum(last, first), rows[:, 2])
    return np.sign(np.cumsum(steps[:-1]))


def baselines(
    columns: BarColumns,
    day: NDArray[np.int64],
    trades: Iterable[RoundTrip],
    generator: np.random.Generator,
    *,
    periods_per_year: float,
    draws: int = 200,
) -> tuple[Baseline, ...]:
    """Buy and hold, random entry with the same exposure, and always flat.

    Random entry turns the position path of the trades against the market by a random number of bars, ``draws`` times:
    the same time in the market, the same holding times and the same sides, at moments that mean nothing. The median
    draw is given, and how many draws did at least as well as the trades' own timing.

    Args:
        columns: bars of one symbol, ``n`` rows.
        day: trading-day number of each bar, shape ``(n,)``.
        trades: round trips on these bars.
        generator: source of the random turns.
        periods_per_year: trading days in a year.
        draws: number of random turns.
    """
    n = columns.close.size
    if n == 0:
        return ()
    moves = columns.close / np.concatenate((columns.open[:1], columns.close[:-1])) - 1.0
    held = exposure(columns, trades)
    own = float(np.sum(held * moves))
    turns = generator.integers(1, max(2, n), size=draws)
    # The positions turned by t bars against the moves: those before the turn's end and those carried around.
    sums = np.array(
        [float(np.sum(held[: n - t] * moves[t:]) + np.sum(held[n - t :] * moves[:t])) for t in turns.tolist()]
    )
    middle = int(turns[int(np.argsort(sums, kind="stable")[draws // 2])])
    better = int((sums >= own).sum())

    def measured(name: str, returns: Floats, note: str) -> Baseline:
        daily = daily_returns(day, np.cumprod(1.0 + returns, dtype=np.float64), 1.0)
        result = return_metrics(daily, periods_per_year=periods_per_year)
        return Baseline(name, result.total_return, result.sharpe, result.max_drawdown, note)

    return (
        measured(BUY_AND_HOLD, moves, "one unit through the whole span, no costs"),
        measured(
            RANDOM_ENTRY,
            np.roll(held, middle) * moves,
            f"same sides and holding times at random moments, median of {draws}, no costs; "
            f"{better} of {draws} did at least as well as the trades' own timing",
        ),
        measured(ALWAYS_FLAT, np.zeros(n), "no trade at all"),
    )
