"""The screen over many candidates says what the gates say of each."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gate_evidence import candidate, measured, window
from tradewind.validation.gates_profiles import HONEST, judge_candidate
from tradewind.validation.gates_rows import Limits
from tradewind.validation.gates_screen import CRITERIA, MET, TrainColumns, first_missed

LIMITS = Limits()


def columns_of(lists: list[np.ndarray]) -> TrainColumns:
    """The columns of trade lists, by sums; returns as in ``measured``."""
    windows = [measured(r) for r in lists]
    return TrainColumns(
        np.array([r.size for r in lists]),
        np.array([(r > 0).sum() for r in lists]),
        np.array([r[r > 0].sum() for r in lists]),
        np.array([-r[r < 0].sum() for r in lists]),
        np.array([np.nan if one.returns.sharpe is None else one.returns.sharpe for one in windows]),
        np.array([-one.returns.max_drawdown if one.returns.n else np.nan for one in windows]),
    )


@given(st.integers(0, 2**32 - 1), st.integers(0, 260), st.floats(0.3, 1.0), st.floats(0.4, 3.0))
@settings(max_examples=60, deadline=None)
def test_the_first_miss_is_that_of_the_gates(seed, n, rate, payoff):
    """Any trades, near all limits: the same criterion, and the same candidates left."""
    generator = np.random.default_rng(seed)
    r = np.where(generator.random(n) < rate, payoff, -1.0)
    rows = judge_candidate(candidate(train=measured(r)), HONEST).rows
    missed = [row.name for row in rows if row.stage == "train" and not row.passed]
    found = int(first_missed(columns_of([r]), LIMITS)[0])
    assert (CRITERIA[found] if found != MET else None) == (missed[0] if missed else None)


def test_the_criteria_are_the_train_gates_in_their_order():
    """A gate that is added to the stage must be added here as well."""
    rows = judge_candidate(candidate()).rows
    assert tuple(row.name for row in rows if row.stage == "train") == CRITERIA


def test_equality_meets_every_limit():
    """Each value at its limit, and each a step beyond it."""
    at = {"trades": 200, "wins": 100, "won": 120.0, "lost": 100.0, "sharpe": 0.5, "drawdown": 0.25}
    beyond = [("trades", 199), ("won", 100.0), ("wins", 99), ("won", 119.999999),
              ("sharpe", np.nextafter(0.5, 0)), ("drawdown", np.nextafter(0.25, 1))]  # fmt: skip
    rows = [at, *({**at, name: value} for name, value in beyond)]
    columns = TrainColumns(*(np.array([row[name] for row in rows]) for name in TrainColumns._fields))
    assert first_missed(columns, LIMITS).tolist() == [MET, 0, 1, 2, 3, 4, 5]


def test_nobody_is_asked_nothing():
    """No candidates, and one without a trade."""
    assert first_missed(columns_of([]), LIMITS).size == 0
    assert first_missed(columns_of([np.empty(0)]), LIMITS).tolist() == [0]
    assert window(0, 0).trades.n == 0
