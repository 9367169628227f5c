"""Correlation, netting and the rate limit, against the published example and at each boundary."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.said_desk import SaidDesk
from tests.shared_data import shared
from tradewind.engine.rates import Rates, notional
from tradewind.filters.correlation import CorrelationFilter
from tradewind.filters.currency_exposure import (
    CurrencyExposureFilter,
    effective_bets,
    net_notional,
    portfolio_risk,
)
from tradewind.filters.rate_limit import RateLimitFilter
from tradewind.model.decision import Consensus
from tradewind.model.feature_row import FeatureRow
from tradewind.model.instruments import resolve
from tradewind.model.timeframe import HOUR
from tradewind.ports.desk import Exposure

ROW: FeatureRow = None  # type: ignore[assignment]  # these filters read no feature


def consensus(side: int) -> Consensus:
    return Consensus(side, 1.0, ("A", "B"), 2, 2.0, None, None, None, None, "")


def held(symbol: str, side: int, risk: float = 100.0) -> Exposure:
    one = resolve(symbol)
    return Exposure(symbol, one.base, one.quote, side, 10_000.0, risk)


@pytest.mark.req("F07")
@pytest.mark.parametrize(
    ("side", "correlation", "blocked"),
    [(1, 0.71, True), (1, 0.70, False), (1, -0.9, False), (-1, 0.9, False), (-1, -0.71, True)],
)
def test_the_same_bet_twice_is_blocked_and_a_hedge_never(side: int, correlation: float, blocked: bool) -> None:
    """Long EUR/USD is open; GBP/USD follows it more or less closely. Exactly at the limit is allowed."""
    desk = SaidDesk(instrument=resolve("GBP/USD"), held=(held("EUR/USD", 1),), correlations={"EUR/USD": correlation})
    reason = CorrelationFilter(limit=0.7).judge(consensus(side), ROW, (), desk)
    assert (reason is not None) == blocked
    if reason is not None:
        assert reason.code == "correlation"
        assert reason.value == pytest.approx(side * correlation)


def test_an_unknown_correlation_counts_as_full_where_a_currency_is_shared() -> None:
    """Too little history: selling dollars twice is one bet, BTC beside the euro is not."""
    for symbol, side, blocked in (("GBP/USD", 1, True), ("USD/JPY", -1, True), ("USD/JPY", 1, False)):
        desk = SaidDesk(instrument=resolve(symbol), held=(held("EUR/USD", 1),))
        assert (CorrelationFilter().judge(consensus(side), ROW, (), desk) is not None) == blocked
    desk = SaidDesk(instrument=resolve("BTC/USDT"), held=(held("EUR/USD", 1),))
    assert CorrelationFilter().judge(consensus(1), ROW, (), desk) is None


def test_netting_by_currency_gives_the_published_sums() -> None:
    """Five tickets are one short of 332,100 dollars; by currency they sum to zero."""
    truth = json.loads(Path(shared("ground_truth/risk.json")).read_text("utf-8"))
    rates = Rates("USD", [resolve(name) for name in truth["quotes"] if name != "BTC/USD"])
    for symbol, price in truth["quotes"].items():
        rates.on_close(symbol, price)
    found = []
    for one in truth["currency_netting"]["positions"]:
        instrument = resolve(one["symbol"])
        value = notional(instrument, instrument.to_steps(one["lots"]), truth["quotes"][one["symbol"]], rates)
        assert value is not None
        found.append(Exposure(one["symbol"], instrument.base, instrument.quote, one["side"], value, 0.0))
    net = net_notional(found)
    assert net == pytest.approx(truth["currency_netting"]["net_usd_by_currency"])
    assert sum(net.values()) == pytest.approx(0.0, abs=1e-6)


def test_the_risk_of_a_portfolio_is_the_published_one() -> None:
    """Three correlated bets of 1% are 1.32 independent ones and risk 2.61% together."""
    truth = json.loads(Path(shared("ground_truth/risk.json")).read_text("utf-8"))["portfolio_risk"]
    names = ["EUR/USD", "GBP/USD", "AUD/USD"]
    book = [held(name, 1, weight) for name, weight in zip(names, truth["w"], strict=True)]

    def between(one: str, other: str) -> float:
        return truth["rho"][names.index(one)][names.index(other)]

    assert portfolio_risk(book, between) == pytest.approx(truth["sqrt_wRw"], abs=1e-8)
    assert effective_bets(book, between) == pytest.approx(truth["effective_bets"], abs=1e-6)


@pytest.mark.parametrize(("risk", "blocked"), [(199.0, False), (201.0, True)])
def test_a_stake_on_one_currency_may_grow_to_its_limit_and_no_further(risk: float, blocked: bool) -> None:
    """1% of equity is short the dollar already, 3% is the limit, so 2% more fit."""
    desk = SaidDesk(
        instrument=resolve("GBP/USD"), held=(held("EUR/USD", 1, 100.0),), plan=held("GBP/USD", 1, risk),
        correlations={"EUR/USD": 0.0},
    )  # fmt: skip
    reason = CurrencyExposureFilter().judge(consensus(1), ROW, (), desk)
    assert (reason is not None) == blocked
    if reason is not None:
        assert (reason.code, reason.detail) == ("currency_exposure", "USD")


def test_a_trade_that_takes_risk_off_a_currency_is_never_blocked_by_it() -> None:
    """Selling the euro against the dollar while dollars are short."""
    desk = SaidDesk(
        instrument=resolve("USD/JPY"), held=(held("EUR/USD", 1, 400.0),), plan=held("USD/JPY", 1, 100.0),
        correlations={"EUR/USD": -0.9},
    )  # fmt: skip
    reason = CurrencyExposureFilter(max_portfolio_risk=1.0).judge(consensus(1), ROW, (), desk)
    assert reason is None


@pytest.mark.req("F08")
def test_the_signal_after_the_last_allowed_one_is_suppressed() -> None:
    """Eight of the symbol within a day, the ninth is one too many; after a day there is room again."""
    said = [(hour * HOUR, "EUR/USD") for hour in range(1, 9)]
    for count, blocked in ((7, False), (8, True)):
        desk = SaidDesk(ts=9 * HOUR, signals=said[:count])
        reason = RateLimitFilter(per_symbol=8, in_all=20).judge(consensus(1), ROW, (), desk)
        assert (reason is not None) == blocked
    later = SaidDesk(ts=9 * HOUR + 16 * HOUR, signals=said)
    assert RateLimitFilter(per_symbol=8, in_all=20).judge(consensus(1), ROW, (), later) is None


@pytest.mark.req("F08")
def test_a_burst_over_all_symbols_is_cut_at_its_limit() -> None:
    """Everything fires at once: the limit over all holds whatever the symbol."""
    said = [(HOUR, f"X{n}/USD") for n in range(20)]
    reason = RateLimitFilter().judge(consensus(1), ROW, (), SaidDesk(ts=HOUR, signals=said))
    assert reason is not None
    assert (reason.value, reason.limit, reason.detail) == (20.0, 20.0, "all in 24 h")
