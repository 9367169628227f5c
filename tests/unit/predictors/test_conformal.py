"""Prediction sets against stored answers, and their promise on markets that change."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest

from tests.shared_data import shared
from tradewind.errors import Misconfigured
from tradewind.predictors.conformal import Conformal, quantile_score


@pytest.fixture(scope="module")
def truth() -> dict:
    return json.loads(shared("ground_truth/models.json").read_text())["conformal"]


def test_quantile_and_adaptation_are_the_stored_ones(truth):
    """ceil((n + 1)(1 - alpha)) of 19 scores, and the trace of the level."""
    assert quantile_score(truth["scores"], truth["alpha"]) == truth["qhat"]
    trace = truth["aci_trace"]
    level = trace["alpha"]
    levels = [level]
    for missed in trace["err"]:
        level += trace["gamma"] * (trace["alpha"] - missed)
        levels.append(level)
    assert levels == pytest.approx(trace["alpha_t"])
    book = Conformal.of(trace["alpha"], trace["gamma"], [0.2] * 50)
    for wrong, wanted in zip(trace["err"], trace["alpha_t"][1:], strict=True):
        assert book.learn(0.9, -1 if wrong else 1) == bool(wrong)
        assert book.level == pytest.approx(wanted)


def test_with_no_scores_nothing_is_excluded():
    """Rule: too few scores for the level give the whole set, so nobody acts."""
    book = Conformal.of(0.1)
    assert book.outcomes(0.99) == {1, -1}
    assert book.side(0.99) == 0
    assert quantile_score([0.1] * 8, 0.1) == float("inf")
    assert quantile_score([0.1] * 9, 0.1) == 0.1
    assert quantile_score([0.1], 1.0) == float("-inf")


def test_the_share_of_misses_is_the_promised_one_even_when_the_market_turns():
    """Gibbs and Candes: the share of misses is alpha right after the turn; a fixed level misses twice that."""
    generator = np.random.default_rng(11)
    adaptive, frozen = Conformal.of(0.1, 0.05), Conformal.of(0.1, 0.0)
    late = dict.fromkeys((0.05, 0.0), 0)
    for number in range(3300):
        p = float(generator.uniform(0.05, 0.95))
        went = 1 if generator.random() < (p if number < 3000 else 0.5) else -1
        for book in (adaptive, frozen):
            late[book.gamma] += book.learn(p, went) and number >= 3000
    assert adaptive.missed / adaptive.seen == pytest.approx(0.1, abs=0.012)
    assert late[0.05] / 300 == pytest.approx(0.1, abs=0.04)
    assert late[0.0] / 300 > 0.18
    assert adaptive.singles > 0


def test_a_side_is_acted_on_only_alone():
    """A set of one gives its side; both or none give 0; the state survives a file."""
    book = Conformal.of(0.2, 0.0, [0.1 + 0.01 * n for n in range(40)])
    assert (book.side(0.8), book.side(0.2), book.side(0.5)) == (1, -1, 0)
    again = msgspec.json.decode(msgspec.json.encode(book), type=Conformal)
    assert [again.side(p) for p in (0.8, 0.2, 0.5)] == [1, -1, 0]
    with pytest.raises(Misconfigured, match=r"\+1 or -1"):
        book.learn(0.5, 0)
    with pytest.raises(Misconfigured, match="alpha in"):
        Conformal.of(1.0)
