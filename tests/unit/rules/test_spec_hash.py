"""The identity of a strategy: what it does, not what it is called."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from tradewind import strategies
from tradewind.features.rule import Exits, Family, Rule, StrategyParams, member_of, spec_hash
from tradewind.features.rule_series import close, ema
from tradewind.model.timeframe import Timeframe

CROSS = strategies.family("EMA_Crossover")


def cross(version=1, timeframe=Timeframe.H1, weight=1.0, **changes):
    return member_of(CROSS, timeframe, CROSS.params_of(changes), version, weight)


def test_a_name_and_a_weight_change_nothing():
    """Rule: version and weight are no part of what a strategy does."""
    assert spec_hash(cross()) == spec_hash(cross(version=7, weight=2.5))
    assert len(spec_hash(cross())) == 16
    assert int(spec_hash(cross()), 16) >= 0


@pytest.mark.parametrize(
    "other",
    [
        cross(timeframe=Timeframe.H4),
        cross(fast=13),
        cross(gate=0.0),
        cross(exits={"target_r": 2.0, "time_stop_bars": 0}),
        cross(exits={"stop_mode": "pct"}),
    ],
)
def test_everything_that_changes_a_trade_changes_it(other):
    """Rule: timeframe, parameters and exits are."""
    assert spec_hash(other) != spec_hash(cross())


def test_a_new_switch_that_is_off_keeps_the_old_hash_and_on_is_another_strategy():
    """Rule: parameters added later keep the trials of strategies that do not use them."""

    class Params(StrategyParams, frozen=True, kw_only=True):
        period: int = 5

    class Grown(Params, frozen=True, kw_only=True):
        gate: float = 0.0
        early: bool = False

    def hash_of(params):
        rule = Rule(close() > ema(5), close() < ema(5), Exits())
        return spec_hash(member_of(Family("Own", "trend", type(params), lambda _: rule, ()), Timeframe.H1, params, 1))

    assert hash_of(Grown()) == hash_of(Params())
    assert len({hash_of(Params()), hash_of(Grown(gate=1.0)), hash_of(Grown(early=True))}) == 3


def test_another_rule_under_the_same_name_and_parameters_is_another_strategy():
    """Rule: a family whose file was edited counts as another trial."""
    other = msgspec.structs.replace(cross(), rule=Rule(close() > ema(12), close() < ema(26), Exits()))
    assert spec_hash(other) != spec_hash(cross())


def test_the_pool_has_a_hash_each_and_another_process_finds_the_same():
    """Rule: no two members of the pool are one strategy; nothing of the process goes in."""
    members = strategies.default_members([Timeframe.M15, Timeframe.H1])
    hashes = [spec_hash(member) for member in members]
    assert len(set(hashes)) == len(hashes)
    code = (
        "from tradewind import strategies; from tradewind.model.timeframe import Timeframe as T;"
        "from tradewind.features.rule import spec_hash;"
        "print(' '.join(spec_hash(m) for m in strategies.default_members([T.M15, T.H1])))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == hashes
