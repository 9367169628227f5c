"""Kelly, Wilson and volatility targeting against the published table; conviction inside its bounds."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.guarded import VOICE
from tests.shared_data import shared
from tradewind.model.instruments import INSTRUMENTS
from tradewind.risk.dynamic import LEAST, conviction, growth, kelly, volatility_leverage, wilson_low
from tradewind.risk.params import AccountView, RiskParams
from tradewind.risk.sizing import Size, size

TRUTH: dict[str, Any] = json.loads(shared("ground_truth/risk.json").read_text())
EURUSD = INSTRUMENTS["EUR/USD"]
shares = st.floats(0.01, 0.99)


@pytest.mark.parametrize("row", TRUTH["kelly"], ids=str)
def test_every_row_of_the_kelly_table(row: dict[str, float]) -> None:
    assert kelly(row["p"], row["b"]) == pytest.approx(row["full"], abs=5e-7)
    assert kelly(row["p"], row["b"]) / 2 == pytest.approx(row["half"], abs=5e-7)
    assert growth(row["p"], row["b"]) == pytest.approx(row["growth_full"], abs=5e-9)


def test_the_lower_bound_of_a_win_rate_turns_a_bet_into_none() -> None:
    row = TRUTH["kelly_uncertain"]["example"]
    low = wilson_low(row["k"], row["n"])
    assert low == pytest.approx(row["wr_low"], abs=5e-7)
    assert kelly(row["k"] / row["n"], row["b"]) == pytest.approx(row["kelly_point"], abs=5e-7)
    assert kelly(low, row["b"]) == pytest.approx(row["kelly_low"], abs=5e-6)


def test_volatility_targeting_gives_the_published_leverage() -> None:
    row = TRUTH["vol_target"]["example"]
    assert volatility_leverage(row["target"], row["daily_vol"]) == pytest.approx(row["leverage"], abs=5e-6)


@given(st.floats(0.0, 1.0), shares, shares, st.floats(0.001, 0.1))
def test_conviction_never_asks_for_more_than_the_configured_risk(
    confidence: float, p: float, even: float, risk: float
) -> None:
    """Between nothing and everything; nothing where the bet loses; half where nothing is known."""
    voice = msgspec.structs.replace(VOICE, confidence=confidence, win_probability=p, breakeven=even)
    share = conviction(voice, 0.8, risk)
    assert 0.0 <= share <= 1.0
    if p <= even:
        assert share == pytest.approx(0.0, abs=1e-9)
    unknown = msgspec.structs.replace(VOICE, confidence=None, win_probability=None, breakeven=None)
    assert conviction(unknown, 0.8, risk) == LEAST


@pytest.mark.req("G17")
@given(st.floats(0.0, 1.0), st.floats(0.0005, 0.05), st.floats(0.0005, 0.01))
def test_dynamic_sizes_stay_inside_every_cap_and_shrink_with_volatility(
    share: float, daily: float, distance: float
) -> None:
    """Never more than the fixed size; twice the volatility never gives more."""
    params = RiskParams(max_position_size=1.0, max_open_risk=1.0, dynamic=True)
    fixed = size(EURUSD, params, AccountView(100_000.0), 1.1, distance, 1.0)
    assert isinstance(fixed, Size)
    lots = []
    for volatility in (daily, 2 * daily):
        view = AccountView(100_000.0, conviction=share, daily_volatility=volatility)
        sized = size(EURUSD, params, view, 1.1, distance, 1.0)
        lots.append(sized.lots if isinstance(sized, Size) else 0.0)
        assert lots[-1] <= fixed.lots
        assert lots[-1] * 110_000.0 <= volatility_leverage(0.10, volatility) * 100_000.0 * (1 + 1e-9)
    assert lots[1] <= lots[0]
