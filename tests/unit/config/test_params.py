"""The defaults people see are the defaults the engine has."""

from __future__ import annotations

import pytest

from tradewind.app.config import AppConfig, load_config
from tradewind.app.models.serving import require_promoted_models
from tradewind.app.pool import Policy
from tradewind.app.run_options import requested, require_proof_for_orders
from tradewind.app.settings.orders import OrderSettings
from tradewind.app.settings.service import RuntimeSettings
from tradewind.app.venues import order_params
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
    require_promoted_models(config, "dryrun")
    with pytest.raises(Misconfigured, match="lstm: no promoted model for EUR/USD 1h"):
        require_promoted_models(config, "paper")
    require_promoted_models(AppConfig(), "paper")


@pytest.mark.parametrize(
    ("setting", "mode", "execution", "chosen"),
    [
        ("none", None, "approve", "approve"),
        ("approve", None, None, "approve"),
        ("approve", "paper", None, "approve"),
        ("approve", "dryrun", None, "none"),
        ("approve", None, "paper", "paper"),
        ("paper", "paper", "auto", "auto"),
    ],
)
def test_approve_and_auto_run_beside_paper_and_a_flag_wins(setting, mode, execution, chosen):
    """Both send orders to the paper venue; the older word `--mode dryrun` still means that nothing is filled."""
    config = AppConfig(execution=setting)
    found = requested(config, execution=execution, mode=mode)
    assert (found.execution, found.executes) == (chosen, chosen != "none")


@pytest.mark.parametrize("execution", ["none", "approve", "auto"])
def test_unproven_strategies_on_arriving_bars_reach_neither_a_person_nor_a_venue(execution):
    """Paper alone, and orders to a venue on SIMULATED bars alone."""
    with pytest.raises(Misconfigured, match="unproven strategies would give"):
        require_proof_for_orders(
            requested(AppConfig(), feed="poll", execution=execution, policy=Policy.UNPROVEN).policy,
            execution,
            made_up=False,
        )
    require_proof_for_orders(Policy.UNPROVEN, "paper", made_up=False)
    require_proof_for_orders(Policy.UNPROVEN, execution, made_up=True)
    require_proof_for_orders(Policy.PROVEN, execution, made_up=False)


@pytest.mark.parametrize("execution", ["approve", "auto"])
def test_orders_to_a_venue_in_live_mode_are_refused_until_there_is_a_broker(execution):
    """Nothing may look live that is not."""
    config = AppConfig(runtime=RuntimeSettings(mode="live"))
    with pytest.raises(Misconfigured, match="does not exist yet"):
        requested(config, execution=execution)


def test_a_person_can_be_asked_only_where_orders_go_to_a_venue():
    """A required approval with the engine's own broker would ask nobody: it gets the paper venue."""
    assert order_params(OrderSettings()) is None
    for settings, execution in ((OrderSettings(approval="required"), "paper"), (OrderSettings(), "approve")):
        params = order_params(settings, execution)
        assert params is not None
        assert (params.venue, params.approval) == ("paper", True)
    automatic = order_params(OrderSettings(), "auto")
    assert automatic is not None
    assert (automatic.venue, automatic.approval) == ("paper", False)
