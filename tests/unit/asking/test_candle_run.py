"""Each pair is answered from its own candles, and from the one other pair its size needs a price of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli_runner import run_cli
from tests.fakes.planted_market import planted_project
from tests.fakes.proofs import prove
from tradewind.app.ask.candle_run import CandleRun, price_needed
from tradewind.app.config import load_config
from tradewind.app.instruments import instrument_for
from tradewind.model.timeframe import Timeframe
from tradewind.strategies import default_members


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    for symbol in ("BTC/USDT", "GBP/USD", "EUR/GBP"):
        made = planted_project(folder, 700, symbol=symbol)
        prove(folder, default_members([Timeframe.H1]), symbol)
    return made


@pytest.mark.parametrize(
    ("pair", "other"),
    [("EUR/USD", ""), ("USD/JPY", ""), ("BTC/USDT", ""), ("EUR/GBP", "GBP/USD"), ("EUR/JPY", "USD/JPY")],
)
def test_the_pair_whose_price_a_size_needs_is_known(config, pair, other):
    """Nothing for a quote in account currency, a pair of the account currency, or a coin at par."""
    settings = load_config(config)
    assert price_needed(settings, instrument_for(settings, pair)) == other


def test_a_cross_is_run_with_the_price_its_size_needs(config):
    """Without GBP/USD a EUR/GBP signal could not be sized."""
    run = CandleRun(load_config(config), "EUR/GBP", empty=True)
    assert {one.symbol for one in run.material.recordings} == {"EUR/GBP", "GBP/USD"}
    run.run(int(run.closes[-1]), lambda event, outputs: None, lambda bars: None)
    assert run.engine.rates.rate("GBP") is not None


@pytest.mark.req("HZ01")
def test_each_pair_is_answered_from_its_own_candles(config):
    """Three pairs, three loads: data, closes and decisions are the pair's own."""
    answers = {pair: run_cli("why", pair, "--json", "-c", str(config)).document for pair in ("BTC/USDT", "GBP/USD")}
    assert {pair: answer["symbol"] for pair, answer in answers.items()} == {pair: pair for pair in answers}
    assert len({answer["data"] for answer in answers.values()}) == 2
    assert answers["BTC/USDT"]["chain"]["bar"]["close"] > 1_000 > 10 > answers["GBP/USD"]["chain"]["bar"]["close"]
