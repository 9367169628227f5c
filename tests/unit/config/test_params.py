"""The defaults people see are the defaults the engine has."""

from __future__ import annotations

import pytest

from tradewind.app.config import AppConfig, load_config
from tradewind.app.run_options import requested
from tradewind.app.wiring import ensemble_params, filters_for, risk_params
from tradewind.ensemble.params import EnsembleParams
from tradewind.errors import Misconfigured
from tradewind.model.instruments import resolve
from tradewind.risk.params import RiskParams


def test_the_ensemble_of_the_default_configuration_is_the_default_ensemble():
    assert ensemble_params(AppConfig()) == EnsembleParams(timeframe_weights={"1h": 1.0})


def test_the_risk_of_the_default_configuration_is_the_default_risk():
    assert risk_params(AppConfig()) == RiskParams(one_per_symbol=False)


def test_every_default_filter_exists():
    assert [one.name for one in filters_for(AppConfig(), resolve("EUR/USD"))] == list(AppConfig().filters.enabled)


@pytest.mark.req("W12")
def test_the_kill_switch_lets_no_order_leave(tmp_path):
    config = load_config(environment={"KILL_SWITCH": "true"}, folder=tmp_path)
    assert requested(config, execution="none").executes is False
    with pytest.raises(Misconfigured, match="kill switch is on"):
        requested(config, execution="paper")


@pytest.mark.req("H19")
def test_paper_does_not_start_with_a_predictor_that_has_no_promoted_model(tmp_path):
    environment = {"TRADEWIND__PREDICTORS": '[{"name": "lstm"}]', "TRADEWIND__PATHS__MODELS": str(tmp_path / "models")}
    config = load_config(environment=environment, folder=tmp_path)
    assert requested(config, execution="none").executes is False
    with pytest.raises(Misconfigured, match="lstm has no promoted model"):
        requested(config, execution="paper")
    assert requested(AppConfig(), execution="paper").executes is True
