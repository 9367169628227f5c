"""Every recorded TA-Lib column, value by value."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.features.ground_truth import KEY_OF, answers, first_valid, tolerance
from tradewind.features.bank import FeatureBank
from tradewind.features.spec import Indicator


@pytest.fixture(scope="module")
def rows() -> dict[str, np.ndarray]:
    bars, _ = answers()
    bank = FeatureBank(Indicator.parse(key) for key in KEY_OF.values())
    values = bank.batch(bars)
    return {column: values[:, bank.index[key]] for column, key in KEY_OF.items()}


def test_every_recorded_column_has_a_key_of_ours() -> None:
    """No column of the answers is left out of the comparison."""
    assert set(KEY_OF) == set(first_valid())


@pytest.mark.parametrize("column", KEY_OF)
def test_an_indicator_equals_ta_lib_on_the_recorded_bars(column: str, rows: dict[str, np.ndarray]) -> None:
    """Values to the recorded tolerance, NaN exactly before the recorded first value."""
    ours, theirs = rows[column], answers()[1][column]
    first = first_valid()[column]
    assert np.isnan(ours[:first]).all()
    assert np.isfinite(ours[first:]).all()
    np.testing.assert_allclose(ours[first:], theirs[first:], rtol=0, atol=tolerance(column))


@pytest.mark.parametrize("column", KEY_OF)
def test_the_warm_up_a_bank_states_is_where_its_values_begin(column: str) -> None:
    """``warmup`` of a bank with one indicator is its first valid index plus one."""
    assert FeatureBank([Indicator.parse(KEY_OF[column])]).warmup == first_valid()[column] + 1
