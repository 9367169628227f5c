"""What a model is judged at: the costs of the account, and never less than trading costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes.shelved_models import shelved
from tests.models.markets import bars_of
from tradewind.app.config import load_config
from tradewind.app.feature_sets import SeriesBars
from tradewind.app.models.duel import duel_of
from tradewind.app.models.evaluation import Asked, evaluate
from tradewind.app.models.material import cost_of, material_of
from tradewind.app.models.promotion import Promotions
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.errors import Misconfigured
from tradewind.model.timeframe import Timeframe

PAIR, HOUR = "BTC/USDT", Timeframe.H1


def configured(**costs: float) -> AppConfig:
    return load_config(environment={}, overrides={"costs": costs} if costs else {})


def bars(spread: float | None = None) -> SeriesBars:
    """Two thousand hours without a spread of their own, or with one that is this share of each close."""
    columns = bars_of(np.random.default_rng(1).normal(0.0, 0.005, 2000), np.random.default_rng(2), 0.003)
    own = np.full(2000, np.nan) if spread is None else columns.close * spread
    return SeriesBars(PAIR, HOUR, columns._replace(spread=own), "test")


@pytest.mark.req("D18", "E09", "X11")
def test_a_model_pays_the_configured_costs_as_every_fill_does():
    """Spread and slippage of [costs] and their multiplier, both ways; a spread that bars carry is theirs."""
    usual = configured().costs
    commission = cost_of(configured(), bars()) - 2.0 * (usual.spread + usual.slippage)
    assert commission >= 0.0
    dear = cost_of(configured(spread=0.02, slippage=0.03), bars())
    assert dear == pytest.approx(2.0 * (0.02 + 0.03) + commission)
    assert cost_of(configured(spread=0.02, slippage=0.03, multiplier=10.0), bars()) == pytest.approx(10.0 * dear)
    carried = cost_of(configured(slippage=0.03), bars(spread=0.004))
    assert carried == pytest.approx(2.0 * (0.002 + 0.03) + commission)


@pytest.mark.req("D18", "E09")
@pytest.mark.parametrize("cheap", [{"multiplier": 0.0}, {"multiplier": 0.99}, {"spread": 0.0}, {"slippage": 0.00001}])
def test_nothing_is_trained_judged_or_compared_at_less_than_trading_costs(tmp_path: Path, cheap: dict[str, Any]):
    """Rule: a gate that is met below the instrument's own costs proves nothing; the error names the setting's floor."""
    workspace = Workspace(load_config(environment={}, folder=tmp_path, overrides={"costs": cheap}), tmp_path)
    for name in ("v1", "v2"):
        shelved(workspace, name, bias=len(name) * 0.1)
    promotions = Promotions(workspace)
    with pytest.raises(Misconfigured, match="proves nothing"):
        material_of(workspace.config, (PAIR,), HOUR, "logistic", 1)
    with pytest.raises(Misconfigured, match="proves nothing"):
        evaluate(workspace, promotions, "v1", (), Asked("honest"), 5)
    with pytest.raises(Misconfigured, match="proves nothing"):
        duel_of(workspace, promotions, ("v1", "v2"), PAIR, HOUR, 5)
