"""Strategies drawn at random: distinct, spread, inside their ranges, and the same everywhere."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections import Counter

import msgspec
import numpy as np
import pytest

from tradewind import strategies
from tradewind.errors import Misconfigured
from tradewind.features.rule import Exits, Family, Rule, StrategyParams, spec_hash
from tradewind.features.rule_member import limits_of
from tradewind.features.rule_series import close, ema
from tradewind.features.rule_space import choice, faults_of_ranges, preset_for, real, scale, whole
from tradewind.model.instrument import AssetClass
from tradewind.model.timeframe import Timeframe
from tradewind.research.generator import distinct, generate
from tradewind.research.space import Space

FAMILIES = tuple(strategies.families().values())
BATCH = generate(FAMILIES, 10_000, np.random.default_rng(7), Timeframe.H1)
WITHOUT_SESSIONS = [one for one in FAMILIES if one.longest.rank >= Timeframe.D1.rank]


def drawn(n=100, seed=7, **options):
    return generate(FAMILIES, n, np.random.default_rng(seed), options.pop("timeframe", Timeframe.H1), **options)


def digest_of(members) -> str:
    return hashlib.sha256("".join(map(spec_hash, members)).encode()).hexdigest()


@pytest.mark.req("B01")
def test_ten_thousand_strategies_are_ten_thousand_different_ones():
    """Rule: distinct by what they do, and by name."""
    assert len(BATCH) == 10_000
    assert len({spec_hash(member) for member in BATCH}) == 10_000
    assert len({member.id for member in BATCH}) == 10_000


@pytest.mark.req("B06")
def test_names_count_from_one_within_a_family():
    """Rule: {family}_{timeframe}_v{n}."""
    for name, count in Counter(member.family for member in BATCH).items():
        ids = [member.id for member in BATCH if member.family == name]
        assert ids == [f"{name}_1h_v{k}" for k in range(1, count + 1)]
    assert all(re.fullmatch(r"[A-Za-z_]+_1h_v[0-9]+", member.id) for member in BATCH)


def test_strategies_are_spread_evenly_over_the_families():
    """Rule: no two families differ by more than one."""
    counts = Counter(member.family for member in BATCH)
    assert set(counts) == {one.name for one in FAMILIES}
    assert max(counts.values()) - min(counts.values()) <= 1
    assert Counter(member.family for member in drawn(5)).most_common(1)[0][1] == 1


@pytest.mark.req("B01")
def test_the_same_seed_gives_the_same_strategies_in_another_process_and_another_seed_others():
    """Rule: nothing but the generator decides; the digest is the one recorded here, whatever the machine."""
    members = drawn(100)
    assert digest_of(drawn(100)) == digest_of(members)
    assert not {spec_hash(m) for m in drawn(100, seed=8)} & {spec_hash(m) for m in members}
    code = (
        "import hashlib, numpy as np; from tradewind import strategies; from tradewind.features.rule import spec_hash;"
        "from tradewind.model.timeframe import Timeframe as T; from tradewind.research.generator import generate;"
        "made = generate(strategies.families().values(), 100, np.random.default_rng(7), T.H1);"
        "print(hashlib.sha256(''.join(map(spec_hash, made)).encode()).hexdigest())"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == digest_of(members)


def test_two_families_give_the_strategies_recorded_once():
    """Rule: the draws of a family depend on the generator and its own ranges; a changed ladder changes this digest."""
    pair = [strategies.family("EMA_Crossover"), strategies.family("RSI_Reversion")]
    members = generate(pair, 40, np.random.default_rng(7), Timeframe.H1)
    assert digest_of(members)[:16] == "cd2b1c78eb56e2ae"  # pragma: allowlist secret


def test_a_family_draws_the_same_whoever_is_beside_it():
    """Rule: more families change how many each gives, not what; more strategies go on where fewer stopped."""
    alone = generate([strategies.family("EMA_Crossover")], 50, np.random.default_rng(3), Timeframe.H1)
    among = [m for m in drawn(60, seed=3) if m.family == "EMA_Crossover"]
    assert [m.params for m in among] == [m.params for m in alone[: len(among)]]


@pytest.mark.req("B03", "HZ02")
def test_default_stops_are_fifteen_to_thirty_pips_and_never_a_hundred():
    """Rule: over 10,000 strategies 0.0015 <= stop <= 0.003 of price, both ends reached; 0.01 to 0.03 never."""
    stops = np.array([member.rule.exits.stop_pct for member in BATCH])
    assert stops.min() == 0.0015
    assert stops.max() == 0.003
    assert np.array_equal(stops, [m.rule.exits.stop_pct for m in drawn(10_000, preset="fx-tight")])


def test_no_preset_of_any_asset_class_reaches_one_percent():
    """Rule: metals and coins get wider stops than currencies, each by its preset, all below 0.01."""
    widest = {}
    for asset_class in AssetClass:
        stops = [m.rule.exits.stop_pct for m in drawn(400, preset=preset_for(asset_class))]
        widest[asset_class] = max(stops)
    assert widest[AssetClass.FX] < widest[AssetClass.METAL] < widest[AssetClass.CRYPTO] < 0.01


@pytest.mark.req("B07")
def test_every_generated_strategy_has_entry_stop_target_and_time_stop():
    """Rule: both conditions, a stop and a target at positive distances, and an end in time."""
    for member in BATCH:
        exits = member.rule.exits
        stop, target = exits.distances(1.1, 0.001, 0.0006)
        assert 0.0 < stop < 1.1
        assert 0.5 <= target / stop <= 3.0 + 1e-9
        assert exits.time_stop_bars > 0
        assert str(member.rule.long) != str(member.rule.short)


@pytest.mark.parametrize("mode", ["pct", "atr", "wider_of"])
def test_a_search_can_be_held_to_one_stop_mode(mode):
    """Rule: all three occur unless one is asked for; a number the mode does not read keeps its default."""
    assert {m.rule.exits.stop_mode for m in BATCH} == {"pct", "atr", "wider_of"}
    for member in drawn(200, stop_modes=(mode,)):
        exits, plain = member.rule.exits, strategies.family(member.family).Params().exits
        assert exits.stop_mode == mode
        assert mode != "pct" or (exits.stop_atr, exits.atr_period) == (plain.stop_atr, plain.atr_period)
        assert mode != "atr" or exits.stop_pct == plain.stop_pct


def test_stops_that_follow_and_exits_on_the_opposite_vote_are_drawn_too():
    """Rule: every family with and without either."""
    for family in FAMILIES:
        ways = {(m.rule.exits.trail_r > 0, m.rule.exits.exit_on_opposite) for m in BATCH if m.family == family.name}
        assert len(ways) == 4


def test_dependent_limits_hold():
    """Rule: fast below slow, the session's end not before its beginning; a gate of 0 leaves its RSI alone."""
    for member in BATCH:
        params = msgspec.to_builtins(member.params)
        assert params.get("fast", 0) < params.get("slow", 1)
        assert params.get("from_hour", 0) <= params.get("to_hour", 0)
        assert params.get("gate") != 0.0 or params["rsi_period"] == 14


def test_every_value_of_every_ladder_is_drawn_somewhere():
    """Rule: nothing in a range is out of reach of the draw."""
    for family in FAMILIES:
        space = Space(family)
        stream = np.random.default_rng(1)
        found = [space.draw(row) for row in stream.random((3000, len(space.ranges))).tolist()]
        for name, one in space.ranges.items():
            seen = {values[name] for values in found if values and name in values}
            assert seen <= set(one.values)
            assert len(seen) > 0.9 * len(one.values), (family.name, name, len(seen), len(one.values))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_a_family_declares_a_range_inside_the_limits_for_every_parameter(family):
    """Rule: what may be drawn is what configuration may say, and no parameter is forgotten."""
    assert list(faults_of_ranges(family.space, limits_of(family.Params))) == []
    exits = limits_of(Exits)
    assert not [f for f in faults_of_ranges(family.ways_out, exits) if not f.startswith("no range")]


def test_sessions_are_not_drawn_on_bars_longer_than_an_hour():
    """Rule: a family is left out where its idea has no meaning."""
    assert {m.family for m in drawn(100, timeframe=Timeframe.D1)} == {one.name for one in WITHOUT_SESSIONS}


class Small(StrategyParams, frozen=True, kw_only=True):
    """Five periods, of which the family refuses two."""

    period: int = 2

    def __post_init__(self) -> None:
        if self.period > 4:
            raise Misconfigured(f"period {self.period}", where="Small", allowed="at most 4")


def small(name="Small"):
    rule = Rule(close() > ema(3), close() < ema(3), Exits())
    one_way = {"target_r": choice(2.0), "time_stop_bars": choice(24)}
    one_way |= {"trail_r": choice(0.0), "exit_on_opposite": choice(False)}
    return Family(name, "trend", Small, lambda _: rule, (), space={"period": whole(2, 6)}, ways_out=one_way)


def test_what_a_family_refuses_is_drawn_again_and_an_exhausted_one_leaves_the_rest_to_others():
    """Rule: 48 sets can be had (3 periods, 16 stops); asked for 60, the other family gives the other 12 and more."""
    rng = np.random.default_rng(1)
    members = generate([small()], 48, rng, Timeframe.H1, stop_modes=("pct",))
    assert {m.params.period for m in members} == {2, 3, 4}
    pair = [small(), strategies.family("EMA_Crossover")]
    counts = Counter(m.family for m in generate(pair, 200, np.random.default_rng(1), Timeframe.H1, stop_modes=("pct",)))
    assert counts == {"Small": 48, "EMA_Crossover": 152}
    with pytest.raises(Misconfigured, match=r"at most 48"):
        generate([small()], 60, np.random.default_rng(1), Timeframe.H1, stop_modes=("pct",))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"n": 0}, "at least one"),
        ({"preset": "wide"}, "fx-tight, metal, crypto"),
        ({"stop_modes": ()}, "pct, atr, wider_of"),
        ({"stop_modes": ("swing",)}, "pct, atr, wider_of"),
        ({"families": ()}, "a family with a search space"),
    ],
)
def test_a_search_that_cannot_be_is_refused_with_what_can(change, told):
    """Rule: the message lists what is allowed."""
    arguments = {"families": FAMILIES, "n": 5, "preset": "fx-tight", "stop_modes": ("pct",)} | change
    with pytest.raises(Misconfigured, match=told):
        generate(
            arguments["families"],
            arguments["n"],
            np.random.default_rng(1),
            Timeframe.H1,
            preset=arguments["preset"],
            stop_modes=arguments["stop_modes"],
        )


def test_ladders_are_what_they_say():
    """Rule: steps, powers, ends included, whole numbers whole."""
    assert whole(7, 28, 7).values == (7, 14, 21, 28)
    assert real(0.0015, 0.003, 0.0005).values == (0.0015, 0.002, 0.0025, 0.003)
    assert scale(10, 15).values == (10, 11, 13, 15)
    assert scale(0.1, 0.2, 1.5).values == (0.1, 0.15, 0.2)
    with pytest.raises(Misconfigured, match="without values"):
        whole(5, 4)
    with pytest.raises(Misconfigured, match="low > 0"):
        scale(0, 4)


def test_faults_of_a_space_are_named():
    """Rule: a forgotten parameter, one too many, a value outside, a reference to what is not declared yet."""
    faults = list(
        faults_of_ranges({"slow": whole(3, 9, above="fast"), "gate": whole(0, 3)}, {"slow": (4, 9), "n": (1, 2)})
    )
    assert [" ".join(fault.split()[:4]) for fault in faults] == [
        "the range of slow",
        "the range of slow",
        "a range for gate,",
        "no range for n",
    ]


def test_of_equal_trade_lists_the_first_is_kept_and_silent_ones_stand_apart():
    """Rule: repeats by behaviour are told, not dropped unseen; no trades is no behaviour to compare."""
    found = distinct(np.array([5, 9, 5, 0, 9, 7, 0], dtype=np.uint64), np.array([3, 2, 3, 0, 2, 1, 0]))
    assert found.kept.tolist() == [0, 1, 5]
    assert found.repeats.tolist() == [2, 4]
    assert found.silent.tolist() == [3, 6]
    empty = distinct(np.array([], dtype=np.uint64), np.array([], dtype=np.int64))
    assert empty.kept.tolist() == empty.repeats.tolist() == empty.silent.tolist() == []
