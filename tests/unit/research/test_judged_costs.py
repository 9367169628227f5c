"""What a proof has to cost: the built-in instrument's costs, or the floor of a class."""

from __future__ import annotations

import msgspec
import pytest

from tradewind.model.instrument import AssetClass, CostModel
from tradewind.model.instruments import INSTRUMENTS
from tradewind.research.judged_costs import FLOOR, below_floor

BUILT_IN = INSTRUMENTS["BTC/USDT"].costs


@pytest.mark.parametrize(
    "cheaper",
    [
        {"spread_fraction": 0.0},
        {"slippage_fraction": 0.0},
        {"slippage_fraction": 0.0, "spread_fraction": 0.01},
        {"spread_by_hour": (0.0, *(1.0,) * 23)},
        {"spread_fraction": float("nan")},
        {"commission_fraction": -0.001},
    ],
)
def test_nothing_is_proven_on_a_built_in_pair_below_its_built_in_costs(cheaper: dict[str, object]) -> None:
    """Charge by charge and hour by hour; a number that is none is below everything."""
    assert below_floor(msgspec.structs.replace(BUILT_IN, **cheaper), "BTC/USDT", AssetClass.CRYPTO)


@pytest.mark.parametrize("asset_class", list(AssetClass))
def test_a_new_pair_costs_the_floor_of_its_class_at_least(asset_class: AssetClass) -> None:
    """Spread at its best hour, slippage and commission together; what is built in is above every floor."""
    floor = FLOOR[asset_class]
    assert not below_floor(CostModel(), "NEW/PAIR", asset_class)
    assert not below_floor(CostModel(spread_fraction=0.0, slippage_fraction=floor), "NEW/PAIR", asset_class)
    for costs in (
        CostModel(spread_fraction=0.0, slippage_fraction=0.0),
        CostModel(spread_fraction=0.0, slippage_fraction=0.0, commission_per_lot=7.0),
        CostModel(spread_fraction=1.0, slippage_fraction=floor / 2, spread_by_hour=(*(1.0,) * 23, 0.0)),
        CostModel(commission_per_lot=-7.0),
    ):
        assert below_floor(costs, "NEW/PAIR", asset_class)
