"""A bot on 1m bars around the clock, with six timeframes, in a hostile world."""

from __future__ import annotations

import pytest

from tradewind.fleetsim.faults import FaultKind, FaultMix, ScheduledFault
from tradewind.fleetsim.seeded import SeededRng
from tradewind.fleetsim.simulation import run_simulation
from tradewind.fleetsim.world import BOT_YEAR, horizon
from tradewind.model.timeframe import DAY, HOUR, MINUTE, SECOND


@pytest.mark.parametrize("seed", [1, 2])
def test_days_of_a_bot_on_minutes_break_no_law(seed: int) -> None:
    """Every fault and every death the minute world knows, dense."""
    report = run_simulation(seed, days=4, mix=FaultMix(per_day=24.0, deaths_per_day=6.0), tier=BOT_YEAR)
    assert report.violations == (), report.text()
    assert sum(report.faults.values()) >= 100
    assert report.restarts >= 12
    assert len(report.rows) >= 38


def test_a_forming_row_of_history_is_not_believed_in_its_last_second() -> None:
    """The connection breaks 0.3 s before a bar ends, and history appends that bar as it stands."""
    start = horizon(BOT_YEAR, SeededRng(2), DAY // 10).start
    at = start + HOUR + MINUTE - 3 * SECOND // 10
    schedule = [
        ScheduledFault(at - SECOND, FaultKind.UNCLOSED_ROW, "BTC/USDT", 1, 0.5),
        ScheduledFault(at, FaultKind.DISCONNECT, "BTC/USDT", 1, 0.1),
    ]
    report = run_simulation(2, days=0.1, schedule=schedule, tier=BOT_YEAR)
    assert report.violations == (), report.text()
