"""A study of models: folds pool into what one long test would say, and the whole table is corrected together."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from tests.models.markets import momentum, random_walk
from tradewind.errors import Misconfigured
from tradewind.model.timeframe import Timeframe
from tradewind.research.dataset import forward_slices
from tradewind.research.model_study import FEWEST_EVENTS, StudyFold, studied_fold, study
from tradewind.research.model_training import Order
from tradewind.validation.significance import holm


def fold_of(**changes: object) -> StudyFold:
    """A test of 400 samples worth 100, 240 right where the commoner label is 200 times."""
    base = StudyFold(
        symbol="BTC/USDT", timeframe=Timeframe.H1, kind="logistic", fold=0, trained=500, n=400, n_eff=100.0, right=240,
        common=200, differed=200, covered=100, bins=((400, 240.0, 220.0),), nets=(0.5, -0.7) * 20, epochs=0,
    )  # fmt: skip
    return msgspec.structs.replace(base, **changes)


@pytest.mark.req("I20")
def test_skill_has_the_interval_of_its_independent_samples():
    """0.1 with differences of variance 0.5 - 0.01 on 100 independent samples: 0.1 give or take 1.96 x 0.07."""
    (row,) = study([fold_of()]).rows
    assert row.skill == pytest.approx(0.1)
    assert row.skill_high - row.skill == pytest.approx(1.959964 * math.sqrt(0.49 / 100), abs=1e-6)
    assert row.p_skill == pytest.approx(0.5 * math.erfc(0.1 / 0.07 / math.sqrt(2.0)))
    assert row.ece == pytest.approx(20 / 400)
    assert row.ece_luck == pytest.approx(math.sqrt(2 * 0.6 * 0.4 / (math.pi * 100)))
    assert row.net == pytest.approx(-0.1)
    assert row.net_high is not None
    assert row.net_high < 0.2
    assert (row.coverage, row.events) == (0.25, 40)


def test_folds_pool_as_one_long_test_would():
    """Two halves of a test are the test; a fold that is there twice is refused."""
    half = fold_of(n=200, n_eff=50.0, right=120, common=100, differed=100, covered=50, bins=((200, 120.0, 110.0),),
                   nets=(0.5, -0.7) * 10)  # fmt: skip
    (pooled,) = study([half, msgspec.structs.replace(half, fold=1)]).rows
    (whole,) = study([fold_of()]).rows
    assert msgspec.structs.replace(pooled, folds=1) == whole
    with pytest.raises(Misconfigured, match="twice"):
        study([half, half])


def test_everything_in_the_table_is_corrected_together():
    """Holm over every skill and every net result; too few events claim nothing and are not counted."""
    few = fold_of(kind="boosting", nets=(0.9,) * (FEWEST_EVENTS - 1))
    found = study([fold_of(), few])
    first, second = found.rows
    assert found.hypotheses == 3
    assert second.p_net is None
    assert second.net == pytest.approx(0.9)
    assert (first.holm_skill, second.holm_skill, first.holm_net) == holm([first.p_skill, second.p_skill, first.p_net])
    assert found.found() == ()
    assert study([fold_of(right=360)]).found()[0].holm_skill < 0.05


def test_a_model_that_always_says_the_commoner_label_has_no_skill_and_no_chance():
    """Nothing differs: skill 0, an interval of nothing, p 1."""
    (row,) = study([fold_of(right=200, differed=0)]).rows
    assert (row.skill, row.skill_low, row.skill_high, row.p_skill) == (0.0, 0.0, 0.0, 1.0)


@pytest.mark.req("D20")
def test_a_study_finds_a_planted_pattern_and_nothing_on_a_random_walk():
    """Three folds through the product's trainer: logistic is found on momentum by Holm, on noise it is not."""
    rows = {}
    for name, data in (("planted", momentum(6000, 4)[0]), ("noise", random_walk(6000, 4))):
        order = Order(kind="logistic")
        slices = forward_slices(data, data.samples(order.length), folds=3, train=1500)
        folds = [studied_fold(data, one, 0.0006, order, number) for number, one in enumerate(slices)]
        assert all(one.n == part.test.size for one, part in zip(folds, slices, strict=True))
        assert all(one.trained <= 1500 for one in folds)
        (rows[name],) = study(folds).rows
    assert rows["planted"].holm_skill < 0.001
    assert rows["planted"].skill_low > 0.1
    assert rows["noise"].holm_skill > 0.05
    assert np.isfinite(rows["noise"].ece)
