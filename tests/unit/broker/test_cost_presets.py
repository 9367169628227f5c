"""Named costs: the stated ones, the measured ones, none."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.shared_data import shared
from tradewind.errors import Misconfigured
from tradewind.model.instruments import INSTRUMENTS
from tradewind.simulation.cost_presets import PRESETS, preset_costs, with_costs


def test_the_default_charges_one_and_two_hundredths_of_a_percent() -> None:
    """Spread 0.01 %, slippage 0.02 %, per side, at every hour, for every built-in instrument."""
    for instrument in INSTRUMENTS.values():
        assert instrument.costs == preset_costs("source", instrument)
        assert (instrument.costs.spread_fraction, instrument.costs.slippage_fraction) == (0.0001, 0.0002)
        assert set(instrument.costs.spread_by_hour) == {1.0}


def test_every_preset_describes_every_instrument() -> None:
    """No preset leaves one out; none costs nothing."""
    for preset in PRESETS:
        for instrument in INSTRUMENTS.values():
            costs = with_costs(preset, instrument).costs
            assert len(costs.spread_by_hour) == 24
            free = costs.spread_fraction == costs.slippage_fraction == costs.commission_fraction == 0.0
            assert free == (preset == "none")
    with pytest.raises(Misconfigured, match="source, realistic, none"):
        preset_costs("cheap", INSTRUMENTS["EUR/USD"])


@pytest.mark.parametrize(("symbol", "file"), [("EUR/USD", "EURUSD"), ("XAU/USD", "XAUUSD")])
def test_realistic_spreads_are_near_measured_ones(symbol: str, file: str) -> None:
    """Half the median quoted spread within a fifth; at 20-22 UTC, and only there, clearly wider."""
    frame = pl.read_parquet(shared(f"data/bars_bidask/{file}-1h.parquet")).filter(pl.col("time").dt.year() >= 2012)
    spread = (frame["ask_close"] - frame["close"]).to_numpy()
    half = spread / frame["close"].to_numpy() / 2
    costs = preset_costs("realistic", INSTRUMENTS[symbol])
    assert costs.spread_fraction == pytest.approx(float(np.median(half[half > 0])), rel=0.2)
    hours = frame["time"].dt.hour().to_numpy()
    for hour in range(24):
        measured = float(np.mean(spread[hours == hour]) / np.median(spread[spread > 0]))
        assert (measured > 1.35) == (costs.spread_by_hour[hour] >= 2.0), hour
