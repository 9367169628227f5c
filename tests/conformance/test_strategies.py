"""What every strategy family must keep; runs on whatever the catalog finds, without being asked."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec import inspect

from tests.synthetic_bars import random_bars, turned_over
from tradewind import strategies
from tradewind.errors import Misconfigured
from tradewind.features.bank import FeatureBank
from tradewind.features.rule import Exits, Member, member_of
from tradewind.features.rule_program import RuleProgram, indicators_of
from tradewind.model.bar import BarColumns
from tradewind.model.timeframe import Timeframe

FAMILIES = strategies.families()
BARS = random_bars(3000)
KINDS = {"trend", "breakout", "reversion", "momentum", "volatility", "channel", "session", "multi-timeframe"}

each_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=list(FAMILIES))


def sets_of(family) -> tuple[Any, ...]:
    """The default sets of a family, or its defaults where it brings none into the pool."""
    return family.pool or (family.Params(),)


def members_of(family) -> list[Member]:
    return [member_of(family, Timeframe.H1, params, k) for k, params in enumerate(sets_of(family), start=1)]


def sides_of(members: list[Member], bars: BarColumns) -> np.ndarray:
    bank = FeatureBank(indicators_of(members))
    return RuleProgram(members, bank.index).run(bank.batch(bars))[0]


def toml_of(table: dict[str, Any], name: str = "") -> str:
    """TOML of nested tables of numbers and strings."""
    plain = [f"{key} = {msgspec.json.encode(item).decode()}" for key, item in table.items() if type(item) is not dict]
    nested = [toml_of(item, f"{name}.{key}".strip(".")) for key, item in table.items() if type(item) is dict]
    return "\n".join(([f"[{name}]"] if name else []) + plain + nested)


def limits_of(struct: type, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float, float, type]]:
    """Every number in ``struct`` with its range: (path, low, high, int or float)."""
    for field in inspect.type_info(struct).fields:
        if isinstance(field.type, inspect.StructType):
            yield from limits_of(field.type.cls, (*path, field.name))
        elif isinstance(field.type, inspect.IntType | inspect.FloatType):
            number = int if isinstance(field.type, inspect.IntType) else float
            assert field.type.ge is not None, f"{field.name} has no lower limit"
            assert field.type.le is not None, f"{field.name} has no upper limit"
            yield (*path, field.name), field.type.ge, field.type.le, number


@pytest.mark.req("B02")
def test_the_pool_covers_every_way_of_trading():
    """Rule: at least twelve families, and one at least of every kind."""
    assert len(FAMILIES) >= 12
    assert {family.kind for family in FAMILIES.values()} == KINDS


@each_family
def test_a_family_says_what_it_does_and_where_it_comes_from(family):
    """Rule: the file's docstring gives idea and source; the name can start an id; the kind is a known one."""
    text = sys.modules[family.Params.__module__].__doc__
    assert "Source: " in text
    assert family.kind in KINDS
    assert re.fullmatch(r"[A-Z][A-Za-z]+(_[A-Z][A-Za-z]+)*", family.name)


@pytest.mark.req("B06")
@each_family
def test_members_are_called_family_timeframe_version(family):
    """Rule: ids such as EMA_Crossover_1h_v1."""
    for version, member in enumerate(members_of(family), start=1):
        assert member.id == f"{family.name}_1h_v{version}"


@pytest.mark.req("B03", "B07")
@each_family
def test_every_set_has_a_stop_and_a_target(family):
    """Rule: entry, stop and target always exist; default percent stops are 0.15 % to 0.3 % and never below cost."""
    for member in members_of(family):
        exits = member.rule.exits
        stop, target = exits.distances(1.1, 0.001, 0.0006)
        assert 0.0 < stop < 0.1
        assert target == pytest.approx(exits.target_r * stop)
        assert exits.stop_mode == "wider_of"
        assert 0.0015 <= exits.stop_pct <= 0.003
        assert stop >= exits.min_stop_costs * 0.0006 * 1.1 > 0.0


@pytest.mark.req("B05")
@each_family
@pytest.mark.parametrize("mode", ["pct", "atr", "wider_of"])
def test_every_stop_mode_is_available_to_every_family(family, mode):
    """Rule: stop_mode is a parameter like any other; ATR stops put their ATR into the bank."""
    params = family.params_of({"exits": {"stop_mode": mode, "atr_period": 33}})
    member = member_of(family, Timeframe.H1, params, 1)
    assert member.rule.exits.stop_mode == mode
    assert ("atr(33)" in {indicator.key for indicator in indicators_of([member])}) == (mode != "pct")


@each_family
def test_parameters_survive_json_and_toml(family):
    """Rule: write, read, equal; also through the plain mapping configuration gives."""
    for params in sets_of(family):
        text = msgspec.json.encode(params)
        assert msgspec.json.decode(text, type=family.Params) == params
        assert family.params_of(tomllib.loads(toml_of(msgspec.to_builtins(params)))) == params


@each_family
def test_every_number_has_limits_and_beyond_them_a_clear_error(family):
    """Rule: just outside either limit is refused with the strategy, the field and the allowed range."""
    for path, low, high, number in limits_of(family.Params):
        for outside in (low - 1, high + 1) if number is int else (low - 1e-6, high + 1e-6):
            mapping: Any = outside
            for name in reversed(path):
                mapping = {name: mapping}
            with pytest.raises(Misconfigured, match=family.name) as refused:
                family.params_of(mapping)
            assert path[-1] in str(refused.value)


@each_family
def test_an_unknown_or_mistyped_parameter_is_refused(family):
    """Rule: the nearest name is offered; text where a number belongs is an error, not a guess."""
    name = next(name for name in family.Params.__struct_fields__ if name != "exits")
    with pytest.raises(Misconfigured, match=f"did you mean '{name}'"):
        family.params_of({f"{name}s": 5})
    with pytest.raises(Misconfigured, match=name):
        family.params_of({name: "many"})


@each_family
def test_parameters_built_in_code_are_checked_too(family):
    """Rule: a member cannot be made from parameters out of range, however they were made."""
    outside = msgspec.structs.replace(sets_of(family)[0], exits=Exits(stop_pct=0.5))
    with pytest.raises(Misconfigured, match="stop_pct"):
        member_of(family, Timeframe.H1, outside, 1)
    drawn = msgspec.structs.replace(
        sets_of(family)[0], exits=Exits(stop_pct=np.float64(0.0025), atr_period=np.int64(9))
    )
    exits = member_of(family, Timeframe.H1, drawn, 1).params.exits
    assert (type(exits.stop_pct), type(exits.atr_period)) == (float, int)
    assert (exits.stop_pct, exits.atr_period) == (0.0025, 9)
    with pytest.raises(Misconfigured, match="version"):
        member_of(family, Timeframe.H1, sets_of(family)[0], 0)


@each_family
def test_votes_are_sides_and_both_occur(family):
    """Rule: only +1, 0, -1; a family that never votes one way on 3,000 random bars is broken."""
    sides = sides_of(members_of(family), BARS)
    assert sides.dtype == np.int8
    assert set(np.unique(sides).tolist()) <= {-1, 0, 1}
    assert (sides > 0).any()
    assert (sides < 0).any()
    assert (sides == 0).mean() > 0.5


@each_family
def test_a_family_is_silent_until_everything_it_reads_is_warm(family):
    """Rule: no vote on a bar where one of the member's numbers, now or one bar ago, is still unknown."""
    for member in members_of(family):
        bank = FeatureBank(indicators_of([member]))
        sides = sides_of([member], BARS)[:, 0]
        assert not sides[: bank.warmup - 1].any()


@each_family
def test_one_unknown_number_is_enough_for_silence(family):
    """Rule: blank any one number a firing rule reads and the vote is gone."""
    (member, *_) = members_of(family)
    exits = msgspec.structs.replace(member.params.exits, stop_mode="pct")
    member = member_of(family, Timeframe.H1, msgspec.structs.replace(member.params, exits=exits), 1)
    bank = FeatureBank(indicators_of([member]))
    program = RuleProgram([member], bank.index)
    features = bank.batch(BARS)
    fired = np.flatnonzero(program.run(features)[0][:, 0])[:5]
    side = np.zeros(1, dtype=np.int8)
    for i in fired:
        for column in range(features.shape[1]):
            now, before = features[i].copy(), features[i - 1].copy()
            assert program.evaluate(now, before, side)[0] != 0
            now[column] = before[column] = np.nan
            assert program.evaluate(now, before, side)[0] == 0


@each_family
def test_the_row_is_left_alone_and_the_answer_repeats(family):
    """Rule: voting writes nothing into the features and gives the same answer twice."""
    members = members_of(family)
    bank = FeatureBank(indicators_of(members))
    program = RuleProgram(members, bank.index)
    features = bank.batch(BARS)
    copy = features.copy()
    first = program.run(features)[0]
    np.testing.assert_array_equal(features, copy)
    np.testing.assert_array_equal(first, sides_of(members, BARS))


@each_family
def test_bar_by_bar_is_the_batch(family):
    """Rule: the same votes whether bars come one at a time or all at once."""
    members = members_of(family)
    bank = FeatureBank(indicators_of(members))
    program = RuleProgram(members, bank.index)
    batch = sides_of(members, BARS)
    sides = np.zeros(len(members), dtype=np.int8)
    for i in range(len(BARS.close)):
        bank.step(
            int(BARS.ts_close[i]),
            float(BARS.open[i]),
            float(BARS.high[i]),
            float(BARS.low[i]),
            float(BARS.close[i]),
            float(BARS.volume[i]),
        )
        program.evaluate(bank.values, bank.previous, sides)
        assert sides.tolist() == batch[i].tolist()


@pytest.mark.req("X01")
@each_family
def test_the_future_changes_no_vote(family):
    """Rule: votes on bars[:t] equal the first t votes on all bars, and of all bars with another future after t."""
    members = members_of(family)
    whole = sides_of(members, BARS)
    other = random_bars(3000, seed=8)
    for t in (1, 60, 500, 1777, 2999):
        np.testing.assert_array_equal(sides_of(members, BARS.slice(0, t)), whole[:t])
        mixed = BarColumns(*(np.concatenate((mine[:t], theirs[t:])) for mine, theirs in zip(BARS, other, strict=True)))
        np.testing.assert_array_equal(sides_of(members, mixed)[:t], whole[:t])


@each_family
def test_upside_down_the_votes_are_turned(family):
    """Rule: long and short are mirror images: upside down nearly every vote is the opposite one, within a bar.

    Nearly: rates of change are relative to a price that is mirrored too, and rounding may turn an exact tie.
    """
    members = members_of(family)
    calm = random_bars(3000, seed=9, sigma=0.0004)
    upright, turned = sides_of(members, calm), sides_of(members, turned_over(calm, 100.0))
    near = np.stack([np.roll(turned, shift, axis=0) for shift in (-1, 0, 1)])
    voted = upright != 0
    assert (near == -upright).any(axis=0)[voted].mean() > 0.95


def test_the_default_pool_has_unique_members_on_every_timeframe():
    """Rule: each family on each timeframe it makes sense on; ids are unique; sessions stay off long bars."""
    members = strategies.default_members(Timeframe)
    assert len({member.id for member in members}) == len(members)
    for timeframe in Timeframe:
        names = {member.family for member in members if member.timeframe is timeframe}
        pooled = {family.name for family in FAMILIES.values() if family.pool}
        assert pooled - names <= {"Session_Breakout"}
    assert not [m for m in members if m.family == "Session_Breakout" and m.timeframe in (Timeframe.H4, Timeframe.D1)]


def test_an_unknown_family_is_named_with_those_that_exist():
    """Rule: the message lists the families."""
    with pytest.raises(Misconfigured, match=r"no strategy family is called 'Martingale'.*EMA_Crossover"):
        strategies.family("Martingale")
    assert strategies.family("EMA_Crossover") is FAMILIES["EMA_Crossover"]
