"""The universe, its notations, and instruments from configuration."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.errors import Misconfigured
from tradewind.model.instrument import AssetClass, PriceKind
from tradewind.model.instruments import DEFAULT_SYMBOLS, INSTRUMENTS, instrument_from, resolve
from tradewind.model.venue_symbols import venue_symbol, venue_symbols


def test_the_universe_holds_what_was_asked_for() -> None:
    """Three default symbols, six currencies and metals, two coins and more; NZD/USD comes by configuration."""
    assert DEFAULT_SYMBOLS == ("EUR/USD", "GBP/USD", "XAU/USD")
    assert {"USD/JPY", "AUD/USD", "USD/CHF", "EUR/USD", "GBP/USD", "XAU/USD"} <= set(INSTRUMENTS)
    coins = [one for one in INSTRUMENTS.values() if one.asset_class is AssetClass.CRYPTO]
    assert len(coins) >= 6
    assert "NZD/USD" not in INSTRUMENTS


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("USD_EURUSD", "EUR/USD"),
        ("GBP_GBPUSD", "GBP/USD"),
        ("Gold_XAUUSD", "XAU/USD"),
        ("EURUSD", "EUR/USD"),
        ("eur/usd", "EUR/USD"),
        ("EUR_USD", "EUR/USD"),
        ("BTC-USD", "BTC/USD"),
        ("BTCUSDT", "BTC/USDT"),
        ("XBT/USD", "BTC/USD"),
        ("EURUSD=X", "EUR/USD"),
        ("JPY=X", "USD/JPY"),
        ("GC=F", "XAU/USD"),
        (" usd/jpy ", "USD/JPY"),
    ],
)
def test_every_notation_resolves_to_the_canonical_symbol(text: str, symbol: str) -> None:
    """Legacy and provider spellings are accepted on input."""
    assert resolve(text).symbol == symbol


def test_an_unknown_symbol_names_the_nearest_and_lists_the_rest() -> None:
    """The message is enough to go on."""
    with pytest.raises(Misconfigured, match="did you mean EUR/USD") as caught:
        resolve("EUR/USB")
    assert "GBP/USD" in str(caught.value)
    with pytest.raises(Misconfigured):
        resolve("")


@pytest.mark.parametrize(
    ("provider", "symbol", "name"),
    [
        ("yahoo", "EUR/USD", "EURUSD=X"),
        ("yahoo", "GBP/USD", "GBPUSD=X"),
        ("yahoo", "XAU/USD", "GC=F"),
        ("yahoo", "USD/JPY", "USDJPY=X"),
        ("yahoo", "AUD/USD", "AUDUSD=X"),
        ("yahoo", "USD/CHF", "USDCHF=X"),
        ("yahoo", "BTC/USD", "BTC-USD"),
        ("oanda", "XAU/USD", "XAU_USD"),
        ("alphavantage", "EUR/USD", "EUR/USD"),
        ("binance", "BTC/USDT", "BTCUSDT"),
        ("coinbase", "ETH/USD", "ETH-USD"),
        ("kraken", "BTC/USD", "XBT/USD"),
    ],
)
def test_each_provider_gets_its_own_name(provider: str, symbol: str, name: str) -> None:
    """The symbol map of every provider."""
    assert venue_symbol(provider, INSTRUMENTS[symbol]) == name
    assert venue_symbols(INSTRUMENTS[symbol])[provider] == name


def test_a_provider_without_the_asset_class_says_so() -> None:
    """Binance carries no currencies; an unknown provider lists the known ones."""
    with pytest.raises(Misconfigured, match="does not carry EUR/USD"):
        venue_symbol("binance", INSTRUMENTS["EUR/USD"])
    with pytest.raises(Misconfigured, match="kraken"):
        venue_symbol("nowhere", INSTRUMENTS["EUR/USD"])


def test_gold_says_that_one_provider_serves_a_future() -> None:
    """Roll and basis are named where a user sees the instrument."""
    note = INSTRUMENTS["XAU/USD"].notes
    assert "GC=F" in note
    assert "roll" in note
    assert "basis" in note


def test_a_new_pair_needs_configuration_only() -> None:
    """One key describes a currency pair; it then resolves in every notation and maps to providers."""
    kiwi = instrument_from({"symbol": "NZD/USD"})
    assert (kiwi.pip, kiwi.tick, kiwi.contract_size, kiwi.calendar) == (0.0001, 0.00001, 100_000.0, "fx")
    assert resolve("NZDUSD", [kiwi]) is kiwi
    assert venue_symbol("yahoo", kiwi) == "NZDUSD=X"
    yen = instrument_from({"symbol": "nzd/jpy", "costs": {"swap_long": -3.5}})
    assert (yen.symbol, yen.pip, yen.costs.swap_long) == ("NZD/JPY", 0.01, -3.5)
    coin = instrument_from({"symbol": "ADA/USDT", "asset_class": "crypto", "tick": 0.0001, "lot_step": 0.1})
    assert (coin.calendar, coin.price_kind, coin.min_lot) == ("crypto", PriceKind.LAST, 0.1)
    silver = instrument_from({"symbol": "XAG/USD", "asset_class": "metal", "contract_size": 5000, "tick": 0.001})
    assert (silver.calendar, silver.contract_size, silver.notes) == ("metals", 5000.0, "")


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({}, "BASE/QUOTE"),
        ({"symbol": "NZDUSD"}, "BASE/QUOTE"),
        ({"symbol": "NZD/USD", "pips": 1}, "unknown pips"),
        ({"symbol": "NZD/USD", "asset_class": "stock"}, "fx, metal, crypto, future"),
        ({"symbol": "ADA/USDT", "asset_class": "crypto"}, "missing lot_step, tick"),
        ({"symbol": "NZD/USD", "tick": 0}, "tick is 0.0"),
        ({"symbol": "NZD/USD", "tick": "much"}, "tick"),
        ({"symbol": "NZD/USD", "min_lot": 200}, "above max_lot"),
        ({"symbol": "NZD/USD", "calendar": "moon"}, "crypto, fx, metals"),
        ({"symbol": "NZD/USD", "costs": {"spread_by_hour": [1.0]}}, "24"),
    ],
)
def test_a_faulty_description_is_refused_with_what_is_allowed(mapping: dict[str, object], said: str) -> None:
    """Every fault is a configuration error that names the field."""
    with pytest.raises(Misconfigured, match=said):
        instrument_from(mapping)


@pytest.mark.parametrize("symbol", sorted(INSTRUMENTS))
def test_ticks_and_lots_convert_exactly_there_and_back(symbol: str) -> None:
    """Price and lots survive the trip through integers; instruments survive serialisation."""
    instrument = INSTRUMENTS[symbol]
    for ticks in (1, 7, 12_345, 987_654):
        assert instrument.to_ticks(instrument.to_price(ticks)) == ticks
    for steps in (1, 3, 29, 57, 115, 9_999):
        assert instrument.to_steps(instrument.to_lots(steps)) == steps
    assert msgspec.json.decode(msgspec.json.encode(instrument), type=type(instrument)) == instrument


@given(st.sampled_from(sorted(INSTRUMENTS)), st.integers(-(10**9), 10**9))
def test_prices_and_lots_are_the_rounded_products(symbol, count):
    """The quotient of whole numbers is, bit for bit, what rounding the product to its digits gives."""
    instrument = INSTRUMENTS[symbol]
    assert instrument.to_price(count) == round(count * instrument.tick, instrument.digits)
    assert instrument.to_lots(count) == round(count * instrument.lot_step, 10)


def test_steps_that_are_no_decimals_are_rounded_as_before():
    """A tick of a third has no decimal units; a huge count leaves the range in which the quotient is exact."""
    odd = msgspec.structs.replace(INSTRUMENTS["EUR/USD"], tick=1 / 3, lot_step=1 / 3)
    assert odd.to_price(7) == round(7 / 3, odd.digits)
    assert odd.to_lots(7) == round(7 * (1 / 3), 10)
    assert INSTRUMENTS["EUR/USD"].to_price(10**16) == round(10**16 * INSTRUMENTS["EUR/USD"].tick, 5)


def test_a_built_in_pair_described_anew_keeps_what_is_left_out() -> None:
    """Its class, its sizes, its hours and its costs; of another class it is a new pair."""
    coin = instrument_from({"symbol": "BTC/USDT", "tick": 0.1})
    assert coin == msgspec.structs.replace(INSTRUMENTS["BTC/USDT"], tick=0.1)
    assert instrument_from({"symbol": "XAU/USD", "asset_class": "fx"}).contract_size == 100_000.0
