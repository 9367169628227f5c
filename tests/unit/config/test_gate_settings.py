"""Limits of the gates in a configuration: the defaults are the gates' own, and none can be made looser."""

from __future__ import annotations

import math

import pytest

from tests.cli_runner import run_cli
from tradewind.app.config import SETTINGS, load_config
from tradewind.app.gate import limits_of, profile_of, window_rules_of
from tradewind.app.settings.gate import GateSettings
from tradewind.errors import Misconfigured
from tradewind.model.timeframe import DAY
from tradewind.validation.gates_profiles import HONEST, SOURCE, STRICT
from tradewind.validation.gates_rows import Limits
from tradewind.validation.windows import WindowRules

LIMITS = [name for name in GateSettings.__struct_fields__ if name != "profile"]
MOST = {"train_drawdown", "decay", "drawdown_budget", "alpha", "pbo", "pbo_warning", "spa", "path_drawdown"}
"""Limits that a value must not exceed; every other one must be reached."""
WHOLE = {"min_train", "min_sealed", "min_sealed_days", "stress_factor"}


def configured(name: str, value: float) -> GateSettings:
    return load_config(environment={}, overrides={f"gate.{name}": value}).gate


def step(name: str, *, looser: bool) -> float:
    """The default moved by the least amount there is, in the direction asked for."""
    default = SETTINGS[f"gate.{name}"].default
    up = looser == (name in MOST)
    if name in WHOLE:
        return default + (1 if up else -1)
    return math.nextafter(default, math.inf if up else -math.inf)


def test_the_defaults_are_the_limits_of_the_gates():
    assert limits_of(GateSettings()) == Limits()
    assert window_rules_of(GateSettings()) == WindowRules()
    assert profile_of(GateSettings()) is HONEST


@pytest.mark.req("D24", "X25")
@pytest.mark.parametrize("name", LIMITS)
def test_no_limit_can_be_made_looser_than_it_is(name):
    """Just looser than the default is refused by name, the default and just stricter are taken."""
    with pytest.raises(Misconfigured, match=rf"gate\.{name} must be"):
        configured(name, step(name, looser=True))
    default, stricter = SETTINGS[f"gate.{name}"].default, step(name, looser=False)
    assert getattr(configured(name, default), name) == default
    assert getattr(configured(name, stricter), name) == stricter


def test_what_is_written_reaches_the_gates(tmp_path):
    (tmp_path / "tradewind.toml").write_text(
        '[gate]\nprofile = "strict"\nsealed_win_rate = "70%"\nmin_sealed = 150\nmin_sealed_days = "365d"\n'
    )
    settings = load_config(environment={"TRADEWIND__GATE__ALPHA": "0.01"}, folder=tmp_path).gate
    assert profile_of(settings) is STRICT
    limits = limits_of(settings)
    assert (limits.sealed_win_rate, limits.min_sealed, limits.alpha) == (0.7, 150, 0.01)
    rules = window_rules_of(settings)
    assert (rules.min_trades, rules.min_sealed) == (150, 365 * DAY)


@pytest.mark.parametrize(("preset", "profile"), [("source", SOURCE), ("strict", STRICT), ("fx", HONEST)])
def test_presets_choose_the_gates_they_are_named_after(preset, profile):
    assert profile_of(load_config(environment={}, overrides={"preset": preset}).gate) is profile


@pytest.mark.parametrize("name", ["bare", "none", ""])
def test_an_unknown_profile_is_answered_with_those_there_are(name):
    with pytest.raises(Misconfigured, match="source, honest, strict"):
        load_config(environment={}, overrides={"gate.profile": name})


@pytest.mark.req("X25")
@pytest.mark.parametrize("name", ["profile", *LIMITS])
def test_every_key_of_the_gates_is_explained(name):
    document = run_cli("config", "explain", f"gate.{name}", "--json").document
    assert document["available"]
    assert document["source"]
    assert document["range"] or document["choices"]
