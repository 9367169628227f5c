"""Two served models on the same bars: the evidence is that of paired bets, and a promise that breaks is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.fakes.shelved_models import shelved
from tests.models.markets import momentum, random_walk
from tradewind.app.config import load_config
from tradewind.app.models.promotion import Promotions
from tradewind.app.workspace import Workspace
from tradewind.errors import Unavailable
from tradewind.predictors.calibrators import Scaling
from tradewind.research.model_evaluation import acted
from tradewind.research.served_forecasts import (
    Difference,
    Unseen,
    breaks_promise,
    compared,
    conformal_of,
    net_results,
    said,
)
from tradewind.validation.paired_promotion import PairedEvidence
from tradewind.validation.uniqueness import without_overlap


@pytest.fixture
def promotions(tmp_path: Path) -> Promotions:
    return Promotions(Workspace(load_config(environment={}, folder=tmp_path), tmp_path))


def served(promotions: Promotions, name: str, **given):
    shelved(Workspace(promotions._workspace.config, promotions._workspace.folder), name, **given)
    return promotions.version(name).served


def unseen(data, first: int = 700) -> Unseen:
    ts = data.features.ts_open
    return Unseen(data, 0.0004, int(ts[first]), int(data.features.ts_close[-1]))


@pytest.mark.req("C14", "I16")
def test_the_duel_is_the_paired_bets_on_events_that_share_no_bar(promotions: Promotions):
    """Counted again by hand: events, both accuracies, the mean difference with its limits, the evidence."""
    data, _ = momentum(3000, 3)
    knows, guesses = (
        served(promotions, "knows", weights={"return_1": 1.0}),
        served(promotions, "guesses", weights={"weekday_sine": 0.5}),
    )
    window = unseen(data)
    duel = compared(guesses, knows, window).duel
    samples = window.samples(1)
    events = samples[without_overlap(samples, data.end[samples])]
    names = data.features.schema.names
    rows, label = data.features.rows[events], data.label[events]
    right = [
        (np.sign(rows[:, names.index(name)] + 1e-12) == label).astype(float) for name in ("weekday_sine", "return_1")
    ]
    assert duel.n == events.size
    assert duel.champion.accuracy == pytest.approx(right[0].mean(), abs=2 / events.size)
    assert duel.challenger.accuracy == pytest.approx(right[1].mean(), abs=2 / events.size)
    difference = right[1] - right[0]
    half = 1.96 * difference.std(ddof=1) / events.size**0.5
    assert (duel.low, duel.high) == pytest.approx((duel.mean - half, duel.mean + half), abs=0.02)
    bets = PairedEvidence()
    for one in difference.tolist():
        bets.step(one)
    assert np.log(duel.of_better) == pytest.approx(np.log(bets.of_better), abs=2.0)
    assert (duel.verdict, duel.champion_drifted) == ("better", True)  # 62% said, half of them right
    enough = int(duel.of_better // 20.0)
    tried = [compared(guesses, knows, window, looks=k).duel for k in (enough, enough + 1)]
    assert [(one.verdict == "better", one.looks) for one in tried] == [(True, enough), (False, enough + 1)]
    back = compared(knows, guesses, window)
    assert back.duel.verdict == ""
    assert back.duel.mean == pytest.approx(-duel.mean)
    assert back.brier.mean > 0 > back.net_r.mean


def test_equals_are_not_promoted_unless_the_champion_drifted(promotions: Promotions):
    """The same model twice: no evidence that it is better, enough that it is not worse; a drifted one gives way."""
    data, _ = momentum(4000, 4)
    one, two = (
        served(promotions, "one", weights={"return_1": 1.0}),
        served(promotions, "two", weights={"return_1": 1.0}),
    )
    duel = compared(one, two, unseen(data)).duel
    assert (duel.mean, duel.of_better, duel.verdict) == (0.0, 1.0, "")
    assert duel.of_not_worse >= 20
    assert compared(one, two, unseen(data), drifted=True).duel.verdict == "champion drifted"


def test_a_champion_that_exaggerates_is_found_and_an_honest_one_is_not(promotions: Promotions):
    """Confidence far above the hits is a broken promise; on a random walk an even forecaster keeps it."""
    data = random_walk(4000, 6)
    loud = served(promotions, "loud", weights={"return_1": 1.0}, calibrator=Scaling(4.0))
    shy = served(promotions, "shy", weights={"return_1": 0.02}, scores=(0.5,) * 20)
    for model, broken in ((loud, True), (shy, False)):
        forecasts = said(model, unseen(data), unseen(data).samples(1))
        assert breaks_promise(forecasts, acted(forecasts, conformal_of(model.manifest))) is broken


def test_results_are_one_width_either_way_less_costs(promotions: Promotions):
    """Each acted event is +1 or -1 widths, less the round trip in widths."""
    data, _ = momentum(2000, 8)
    model = served(promotions, "knows", weights={"return_1": 1.0})
    forecasts = said(model, unseen(data), unseen(data).samples(1))
    sides = np.ones(forecasts.p_up.size, np.int64)
    events = without_overlap(forecasts.start, forecasts.end)
    wanted = forecasts.label[events] - 0.0004 / forecasts.width[events]
    np.testing.assert_allclose(net_results(forecasts, sides), wanted)
    assert net_results(forecasts, sides * 0).size == 0


def test_nothing_unseen_is_said_so(promotions: Promotions):
    """A span without labelled bars names the model and what to do; limits of too few differences are undefined."""
    data, _ = momentum(1500, 9)
    model = served(promotions, "knows", weights={"return_1": 1.0})
    late = Unseen(data, 0.0, int(data.features.ts_close[-1]), int(data.features.ts_close[-1]))
    with pytest.raises(Unavailable, match="knows did not see"):
        said(model, late, late.samples(1))
    assert Difference.of(np.empty(0)) == (0, None, None, None)
    assert Difference.of(np.ones(1)) == (1, 1.0, None, None)
