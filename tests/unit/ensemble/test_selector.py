"""The selector: states, weights, the bounded table; against closed forms, a two-regime market and random choice."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.ensemble.market_state import LONG_BARS, NEEDED, market_state
from tradewind.ensemble.q_table import QTable, uniforms
from tradewind.ensemble.selector import CUT, FixedShare, SelectorParams
from tradewind.model.timeframe import HOUR

PARAMS = SelectorParams()


@pytest.mark.req("L01")
def test_a_rising_a_falling_and_a_standing_market_have_the_states_their_names_say():
    """Rule: direction over twenty bars against their own moves, session by the hour."""
    up = [100.0 + i for i in range(NEEDED)]
    assert market_state(up, 8 * HOUR).key == "up/usual/london"
    assert market_state(up[::-1], 14 * HOUR).key == "down/usual/new_york"
    assert market_state([100.0 + i % 2 for i in range(NEEDED)], 22 * HOUR).key == "flat/usual/late"
    assert market_state([100.0] * NEEDED, 0).key == "flat/usual/asia"


@pytest.mark.req("L01")
def test_moves_that_grew_are_wild_and_those_that_shrank_are_calm():
    """Rule: the last fourteen moves against the last hundred."""
    sizes = np.where(np.arange(LONG_BARS) < 80, 1.0, 3.0)
    path = 100.0 + np.concatenate(([0.0], np.cumsum(sizes * np.where(np.arange(LONG_BARS) % 2, 1, -1))))
    assert market_state(path.tolist(), 0).volatility == "wild"
    path = 100.0 + np.concatenate(([0.0], np.cumsum((4.0 - sizes) * np.where(np.arange(LONG_BARS) % 2, 1, -1))))
    assert market_state(path.tolist(), 0).volatility == "calm"


def test_too_few_closes_and_closes_that_are_no_prices_have_no_state():
    """Rule: unknown is said, not guessed."""
    good = [1.0] * NEEDED
    assert market_state(good[1:], 0) is None
    for bad in (float("nan"), float("inf"), 0.0, -1.0):
        assert market_state([*good[1:], bad], 0) is None


@given(st.lists(st.floats(0.5, 2.0), min_size=NEEDED, max_size=NEEDED + 20), st.integers(0, 10**6))
def test_a_state_depends_on_the_last_hundred_closes_alone(closes, hour):
    """Rule: what came before changes nothing; there are 36 states."""
    found = market_state(closes, hour * HOUR)
    assert found == market_state([9.0, *closes], hour * HOUR)
    assert found.trend in ("up", "flat", "down")


@given(st.lists(st.dictionaries(st.sampled_from("abcx"), st.floats(allow_nan=True)), max_size=40))
def test_weights_stay_a_distribution_and_nobody_is_ever_lost(rounds):
    """Rule: they sum to 1, and each keeps at least share / K, whatever came, numbers that are none among it."""
    share = FixedShare.of("abc")
    for one in rounds:
        share.update(one, PARAMS)
        assert sum(share.weights.values()) == pytest.approx(1.0)
        assert min(share.weights.values()) >= PARAMS.share / 3 * (1 - 1e-9)
    assert share.rounds == len(rounds)


def test_one_round_is_the_published_formula():
    """Rule: w exp(eta g) normalised, then (1 - alpha) v + alpha / K; results are cut at +-CUT."""
    share = FixedShare.of("ab")
    share.update({"a": 5.0, "b": -1.0}, PARAMS)
    a, b = np.exp(PARAMS.rate * CUT), np.exp(-PARAMS.rate)
    expected = (1 - PARAMS.share) * a / (a + b) + PARAMS.share / 2
    assert share.weights["a"] == pytest.approx(expected)
    assert share.best == "a"
    assert share.multipliers["a"] == pytest.approx(2 * expected)


def regimes(rounds: int, generator: np.random.Generator) -> np.ndarray:
    """Win rates of two strategies that change places every 400 rounds, and of four that never win; ``(rounds, 6)``."""
    rates = np.full((rounds, 6), 0.42)
    first = np.arange(rounds) // 400 % 2 == 0
    rates[:, 0], rates[:, 1] = np.where(first, 0.60, 0.42), np.where(first, 0.42, 0.60)
    return rates


@pytest.mark.req("L02")
@pytest.mark.parametrize("method", ["fixed_share", "q_learning"])
def test_on_a_market_of_two_regimes_the_regret_is_smaller_than_that_of_random_choice(method):
    """Rule: regret against whoever is best at the time, over 4,000 rounds; in every one of five runs."""
    names = [str(i) for i in range(6)]
    for seed in range(5):
        generator = np.random.default_rng(seed)
        rates = regimes(4_000, generator)
        share, table, earned = FixedShare.of(names), QTable(100), 0.0
        for t, row in enumerate(rates):
            won = generator.random(6) < row
            r = {name: 1.0 if one else -1.0 for name, one in zip(names, won.tolist(), strict=True)}
            if method == "fixed_share":
                earned += sum(share.weights[name] * rate for name, rate in zip(names, row.tolist(), strict=True))
                share.update(r, PARAMS)
            else:
                regime = "first" if t // 400 % 2 == 0 else "second"
                draw, pick = uniforms(seed, "x", t)
                chosen = table.choose(regime, names, PARAMS.explore, draw, pick).action
                earned += row[int(chosen)]
                table.learn(regime, chosen, r[chosen], PARAMS.step)
        regret = rates.max(axis=1).sum() - earned
        random = rates.max(axis=1).sum() - rates.mean(axis=1).sum()
        assert regret < 0.6 * random


@pytest.mark.req("L03", "HZ06")
def test_fifty_thousand_states_leave_ten_thousand_values_and_the_most_visited_among_them():
    """Rule: never above the limit, the often visited stay, memory is that of the limit."""
    table = QTable(10_000)
    for name in range(100):
        for _ in range(5):
            table.learn(f"often {name}", "a", 1.0, 0.1)
    sizes = set()
    for state in range(50_000):
        table.learn(f"state {state}", "a", 0.5, 0.1)
        sizes.add(table.size)
    assert max(sizes) <= 10_000
    assert table.size == sum(len(own) for own in table.states.values())
    assert all(f"often {name}" in table.states for name in range(100))
    assert sys.getsizeof(table.states) < 2**20


def test_a_value_moves_by_its_step_towards_the_reward():
    """Rule: Q <- Q + step (r - Q), from 0."""
    table = QTable(10)
    assert table.learn("s", "a", 1.0, 0.1) == pytest.approx(0.1)
    assert table.learn("s", "a", -1.0, 0.5) == pytest.approx(-0.45)
    assert table.value("s", "b") == 0.0
    assert table.choose("s", ["a", "b"], 0.1, 0.5, 0.0) == ("b", 0.0, False)
    assert table.choose("s", ["a", "b"], 0.1, 0.05, 0.0) == ("a", pytest.approx(-0.45), True)


@pytest.mark.req("L04")
def test_the_digest_is_that_of_what_was_learnt_whatever_the_order():
    """Rule: two tables that know the same have the same digest; one value more changes it."""
    one, two = QTable(10), QTable(10)
    for table, order in ((one, "ab"), (two, "ba")):
        for action in order:
            table.learn("s", action, 1.0, 0.1)
    assert one.digest == two.digest
    two.learn("s", "c", 1.0, 0.1)
    assert one.digest != two.digest


def test_chance_follows_from_its_arguments_alone():
    """Rule: the same numbers in every process, uniform in [0, 1)."""
    draws = np.array([uniforms(1, "BTC/USDT", count) for count in range(2_000)])
    assert uniforms(1, "BTC/USDT", 7) == tuple(draws[7])
    assert draws.min() >= 0.0
    assert draws.max() < 1.0
    assert abs(draws.mean() - 0.5) < 0.02
