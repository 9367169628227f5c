"""Orders at a hostile venue that keeps its own truth: every way in which answers, fills and stops go wrong."""

from __future__ import annotations

from tradewind.fleetsim.faults import DEADLY, OF_ORDERS, ROWS, FaultMix
from tradewind.fleetsim.simulation import run_simulation
from tradewind.fleetsim.world import BOT_YEAR


def test_days_of_disturbed_orders_break_no_law() -> None:
    """INV-07, 08, 13, 14, 20 after every event, against the venue's own truth; every row has struck in the end."""
    kinds = tuple(kind for kind in sorted(OF_ORDERS) if kind not in DEADLY)
    deaths = tuple(kind for kind in sorted(OF_ORDERS) if kind in DEADLY)
    mix = FaultMix(per_day=60.0, deaths_per_day=6.0, kinds=kinds, deaths=deaths)
    report = run_simulation(2, days=3, mix=mix, tier=BOT_YEAR)
    assert report.violations == (), report.text()
    assert report.signals >= 5
    assert set(report.rows) == {ROWS[kind] for kind in OF_ORDERS}
