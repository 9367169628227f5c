"""When and at which price intents, stops and targets trade."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from tests.fakes.desk import FREE, MONDAY, Desk, bar, new_york
from tradewind.errors import Misconfigured
from tradewind.kernels.matching import bracket_exit
from tradewind.model.instrument import CostModel
from tradewind.model.order import Fill, Leg, OrderIntent, Refusal
from tradewind.model.timeframe import HOUR, MINUTE

T = new_york(f"{MONDAY} 09:00")


def prices(desk: Desk) -> list[tuple[str, int, float]]:
    return [(fill.leg, fill.side, desk.instruments[fill.symbol].to_price(fill.price_ticks)) for fill in desk.fills]


def test_an_intent_trades_at_the_open_of_the_next_bar() -> None:
    """The bar whose close gave the signal never fills it; the next one does, at its open."""
    desk = Desk()
    desk.order("s", 1, 0.5, ts=T, stop=1.05, target=1.15)
    assert desk.show(bar(T - HOUR, 1.11)) == []
    (fill,) = desk.show(bar(T, 1.1, 1.12, 1.09, 1.11))
    assert isinstance(fill, Fill)
    assert (fill.leg, fill.side, fill.steps, fill.price_ticks, fill.ts) == (Leg.ENTRY, 1, 50, 110_000, T)


@pytest.mark.req("C01", "C02")
def test_a_one_trade_fixture_costs_exactly_the_configured_spread_and_slippage() -> None:
    """0.01 % and 0.02 % per side of 1.10000 are 11 and 22 ticks; the net result is the frictionless one minus them."""
    free, paid = Desk(FREE), Desk(CostModel())
    for desk in (free, paid):
        desk.order("s", 1, 1.0, ts=T, until=T + HOUR)
        desk.show(bar(T, 1.1), bar(T + HOUR, 1.1))
    (trade,) = paid.trades
    assert Decimal(free.trades[0].net) == 0
    assert Decimal(trade.spread_cost) == Decimal("22")  # 2 x 0.0001 x 1.1 x 100,000
    assert Decimal(trade.slippage_cost) == Decimal("44")
    assert Decimal(trade.net) == Decimal(free.trades[0].net) - 66
    assert prices(paid) == [("entry", 1, 1.10033), ("time", -1, 1.09967)]  # bought above, sold below
    assert paid.portfolio.balance == Decimal("9934")


def test_commission_is_charged_per_lot_and_by_notional() -> None:
    """Both kinds, per side, itemised."""
    desk = Desk(CostModel(spread_fraction=0, slippage_fraction=0, commission_per_lot=3.5, commission_fraction=0.001))
    desk.order("s", -1, 2.0, ts=T, until=T + HOUR)
    desk.show(bar(T, 1.1), bar(T + HOUR, 1.1))
    assert [Decimal(fill.commission) for fill in desk.fills] == [Decimal("227"), Decimal("227")]
    assert Decimal(desk.trades[0].net) == -454


@pytest.mark.req("X06")
def test_a_bar_that_touches_both_levels_is_a_loss_and_says_so() -> None:
    """Pessimistic: the stop came first; the fill and the trade are marked ambiguous."""
    desk = Desk()
    desk.order("s", 1, 1.0, ts=T, stop=1.095, target=1.105)
    desk.show(bar(T, 1.1, 1.11, 1.09, 1.1))
    (trade,) = desk.trades
    assert (trade.exit_leg, trade.exit, trade.ambiguous) == ("stop", 1.095, True)
    assert desk.outcomes[0].result == "lost"


@pytest.mark.req("X06")
def test_shorter_bars_decide_which_level_came_first() -> None:
    """The same hour in two halves: the target is reached in the first, nothing is ambiguous."""
    desk = Desk()
    desk.order("s", 1, 1.0, ts=T, stop=1.095, target=1.105)
    half = 30 * MINUTE
    desk.show(bar(T, 1.1, 1.11, 1.099, 1.1, length=half), bar(T + half, 1.1, 1.101, 1.09, 1.1, length=half))
    (trade,) = desk.trades
    assert (trade.exit_leg, trade.exit, trade.ambiguous) == ("target", 1.105, False)


@pytest.mark.req("X07")
def test_a_weekend_gap_beyond_the_stop_fills_at_the_open() -> None:
    """Sunday opens 100 pips below the stop: the loss is what the market gives, not what was planned."""
    desk = Desk()
    friday = new_york("2026-05-15 16:00")
    desk.order("s", 1, 1.0, ts=friday, stop=1.095, target=1.12, risk=500.0)
    sunday = new_york("2026-05-17 17:00")
    desk.show(bar(friday, 1.1), bar(sunday, 1.085, 1.1, 1.08, 1.09))
    (trade,) = desk.trades
    assert (trade.exit, trade.exit_leg, trade.ts_exit) == (1.085, "stop", sunday)
    assert Decimal(trade.net) == -1500
    assert trade.r == -3.0


def test_a_gap_beyond_the_target_fills_at_the_better_open() -> None:
    """The same rule on the good side."""
    desk = Desk()
    desk.order("s", -1, 1.0, ts=T, stop=1.12, target=1.09)
    desk.show(bar(T, 1.1), bar(T + HOUR, 1.08, 1.085, 1.07, 1.08))
    assert (desk.trades[0].exit, desk.trades[0].exit_leg) == (1.08, "target")


def test_a_time_stop_leaves_at_the_open_that_reaches_it() -> None:
    """Unless the open is already beyond the stop: then it is the stop."""
    desk = Desk()
    desk.order("s", 1, 1.0, ts=T, stop=1.05, target=1.2, until=T + 2 * HOUR)
    desk.order("gone", 1, 1.0, ts=T + 5 * HOUR, until=T + 5 * HOUR)
    desk.show(bar(T, 1.1), bar(T + HOUR, 1.1), bar(T + 2 * HOUR, 1.11, 1.3, 1.0, 1.1))
    assert (desk.trades[0].exit, desk.trades[0].exit_leg, desk.trades[0].ambiguous) == (1.11, "time", False)
    desk.show(bar(T + 5 * HOUR, 1.1))
    assert [refusal.code for refusal in desk.refusals] == ["expired"]
    assert desk.outcomes[-1].result == "expired"
    both = Desk()
    both.order("s", 1, 1.0, ts=T, stop=1.05, target=1.2, until=T + HOUR)
    both.show(bar(T, 1.1), bar(T + HOUR, 1.04))
    assert both.trades[0].exit_leg == "stop"


@pytest.mark.parametrize(("open_", "code"), [(1.04, "stop_passed"), (1.16, "target_passed")])
def test_an_intent_whose_bracket_the_market_has_passed_is_refused(open_: float, code: str) -> None:
    """A fill there would be closed in the same instant; the signal ends as expired instead."""
    desk = Desk()
    desk.order("s", 1, 0.5, ts=T, stop=1.05, target=1.15)
    (refusal,) = desk.show(bar(T, open_))
    assert isinstance(refusal, Refusal)
    assert refusal.code == code
    assert desk.outcomes[0].result == "expired"
    assert desk.portfolio.position("EUR/USD") is None


@pytest.mark.req("C02")
def test_quoted_bid_bars_are_bought_at_the_ask_and_sold_at_the_bid() -> None:
    """With 1.2 pips of spread a long pays it on entry, a short on exit; each once."""
    long, short = Desk(), Desk()
    for desk, side in ((long, 1), (short, -1)):
        desk.order("s", side, 1.0, ts=T, until=T + HOUR)
        desk.show(bar(T, 1.1, spread=0.00012), bar(T + HOUR, 1.1, spread=0.00012))
        assert Decimal(desk.trades[0].spread_cost) == 12
        assert Decimal(desk.trades[0].net) == -12
    assert prices(long) == [("entry", 1, 1.10012), ("time", -1, 1.1)]
    assert prices(short) == [("entry", -1, 1.1), ("time", 1, 1.10012)]


def test_a_short_is_stopped_by_the_ask() -> None:
    """The bid never reaches the stop at 1.10500, the ask does; the roll-over spread stops shorts, not longs."""
    short = Desk()
    short.order("s", -1, 1.0, ts=T, stop=1.105, target=1.09)
    short.show(bar(T, 1.1, spread=0.0001), bar(T + HOUR, 1.1, 1.1035, 1.1, 1.1, spread=0.0015))
    (trade,) = short.trades
    assert (trade.exit, trade.exit_leg) == (1.105, "stop")
    assert Decimal(trade.spread_cost) == 150
    assert Decimal(trade.gross) == Decimal(trade.net) + 150
    unquoted = Desk()
    unquoted.order("s", -1, 1.0, ts=T, stop=1.105, target=1.09)
    unquoted.show(bar(T, 1.1), bar(T + HOUR, 1.1, 1.1035, 1.1, 1.1))
    assert unquoted.trades == []


def test_a_level_met_to_the_tick_is_met() -> None:
    """A quote that equals the stop on paper touches it whatever the floats say."""
    for ticks in range(110_000, 110_400, 7):
        desk = Desk()
        stop = desk.instruments["EUR/USD"].to_price(ticks + 13)
        desk.order("s", -1, 0.01, ts=T, stop=stop, target=1.0)
        high = desk.instruments["EUR/USD"].to_price(ticks)
        desk.show(bar(T, 1.09, spread=0.00013), bar(T + HOUR, 1.09, high, 1.09, 1.09, spread=0.00013))
        assert [trade.exit for trade in desk.trades] == [stop]


def test_last_price_bars_pay_half_the_spread_on_each_side() -> None:
    """BTC/USDT with 10 of spread: 5 to buy, 5 to sell, levels met by the traded price."""
    desk = Desk()
    desk.order("s", 1, 1.0, ts=T, symbol="BTC/USDT", stop=59_000, target=61_000)
    desk.show(
        bar(T, 60_000.0, symbol="BTC/USDT", spread=10.0),
        bar(T + HOUR, 60_500.0, 61_000.0, 60_000.0, 60_900.0, symbol="BTC/USDT", spread=10.0),
    )
    assert prices(desk) == [("entry", 1, 60_005.0), ("target", -1, 60_995.0)]
    assert Decimal(desk.trades[0].spread_cost) == 10
    assert Decimal(desk.trades[0].net) == 990


@pytest.mark.req("X11")
def test_the_spread_of_unquoted_bars_follows_the_hour_and_the_scale() -> None:
    """Three times as wide at 21 UTC; a sensitivity run doubles it again."""
    hours = tuple(3.0 if hour == 21 else 1.0 for hour in range(24))
    for scale in (1.0, 2.0, 3.0):
        desk = Desk(CostModel(slippage_fraction=0.0, spread_by_hour=hours), spread_scale=scale)
        roll = new_york(f"{MONDAY} 17:00")
        desk.order("s", 1, 1.0, ts=roll - HOUR, until=roll)
        desk.show(bar(roll - HOUR, 1.1), bar(roll, 1.1))
        assert [Decimal(fill.spread_cost) for fill in desk.fills] == [
            Decimal(11) * int(scale),
            Decimal(33) * int(scale),
        ]


def test_the_same_client_id_is_one_order_and_a_cancelled_one_never_fills() -> None:
    """A resend after a restart changes nothing."""
    desk = Desk()
    intent = desk.order("s", 1, 0.5, ts=T)
    desk.broker.submit(intent)
    assert len(desk.show(bar(T, 1.1))) == 1
    desk.broker.submit(intent)
    assert desk.show(bar(T + HOUR, 1.1)) == []
    other = desk.order("t", 1, 0.5, ts=T + 2 * HOUR)
    assert desk.broker.cancel(other.client_id)
    assert not desk.broker.cancel(other.client_id)
    assert not desk.broker.cancel("nobody")
    desk.broker.submit(other)
    assert desk.show(bar(T + 2 * HOUR, 1.1)) == []


def test_synthetic_bars_trade_nothing() -> None:
    """A carried-forward price is not a price anybody could have had."""
    desk = Desk()
    desk.order("s", 1, 0.5, ts=T)
    assert desk.show(bar(T, 1.1, synthetic="carried")) == []
    assert len(desk.show(bar(T + HOUR, 1.2))) == 1


def test_an_intent_without_a_known_rate_is_refused() -> None:
    """EUR/GBP in a USD account needs GBP/USD or USD/GBP; before any close of these nothing is guessed."""
    desk = Desk()
    desk.order("s", 1, 0.5, ts=T, symbol="EUR/GBP")
    desk.show(bar(T, 0.85, symbol="EUR/GBP"))
    assert [refusal.code for refusal in desk.refusals] == ["no_rate"]
    desk.show(bar(T, 1.25, symbol="GBP/USD"))
    desk.order("t", 1, 1.0, ts=T + HOUR, symbol="EUR/GBP", until=T + 2 * HOUR)
    desk.show(bar(T + HOUR, 0.85, symbol="EUR/GBP"), bar(T + 2 * HOUR, 0.86, symbol="EUR/GBP"))
    assert Decimal(desk.trades[0].net) == 1250  # 100 pips x 10 GBP x 1.25


def test_impossible_orders_are_refused_when_given() -> None:
    """No size, no side, no such symbol."""
    desk = Desk()
    for symbol, side, steps in (("EUR/USD", 1, 0), ("EUR/USD", 0, 5), ("EUR/XXX", 1, 5)):
        with pytest.raises(Misconfigured, match="cannot trade"):
            desk.broker.submit(OrderIntent("c", "s", symbol, side, steps, 0, 0, 0, T))


def test_exits_follow_the_one_definition_of_matching() -> None:
    """For a free unquoted market the broker's exit is `bracket_exit` to the tick, on a grid of bars."""
    stop, target = 1.095, 1.105
    for side in (1, -1):
        for open_ in (1.09, 1.095, 1.1, 1.105, 1.11):
            for reach_up in (0.0, 0.005, 0.02):
                for reach_down in (0.0, 0.005, 0.02):
                    desk = Desk()
                    mine, theirs = (stop, target) if side > 0 else (target, stop)
                    desk.order("s", side, 1.0, ts=T, stop=mine, target=theirs)
                    top, bottom = round(open_ + reach_up, 5), round(open_ - reach_down, 5)
                    desk.show(bar(T, 1.1), bar(T + HOUR, open_, top, bottom, open_))
                    code, price, ambiguous = bracket_exit(side, open_, top, bottom, mine, theirs)
                    if math.isnan(price):
                        assert desk.trades == []
                        continue
                    (trade,) = desk.trades
                    assert (trade.exit, trade.exit_leg, trade.ambiguous) == (
                        price,
                        ["", "stop", "target"][code],
                        ambiguous,
                    )
