"""Brackets: stop, target, zone, costs, expiry, and all reasons against."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from tests.fakes.desk import bar, new_york
from tradewind.engine.rates import Rates
from tradewind.features.rule_exits import Exits
from tradewind.model.decision import Bracket, Consensus, Reason, Signal
from tradewind.model.feature_row import FeatureRow
from tradewind.model.instrument import CostModel
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.risk.bracket import bracket_for
from tradewind.risk.params import AccountView, RiskParams
from tradewind.risk.stops import round_trip_cost
from tradewind.risk.zone import entry_zone, still_valid

T = new_york("2026-05-11 09:00")
EURUSD = INSTRUMENTS["EUR/USD"]
CHEAP = msgspec.structs.replace(EURUSD, costs=CostModel(spread_fraction=0.00005, slippage_fraction=0.00002))
PERCENT = Exits(stop_mode="pct", stop_pct=0.002, target_r=1.5, time_stop_bars=24)


def row_of(atr: float) -> FeatureRow:
    values = np.array([1.1, atr])
    return FeatureRow("EUR/USD", Timeframe.H1, T + HOUR, values, values, {"ema(20)": 0, "atr(14)": 1})


def ask(**changes: object) -> Bracket | tuple[Reason, ...]:
    """A bracket for a long EUR/USD at 1.10000 unless told otherwise."""
    arguments: dict[str, object] = {
        "side": 1,
        "bar": bar(T, 1.1),
        "row": row_of(0.0015),
        "exits": PERCENT,
        "instrument": CHEAP,
        "params": RiskParams(),
        "account": AccountView(10_000.0),
        "rates": Rates("USD", INSTRUMENTS.values()),
    }
    return bracket_for(**{**arguments, **changes})  # type: ignore[arg-type]


def codes(answer: Bracket | tuple[Reason, ...]) -> list[str]:
    assert not isinstance(answer, Bracket)
    return [reason.code for reason in answer]


def test_a_percent_stop_sits_where_the_arithmetic_says() -> None:
    """0.2 % of 1.10000 is 22 pips; target at 33; 100 USD over 22 pips is 0.45 lots, 99 USD."""
    found = ask()
    assert isinstance(found, Bracket)
    assert (found.stop, found.target, found.lots) == (1.0978, 1.1033, 0.45)
    assert found.risk_cash == pytest.approx(99.0)
    assert found.stop_pips == pytest.approx(22.0)
    assert found.time_stop_bars == 24
    assert found.cost_to_risk == pytest.approx(0.00014 / 0.002)
    short = ask(side=-1)
    assert isinstance(short, Bracket)
    assert (short.stop, short.target) == (1.1022, 1.0967)


@pytest.mark.parametrize(
    ("mode", "atr", "stop"),
    [("pct", math.nan, 0.0022), ("atr", 0.0015, 0.00225), ("wider_of", 0.001, 0.0022), ("wider_of", 0.003, 0.0045)],
)
def test_stop_modes_give_their_distance(mode: str, atr: float, stop: float) -> None:
    """Percent, 1.5 ATR, or the wider; only the percent stop lives without an ATR."""
    found = ask(exits=Exits(stop_mode=mode, stop_pct=0.002, stop_atr=1.5), row=row_of(atr))  # type: ignore[arg-type]
    assert isinstance(found, Bracket)
    assert 1.1 - found.stop == pytest.approx(stop)
    assert found.target - 1.1 == pytest.approx(1.5 * stop, abs=0.6e-5)


def test_an_unknown_range_is_a_reason_not_a_guess() -> None:
    """NaN, and a series that does not compute the range at all."""
    exits = Exits(stop_mode="atr")
    assert codes(ask(exits=exits, row=row_of(math.nan))) == ["atr_unknown"]
    assert codes(ask(exits=Exits(stop_mode="atr", atr_period=21))) == ["atr_unknown"]


def test_the_stop_is_never_nearer_than_allowed() -> None:
    """Costs (wider_of), the venue's minimum, and the limits of the configuration."""
    tight = Exits(stop_mode="wider_of", stop_pct=0.0005, stop_atr=0.25, min_stop_costs=5.0)
    found = ask(exits=tight, row=row_of(0.0001))
    assert isinstance(found, Bracket)
    assert 1.1 - found.stop == pytest.approx(5 * 0.00014 * 1.1)  # five round trips
    by_pips = ask(params=RiskParams(min_stop_pips=40.0))
    assert isinstance(by_pips, Bracket)
    assert by_pips.stop == 1.096
    by_share = ask(params=RiskParams(min_stop_fraction=0.01))
    assert isinstance(by_share, Bracket)
    assert by_share.stop == 1.089
    venue = ask(instrument=msgspec.structs.replace(CHEAP, min_stop_ticks=300))
    assert isinstance(venue, Bracket)
    assert venue.stop == 1.097


def test_a_trade_that_mostly_pays_costs_is_refused() -> None:
    """Source costs are 6 points per 10,000 for the round trip: 40 % of a 0.15 % stop."""
    answer = ask(exits=Exits(stop_mode="pct", stop_pct=0.0015), instrument=EURUSD)
    assert codes(answer) == ["cost_to_risk"]
    assert not isinstance(answer, Bracket)
    assert answer[0].value == pytest.approx(0.4)
    assert isinstance(ask(instrument=EURUSD), Bracket)


def test_costs_take_the_spread_of_the_bar_or_of_the_entry_hour() -> None:
    """The bar's own spread first; else the hour in which the bar closes; commissions count on both sides."""
    hours = tuple(3.0 if hour == 14 else 1.0 for hour in range(24))
    costs = CostModel(spread_fraction=0.0001, slippage_fraction=0.0, spread_by_hour=hours, commission_per_lot=3.3)
    instrument = msgspec.structs.replace(EURUSD, costs=costs)
    assert bar(T, 1.1).ts_close == T + HOUR  # 10:00 New York in summer is 14:00 UTC
    assert round_trip_cost(instrument, bar(T, 1.1), 1.0) == pytest.approx(2 * (0.0003 + 0.00003))
    assert round_trip_cost(instrument, bar(T, 1.1, spread=0.00011), 1.0) == pytest.approx(2 * (0.00005 + 0.00003))


def test_all_reasons_are_given_not_only_the_first() -> None:
    """Too many positions, this symbol held, too dear, and no risk left."""
    account = AccountView(10_000.0, open_risk=500.0, open_positions=5, held=True)
    answer = ask(account=account, instrument=EURUSD, exits=Exits(stop_mode="pct", stop_pct=0.0015))
    assert codes(answer) == [
        "max_open_positions",
        "one_per_symbol",
        "cost_to_risk",
        "max_open_risk",
        "below_min_lot",
    ]


def test_a_quote_currency_without_a_rate_refuses_and_names_the_missing_price() -> None:
    """USD/JPY in a USD account before any USD/JPY close."""
    answer = ask(instrument=INSTRUMENTS["USD/JPY"], bar=bar(T, 150.0, symbol="USD/JPY"))
    assert codes(answer) == ["no_rate"]
    assert not isinstance(answer, Bracket)
    assert "USD/JPY" in answer[0].detail


def test_clips_travel_with_the_bracket() -> None:
    """A person sees why the size is smaller than the risk would allow."""
    found = ask(params=RiskParams(leverage=10.0))
    assert isinstance(found, Bracket)
    assert (found.lots, [clip.code for clip in found.clips]) == (0.09, ["max_position_size"])


def test_a_stop_or_target_beyond_zero_is_refused() -> None:
    """A short whose target, ten stops of a tenth away, would be at nothing."""
    wide = Exits(stop_mode="pct", stop_pct=0.1, target_r=10.0)
    assert codes(ask(side=-1, exits=wide, account=AccountView(100_000.0))) == ["target_impossible"]


@pytest.mark.req("E05", "HZ20")
def test_the_entry_zone_is_a_tenth_of_a_percent_cut_to_a_share_of_the_stop() -> None:
    """11 pips around 1.10000 behind a 100 pip stop; 5 behind a 20 pip stop, not 55 % of it."""
    assert entry_zone(EURUSD, RiskParams(), 1.1, 0.0100) == (1.0989, 1.1011)
    assert entry_zone(EURUSD, RiskParams(), 1.1, 0.0020) == (1.0995, 1.1005)
    found = ask()
    assert isinstance(found, Bracket)
    assert (found.entry_low, found.entry_high) == (1.09945, 1.10055)


@pytest.mark.req("X13")
def test_a_signal_is_refused_after_its_time_and_outside_its_zone() -> None:
    """Valid until, exclusive; zone, inclusive; a price that is no number is outside."""
    found = ask()
    assert isinstance(found, Bracket)
    consensus = Consensus(1, 1.0, (), 2, 2.0, None, None, None, None, "")
    signal = Signal("s", "EUR/USD", Timeframe.H1, T, T + HOUR, found, consensus, "", ())
    assert still_valid(signal, 1.1, T) is None
    assert still_valid(signal, 1.10055, T + HOUR - 1) is None
    late = still_valid(signal, 1.1, T + HOUR)
    assert late is not None
    assert late.code == "expired"
    for price, limit in ((1.1006, 1.10055), (1.0994, 1.09945), (math.nan, 1.09945)):
        left = still_valid(signal, price, T)
        assert left is not None
        assert (left.code, left.limit) == ("price_left_zone", limit)


def test_a_bar_of_any_instrument_gives_levels_on_its_grid() -> None:
    """Stops and targets are whole ticks and at least the asked distance away, for every built-in symbol."""
    rates = Rates("USD", INSTRUMENTS.values())
    for symbol, close in (("USD/JPY", 150.0), ("USD/CHF", 0.88), ("USD/CAD", 1.36), ("GBP/USD", 1.27)):
        rates.on_close(symbol, close)
    prices = {"XAU/USD": 2400.37, "USD/JPY": 150.123, "EUR/JPY": 162.757, "BTC/USDT": 60_001.37, "XRP/USDT": 0.5123}
    for symbol, instrument in INSTRUMENTS.items():
        price = prices.get(symbol, 1.08337)
        for side in (1, -1):
            found = ask(
                side=side,
                bar=bar(T, price, symbol=symbol),
                instrument=msgspec.structs.replace(instrument, costs=CostModel(0.0, 0.0)),
                account=AccountView(1_000_000.0),
                exits=Exits(stop_mode="pct", stop_pct=0.003),
                rates=rates,
            )
            assert isinstance(found, Bracket), (symbol, found)
            for level in (found.stop, found.target, found.entry_low, found.entry_high):
                assert instrument.to_price(instrument.to_ticks(level)) == level
            assert side * (found.entry - found.stop) >= 0.003 * price - instrument.tick
            assert side * (found.target - found.entry) > 0
