"""Sizes against the table of worked examples, and every cap at its boundary."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared_data import shared
from tradewind.engine.rates import Rates
from tradewind.model.instrument import Instrument
from tradewind.model.instruments import INSTRUMENTS
from tradewind.risk.params import AccountView, RiskParams
from tradewind.risk.sizing import Size, lots_at_risk, size

TRUTH: dict[str, Any] = json.loads(shared("ground_truth/risk.json").read_text())
EURUSD = INSTRUMENTS["EUR/USD"]
WIDE = RiskParams(max_position_size=1.0, leverage=500.0, crypto_leverage=500.0, max_open_risk=1.0)


def rates(account: str = "USD") -> Rates:
    """The quotes of the table as last closes."""
    found = Rates(account, INSTRUMENTS.values())
    for symbol, close in TRUTH["quotes"].items():
        found.on_close(symbol, close)
    return found


def rate_of(instrument: Instrument) -> float:
    rate = rates().rate(instrument.quote)
    assert rate is not None
    return rate


def codes(reasons: object) -> list[str]:
    assert not isinstance(reasons, Size)
    return [reason.code for reason in reasons]  # type: ignore[attr-defined]


@pytest.mark.req("G01", "X10")
@pytest.mark.parametrize("row", TRUTH["sizing"], ids=lambda row: f"{row['symbol']}-{row['stop_pips']}")
def test_every_row_of_the_sizing_table_comes_out_exactly(row: dict[str, Any]) -> None:
    """Lots, cash at risk, notional and pip value of all examples; JPY, CHF, crosses, gold and bitcoin among them."""
    instrument = INSTRUMENTS[row["symbol"]]
    assert (instrument.contract_size, instrument.pip) == (row["contract"], row["pip"])
    rate = rate_of(instrument)
    distance = row["stop_pips"] * instrument.pip
    assert lots_at_risk(instrument, row["risk_usd"], distance, rate) == pytest.approx(row["lots_raw"], abs=5e-7)
    assert instrument.pip * instrument.contract_size * rate == pytest.approx(row["pip_value_usd_per_lot"], abs=5e-7)
    equity = row["risk_usd"] / WIDE.risk_per_trade
    sized = size(instrument, WIDE, AccountView(equity), row["quote"], distance, rate)
    assert isinstance(sized, Size)
    assert sized.lots == row["lots"]
    assert sized.risk_cash == pytest.approx(row["actual_risk_usd"], abs=5e-5)
    base = rates().rate(instrument.base)
    per_unit = base if base is not None else row["quote"] * rate
    assert sized.lots * instrument.contract_size * per_unit == pytest.approx(row["notional_usd"], rel=2e-5)


@pytest.mark.req("G01")
def test_one_percent_of_ten_thousand_over_twenty_pips_is_half_a_lot() -> None:
    """The example everybody checks first, under the default caps."""
    sized = size(EURUSD, RiskParams(), AccountView(10_000.0), 1.085, 0.0020, 1.0)
    assert sized == Size(0.5, pytest.approx(100.0), ())


@pytest.mark.req("X10")
def test_below_the_smallest_lot_there_is_no_trade() -> None:
    """0.0099 lots are refused, 0.01 are traded; nothing is rounded up."""
    refused = size(EURUSD, RiskParams(), AccountView(198.0), 1.085, 0.0020, 1.0)
    assert codes(refused) == ["below_min_lot"]
    assert refused[0].value == pytest.approx(0.0099)  # type: ignore[union-attr]
    assert refused[0].limit == 0.01  # type: ignore[union-attr]
    traded = size(EURUSD, RiskParams(), AccountView(200.0), 1.085, 0.0020, 1.0)
    assert isinstance(traded, Size)
    assert traded.lots == 0.01


def test_a_coarser_smallest_lot_than_the_step_is_held() -> None:
    """Steps of 0.01 but at least 0.10: 0.09 is refused."""
    coarse = msgspec.structs.replace(EURUSD, min_lot=0.1)
    assert codes(size(coarse, RiskParams(), AccountView(1_800.0), 1.085, 0.0020, 1.0)) == ["below_min_lot"]
    assert isinstance(size(coarse, RiskParams(), AccountView(2_000.0), 1.085, 0.0020, 1.0), Size)


@pytest.mark.req("G06")
def test_each_cap_clips_and_says_so() -> None:
    """Margin, open risk and the venue's largest lot; a cap that only just fits is silent."""
    params = RiskParams(max_position_size=0.10, leverage=30.0)
    sized = size(EURUSD, params, AccountView(10_000.0), 1.0, 0.0020, 1.0)
    assert isinstance(sized, Size)
    assert sized.lots == 0.3  # 10,000 x 0.10 x 30 = 30,000 of notional
    assert [(clip.code, clip.value, clip.limit) for clip in sized.clips] == [("max_position_size", 0.5, 0.3)]
    room = size(EURUSD, RiskParams(), AccountView(10_000.0, open_risk=440.0), 1.0, 0.0020, 1.0)
    assert isinstance(room, Size)
    assert (room.lots, [clip.code for clip in room.clips]) == (0.3, ["max_open_risk"])
    exact = size(EURUSD, RiskParams(), AccountView(10_000.0, open_risk=400.0), 1.0, 0.0020, 1.0)
    assert isinstance(exact, Size)
    assert (exact.lots, exact.clips) == (0.5, ())
    small = msgspec.structs.replace(EURUSD, max_lot=0.2)
    capped = size(small, RiskParams(), AccountView(10_000.0), 1.0, 0.0020, 1.0)
    assert isinstance(capped, Size)
    assert (capped.lots, [clip.code for clip in capped.clips]) == (0.2, ["max_lot"])


def test_a_cap_that_leaves_nothing_refuses_with_its_name() -> None:
    """Open risk at its limit: no trade, and both reasons."""
    refused = size(EURUSD, RiskParams(), AccountView(10_000.0, open_risk=500.0), 1.0, 0.0020, 1.0)
    assert codes(refused) == ["max_open_risk", "below_min_lot"]
    assert codes(size(EURUSD, RiskParams(), AccountView(0.0), 1.0, 0.0020, 1.0)) == ["no_equity"]


def test_spot_crypto_is_not_leveraged() -> None:
    """At most a tenth of equity in one coin under the defaults, however tight the stop."""
    coin = INSTRUMENTS["BTC/USDT"]
    sized = size(coin, RiskParams(), AccountView(10_000.0), 50_000.0, 100.0, 1.0)
    assert isinstance(sized, Size)
    assert sized.lots == 0.02
    assert [clip.code for clip in sized.clips] == ["max_position_size"]


@given(
    equity=st.floats(100, 1e7),
    ticks=st.integers(10, 5_000),
    open_risk=st.floats(0, 1e6),
    symbol=st.sampled_from(sorted(TRUTH["quotes"])),
)
def test_no_size_breaks_a_limit(equity: float, ticks: int, open_risk: float, symbol: str) -> None:
    """Risk, open risk, margin and lot limits hold for any account; one step more would break one of them."""
    instrument, params = INSTRUMENTS[symbol], RiskParams()
    rate, price = rate_of(instrument), TRUTH["quotes"][symbol]
    distance = ticks * instrument.tick
    sized = size(instrument, params, AccountView(equity, open_risk), price, distance, rate)
    if not isinstance(sized, Size):
        assert sized
        return

    def fits(lots: float) -> bool:
        risk = lots * distance * instrument.contract_size * rate
        margin = lots * price * instrument.contract_size * rate / params.leverage_of(instrument)
        near = 1.0 + 1e-6
        return (
            risk <= params.risk_per_trade * equity * near
            and open_risk + risk <= params.max_open_risk * equity * near
            and margin <= params.max_position_size * equity * near
            and lots <= instrument.max_lot * near
        )

    assert fits(sized.lots)
    assert sized.lots >= instrument.min_lot
    assert not fits(sized.lots + instrument.lot_step * 1.001)
    assert instrument.to_lots(instrument.to_steps(sized.lots)) == sized.lots


def test_rates_are_direct_inverse_or_through_the_dollar_and_never_guessed() -> None:
    """GBP direct, JPY inverse, EUR in a JPY account through USD; nothing known gives None and names what is needed."""
    usd = rates()
    assert usd.rate("USD") == 1.0
    assert usd.rate("GBP") == 1.27
    assert usd.rate("JPY") == 1 / 150.0
    assert usd.rate("USDT") == 1.0  # at par, an assumption
    assert rates("JPY").rate("GBP") == pytest.approx(1.27 * 150.0)
    assert rates("GBP").rate("EUR") == 0.8543
    assert rates("EUR").rate("USDT") == pytest.approx(1 / 1.085)
    empty = Rates("USD", INSTRUMENTS.values())
    assert empty.rate("JPY") is None
    assert (empty.missing("JPY"), empty.missing("GBP")) == ("USD/JPY", "GBP/USD")
    assert Rates("USD", (), pegs={}).rate("USDT") is None
    again = Rates("USD", INSTRUMENTS.values())
    again.restore(usd.snapshot())
    assert again.rate("CHF") == usd.rate("CHF") == 1 / 0.88
