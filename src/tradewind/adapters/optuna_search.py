"""Optuna's tree-structured Parzen estimator behind ``ports.parameter_search``.

Bergstra, Bardenet, Bengio, Kegl: "Algorithms for Hyper-Parameter Optimization", NIPS 2011. Needs
``tradewind[optimize]``, which brings no training library. The study is kept in memory: what is durable is the trial
ledger, and a search that was ended proposes the same again from its seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Final

import numpy as np

from tradewind.errors import Unavailable
from tradewind.features.rule_space import Range
from tradewind.ports.parameter_search import Proposal

AT_RANDOM: Final = 32
"""Proposals drawn at random before any is derived from what others showed."""


def optuna_module() -> ModuleType:
    """The library.

    Raises:
        Unavailable: it is not installed.
    """
    try:
        import optuna  # 0.5 s and an extra of its own; only where a search was asked for
    except ImportError as error:
        raise Unavailable(
            f"{error.name} is not installed",
            where="a search of parameters",
            next_step="pip install --require-hashes -r requirements/optimize.txt, in the checkout of Tradewind",
        ) from error
    module: ModuleType = optuna
    return module


class OptunaSearch:
    """Proposes shares of ``ranges``, ladders of numbers as ordered and all others as choices.

    Raises:
        Unavailable: Optuna is not installed.
    """

    def __init__(self, ranges: Mapping[str, Range], seed: int, *, at_random: int = AT_RANDOM) -> None:
        optuna: Any = optuna_module()
        optuna.logging.set_verbosity(optuna.logging.ERROR)  # its notes on every trial are not this program's
        self._ranges = dict(ranges)
        drawn = int(np.random.SeedSequence(seed).generate_state(1)[0])  # what it takes as a seed has 32 bits
        sampler = optuna.samplers.TPESampler(seed=drawn, n_startup_trials=at_random)
        self._study = optuna.create_study(direction="maximize", sampler=sampler)

    def ask(self, n: int) -> Sequence[Proposal]:
        """``n`` proposals; those not answered yet count as poor ones for the next, so that they differ."""
        return [self._proposed(self._study.ask()) for _ in range(n)]

    def tell(self, number: int, score: float) -> None:
        """Answers a proposal."""
        self._study.tell(number, score)

    def _proposed(self, trial: Any) -> Proposal:
        shares = []
        for name, one in self._ranges.items():
            size = len(one.values)
            if any(isinstance(value, str | bool) for value in one.values):
                rung = trial.suggest_categorical(name, list(range(size)))
            else:
                rung = trial.suggest_int(name, 0, size - 1)
            shares.append((rung + 0.5) / size)
        return Proposal(trial.number, tuple(shares))
