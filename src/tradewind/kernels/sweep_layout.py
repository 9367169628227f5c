"""Where things are in the arrays of a sweep, and the arrays that travel together."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Columns of ``whole`` (int64), one row per member: how it votes ...
LONG: Final = 0  # 2 * mask + 1 where the mask is meant the other way round
SHORT: Final = 1
READS_FROM: Final = 2
READS_TO: Final = 3
ATR_ROW: Final = 4  # a row of zeros for stops that need no range
# ... how it leaves ...
TIME_STOP: Final = 5
LEAVES: Final = 6
# ... and where it stands.
FREE_AT: Final = 7  # bar at whose close it may vote again
SIDE: Final = 8
ENTRY_BAR: Final = 9
SEEN: Final = 10  # first bar whose bracket was not looked at yet
LOGGED: Final = 11  # of the first member: how many trades of all members were to be logged
N_WHOLE: Final = 12

# Columns of ``real`` (float64), one row per member: how it leaves, where it stands ...
STOP_PCT: Final = 0
STOP_ATR: Final = 1
TARGET_R: Final = 2
FLOOR_COSTS: Final = 3
TRAIL_R: Final = 4
PRICE: Final = 5
DISTANCE: Final = 6
STOP_LEVEL: Final = 7
TARGET_LEVEL: Final = 8
# ... and what it made.
TRADES: Final = 9
WINS: Final = 10
GROSS_PROFIT: Final = 11
GROSS_LOSS: Final = 12
NET: Final = 13
DRAWDOWN: Final = 14
PEAK: Final = 15
NET_R: Final = 16
N_REAL: Final = 17

# Columns of the two logs.
LOG_ENTRY_BAR: Final = 0
LOG_EXIT_BAR: Final = 1
LOG_SIDE: Final = 2
LOG_CODE: Final = 3
LOG_AMBIGUOUS: Final = 4
LOG_MEMBER: Final = 5
N_LOG_WHOLE: Final = 6
LOG_ENTRY: Final = 0
LOG_EXIT: Final = 1
LOG_NET: Final = 2
LOG_R: Final = 3
N_LOG_REAL: Final = 4


PARTS: Final = 4
"""Parts of the tape, of equal length: opens, highs, lows, costs."""
ROOM: Final = 32
"""Cells after the prices, so that eight bars can always be read."""


class Book(NamedTuple):
    """Members and what became of their trades: one row per member.

    The logs have one row per trade, block by block, as far as they reach; none where nobody asked.
    """

    whole: NDArray[np.int64]
    real: NDArray[np.float64]
    log_whole: NDArray[np.int64]
    log_real: NDArray[np.float64]
