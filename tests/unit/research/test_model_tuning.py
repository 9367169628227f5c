"""A search of sizes on a truth that is known: what is proposed, what is ended early, what is tried twice."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.errors import Misconfigured
from tradewind.features.rule_space import choice, scale
from tradewind.ports.parameter_search import Proposal
from tradewind.research.model_training import Order
from tradewind.research.model_tuning import FINISHED, TunedTrial, ceiling_of, chosen, spec_of, tuned

SPACE = {"hidden": choice(16, 32, 64, 128), "rate": scale(0.001, 0.01, 1.5)}
BASE = Order(kind="gru")


class Drawn:
    """Proposals at random, with what was told of each."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)
        self._asked = 0
        self.told: dict[int, float] = {}

    def ask(self, n: int) -> list[Proposal]:
        found = [Proposal(self._asked + k, tuple(self._generator.random(len(SPACE)).tolist())) for k in range(n)]
        self._asked += n
        return found

    def tell(self, number: int, score: float) -> None:
        self.told[number] = score


def truth(order: Order) -> TunedTrial:
    """Best at 64 units and a rate of 0.003; it falls by a tenth an epoch and is ended where the ceiling says so."""
    floor = 0.5 + abs(order.options.get("hidden", 16) - 64) / 640 + abs(order.plan.rate - 0.003)
    losses = [floor + 0.2 * 0.9**epoch for epoch in range(20)]
    ceiling = order.plan.ceiling
    ended = next((k for k, loss in enumerate(losses) if ceiling and loss > ceiling[min(k, len(ceiling) - 1)]), None)
    kept = losses if ended is None else losses[: ended + 1]
    return TunedTrial(
        spec=spec_of(order), options=dict(order.options), rate=order.plan.rate, losses=tuple(kept),
        stopped="epochs" if ended is None else "pruned", cpu_seconds=float(len(kept)),
    )  # fmt: skip


def run(count: int, known=(), go_on=lambda spent: True):
    kept: list[TunedTrial] = []
    fitted: list[Order] = []

    def evaluate(orders):
        fitted.extend(orders)
        return [truth(one) for one in orders]

    found = tuned(
        BASE, SPACE, Drawn(3), evaluate, count=count, known={one.spec: one for one in known}, keep=kept.extend,
        go_on=go_on,
    )  # fmt: skip
    assert tuple(kept) == found.trials
    return found, fitted


@pytest.mark.req("I06")
def test_the_first_try_is_the_net_as_it_is_and_the_best_one_wins():
    """What wins is no worse than the defaults, and is trained with its own size and rate and no ceiling."""
    found, _ = run(20)
    assert found.trials[0].spec == spec_of(BASE)
    assert len({one.spec for one in found.trials}) == len(found.trials) == 20
    assert found.best.options["hidden"] == 64
    assert found.best.best < found.trials[0].best
    order = chosen(BASE, found.best)
    assert (order.options, order.plan.rate, order.plan.ceiling) == ({"hidden": 64}, found.best.rate, ())


def test_who_lies_behind_the_median_is_ended_early_and_never_wins():
    """Not among the first four, not in the first two epochs; a trial that was ended says so and costs less."""
    found, fitted = run(24)
    assert all(one.stopped == "epochs" for one in found.trials[:FINISHED])
    ended = [one for one in found.trials if one.stopped == "pruned"]
    assert ended
    assert all(3 <= len(one.losses) < 20 for one in ended)
    assert found.best.stopped == "epochs"
    assert fitted[-1].plan.ceiling
    assert found.pruned == len(ended)


def test_the_ceiling_is_the_median_of_those_that_ran_to_their_end():
    """Lowest losses so far; one that ended by itself keeps its lowest; the first epochs have none."""
    lines = [(0.9, 0.8, 0.7, 0.6), (0.9, 0.7, 0.5), (0.9, 0.9, 0.8, 0.9), (0.9, 0.6, 0.6, 0.4)]
    made = [_with(one) for one in lines]
    assert ceiling_of(made[:3]) == ()
    assert ceiling_of(made)[2:] == pytest.approx((0.65, 0.55))
    assert min(ceiling_of(made)[:2]) > 1e6


def _with(losses: tuple[float, ...]) -> TunedTrial:
    return TunedTrial(spec="", options={}, rate=0.0, losses=losses, stopped="epochs", cpu_seconds=0.0)


def test_a_search_goes_on_where_it_was_and_ends_as_one_that_was_never_stopped():
    """Known trials are not fitted again; the budget ends it between batches; the ladder ends some time."""
    whole, _ = run(20)
    cut, _ = run(20, go_on=lambda spent: spent < 100)
    assert cut.stopped == "asked"
    assert 0 < len(cut.trials) < 20
    again, fitted = run(20, known=cut.trials)
    assert again.trials == whole.trials
    assert len(fitted) == 20 - len(cut.trials)
    every, _ = run(500)
    assert every.stopped == "exhausted"
    assert len(every.trials) <= 1 + len(SPACE["hidden"].values) * len(SPACE["rate"].values)


def test_nothing_is_searched_where_there_is_nothing_to_choose():
    """A space without ranges, no trials."""
    with pytest.raises(Misconfigured, match="at least 1"):
        tuned(BASE, {}, Drawn(1), lambda _: [], count=3, known={}, keep=lambda _: None, go_on=lambda _: True)
