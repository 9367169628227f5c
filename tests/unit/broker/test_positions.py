"""Netting, hedging, charges, snapshots, and what the portfolio makes of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.desk import MONDAY, Desk, bar, new_york, utc
from tradewind.errors import Corrupt
from tradewind.model.instrument import CostModel
from tradewind.model.order import Leg
from tradewind.model.timeframe import DAY, HOUR

T = new_york(f"{MONDAY} 09:00")


def held(desk: Desk) -> list[tuple[int, int]]:
    return [(one.side, one.steps) for one in desk.broker.holdings("EUR/USD")]


@pytest.mark.req("X12")
def test_netting_keeps_one_side_per_symbol() -> None:
    """Long 1.0, then short 0.4, short 1.0, long 0.4: reduce, reverse, flat. The script of the desk manual."""
    desk = Desk()
    desk.order("a", 1, 1.0, ts=T, stop=1.0)
    desk.show(bar(T, 1.1))
    desk.order("b", -1, 0.4, ts=T + HOUR, stop=1.2)
    desk.show(bar(T + HOUR, 1.11))
    assert held(desk) == [(1, 60)]
    desk.order("c", -1, 1.0, ts=T + 2 * HOUR, stop=1.3)
    desk.show(bar(T + 2 * HOUR, 1.12))
    assert held(desk) == [(-1, 40)]
    desk.order("d", 1, 0.4, ts=T + 3 * HOUR, stop=1.0)
    desk.show(bar(T + 3 * HOUR, 1.1))
    assert held(desk) == []
    assert [(fill.leg, fill.signal_id, fill.side, fill.steps) for fill in desk.fills] == [
        (Leg.ENTRY, "a", 1, 100),
        (Leg.CLOSE, "a", -1, 40),
        (Leg.CLOSE, "a", -1, 60),
        (Leg.ENTRY, "c", -1, 40),
        (Leg.CLOSE, "c", 1, 40),
    ]
    assert [(trade.signal_id, Decimal(trade.net)) for trade in desk.trades] == [("a", 400), ("a", 1200), ("c", 800)]
    assert [(one.signal_id, one.result) for one in desk.outcomes] == [
        ("b", "expired"),
        ("a", "won"),
        ("c", "won"),
        ("d", "expired"),
    ]
    assert [refusal.code for refusal in desk.refusals] == ["netted", "netted"]
    assert desk.portfolio.balance == 12_400


@pytest.mark.req("X12")
def test_hedging_keeps_both_sides_with_their_own_brackets() -> None:
    """The same long and short stand side by side; a fall stops the long and brings the short its target."""
    desk = Desk(netting=False)
    desk.order("a", 1, 1.0, ts=T, stop=1.09, target=1.2)
    desk.order("b", -1, 0.4, ts=T, stop=1.2, target=1.08)
    desk.show(bar(T, 1.1))
    assert held(desk) == [(1, 100), (-1, 40)]
    position = desk.portfolio.position("EUR/USD")
    assert position is not None
    assert (position.side, position.lots) == (1, 0.6)
    desk.show(bar(T + HOUR, 1.095, 1.095, 1.075, 1.08))
    assert [(trade.signal_id, trade.exit, Decimal(trade.net)) for trade in desk.trades] == [
        ("a", 1.09, -1000),
        ("b", 1.08, 800),
    ]


def test_adding_in_netting_moves_the_bracket_of_the_whole() -> None:
    """Two longs, the later stop protects both; each keeps its own round trip."""
    desk = Desk()
    desk.order("a", 1, 0.5, ts=T, stop=1.05, target=1.3)
    desk.show(bar(T, 1.1))
    desk.order("b", 1, 0.5, ts=T + HOUR, stop=1.09, target=1.3)
    desk.show(bar(T + HOUR, 1.12), bar(T + 2 * HOUR, 1.12, 1.12, 1.085, 1.1))
    assert [(trade.signal_id, trade.exit, Decimal(trade.net)) for trade in desk.trades] == [
        ("a", 1.09, -500),
        ("b", 1.09, -1500),
    ]


@pytest.mark.req("X09")
def test_a_position_held_over_wednesday_pays_three_nights() -> None:
    """Monday morning to the next Monday: five roll-overs, seven nights, each itemised; none at the week-end."""
    desk = Desk(CostModel(spread_fraction=0, slippage_fraction=0, swap_long=-5.0, swap_short=2.0))
    desk.order("s", 1, 2.0, ts=T, until=T + 7 * DAY)
    hours = [T + i * HOUR for i in range(169)]
    desk.show(*(bar(ts, 1.1) for ts in hours if not new_york("2026-05-15 17:00") <= ts < new_york("2026-05-17 17:00")))
    assert [(charge.ts, Decimal(charge.amount)) for charge in desk.charges] == [
        (new_york("2026-05-11 17:00"), -10),
        (new_york("2026-05-12 17:00"), -10),
        (new_york("2026-05-13 17:00"), -30),
        (new_york("2026-05-14 17:00"), -10),
        (new_york("2026-05-15 17:00"), -10),
    ]
    (trade,) = desk.trades
    assert Decimal(trade.swap) == -70
    assert Decimal(trade.net) == -70
    assert desk.portfolio.ledger.total("swap") == -70


def test_swap_follows_the_side_the_triple_day_and_the_clock_change() -> None:
    """A short is paid its own rate; the roll-over is 22:00 UTC in winter and 21:00 in summer."""
    desk = Desk(CostModel(spread_fraction=0, slippage_fraction=0, swap_short=2.0, triple_swap_weekday=4))
    start = new_york("2026-03-06 12:00")
    desk.order("s", -1, 1.0, ts=start)
    desk.show(bar(start, 1.1), bar(new_york("2026-03-08 17:00"), 1.1), bar(new_york("2026-03-09 17:00"), 1.1))
    assert [(charge.ts, Decimal(charge.amount)) for charge in desk.charges] == [
        (utc("2026-03-06 22:00"), 6),
        (utc("2026-03-09 21:00"), 2),
    ]


def test_no_swap_for_a_position_that_was_not_there_at_the_roll_over() -> None:
    """Opened with the bar that starts at 17:00, or closed by the one that ends there."""
    desk = Desk(CostModel(spread_fraction=0, slippage_fraction=0, swap_long=-5.0))
    roll = new_york(f"{MONDAY} 17:00")
    desk.order("late", 1, 1.0, ts=roll, until=roll + HOUR)
    desk.show(bar(roll, 1.1), bar(roll + HOUR, 1.1))
    desk.order("early", 1, 1.0, ts=roll + 22 * HOUR, stop=1.09)
    desk.show(bar(roll + 23 * HOUR, 1.1, 1.1, 1.08, 1.1), bar(roll + 24 * HOUR, 1.1))
    assert desk.charges == []
    assert len(desk.trades) == 2


@pytest.mark.req("X09")
def test_funding_is_paid_by_longs_every_eight_hours() -> None:
    """0.01 % of 60,000 on one coin: 6 at 16:00, 6 at 00:00 UTC; a short receives it."""
    costs = CostModel(spread_fraction=0, slippage_fraction=0, funding_rate=0.0001)
    start = utc("2026-05-12 10:00")
    for side in (1, -1):
        desk = Desk(costs)
        desk.order("s", side, 1.0, ts=start, symbol="BTC/USDT")
        desk.show(*(bar(start + i * HOUR, 60_000.0, symbol="BTC/USDT") for i in range(15)))
        assert [(charge.kind, Decimal(charge.amount)) for charge in desk.charges] == [("funding", -6 * side)] * 2


def test_a_fill_reported_twice_is_booked_once_and_a_stranger_stops_the_book() -> None:
    """Replays after a restart do no harm; a fill nobody planned must not be swallowed."""
    desk = Desk()
    desk.order("s", 1, 1.0, ts=T, stop=1.09)
    desk.show(bar(T, 1.1))
    before = desk.portfolio.snapshot()
    assert desk.portfolio.on_fill(desk.fills[0]) == []
    assert desk.portfolio.snapshot() == before
    desk.show(bar(T + HOUR, 1.1, 1.1, 1.08, 1.09))
    assert desk.portfolio.on_fill(desk.fills[1]) == []
    with pytest.raises(Corrupt, match="no planned signal"):
        Desk().portfolio.on_fill(desk.fills[0])


def test_excursions_are_measured_in_r_from_bars_and_the_exit() -> None:
    """Risk 500 on one lot is 50 pips: 20 below are 0.4 R; the exit bar's own extremes are left out."""
    desk = Desk()
    desk.order("s", 1, 1.0, ts=T, stop=1.095, target=1.11, risk=500.0)
    desk.show(bar(T, 1.1, 1.103, 1.098, 1.1), bar(T + HOUR, 1.1, 1.2, 1.0999, 1.15))
    (trade,) = desk.trades
    assert trade.mae_r == pytest.approx(0.4)
    assert trade.mfe_r == pytest.approx(2.0)
    assert (trade.r, desk.outcomes[0].r) == (2.0, 2.0)


def test_equity_floats_with_the_close_that_would_be_paid() -> None:
    """A short is marked at the ask; the drawdown runs from the highest equity."""
    desk = Desk()
    desk.order("s", -1, 1.0, ts=T, risk=300.0)
    desk.show(bar(T, 1.1, close=1.09, spread=0.0002))
    assert desk.portfolio.equity == pytest.approx(10_980.0)
    assert desk.portfolio.open_risk == 300.0
    desk.show(bar(T + HOUR, 1.09, close=1.1, spread=0.0002))
    assert desk.portfolio.equity == pytest.approx(9_980.0)
    assert desk.portfolio.max_drawdown == pytest.approx(1_000 / 10_980)
    assert desk.portfolio.drawdown == desk.portfolio.max_drawdown


@pytest.mark.req("X08")
def test_equity_is_kept_by_trading_day() -> None:
    """The FX day turns at 17:00 New York; the last day is booked when the run ends."""
    desk = Desk()
    desk.order("s", 1, 1.0, ts=T)
    opens = [new_york(f"{MONDAY} 16:00"), new_york(f"{MONDAY} 17:00"), new_york("2026-05-12 17:00")]
    desk.show(*(bar(ts, 1.1 + i / 100, close=1.1 + (i + 1) / 100) for i, ts in enumerate(opens)))
    desk.portfolio.finish()
    assert desk.portfolio.daily == [
        (date(2026, 5, 11), pytest.approx(11_000.0)),
        (date(2026, 5, 12), pytest.approx(12_000.0)),
        (date(2026, 5, 13), pytest.approx(13_000.0)),
    ]


def test_snapshots_continue_the_same_account() -> None:
    """Broker and portfolio restored in the middle report and book what the uninterrupted ones do."""
    costs = CostModel(swap_long=-5.0, swap_short=-4.0, commission_per_lot=3.0)

    def play(desk: Desk, first: int, last: int) -> None:
        for i in range(first, last):
            price = 1.1 + ((i * 37) % 23 - 11) / 2000
            if i % 5 == 0:
                side = 1 if i % 2 else -1
                desk.order(
                    f"s{i}",
                    side,
                    0.3 + i % 3 / 10,
                    ts=T + i * HOUR,
                    stop=price - side * 0.004,
                    target=price + side * 0.006,
                )
            desk.show(bar(T + i * HOUR, price, price + 0.003, price - 0.003, price + 0.001))

    whole, broken = Desk(costs), Desk(costs)
    play(whole, 0, 60)
    play(broken, 0, 31)
    again = Desk(costs)
    again.broker.restore(broken.broker.snapshot())
    again.portfolio.restore(broken.portfolio.snapshot())
    again.rates.restore(broken.rates.snapshot())
    play(again, 31, 60)
    assert len(whole.trades) > 5
    assert broken.trades + again.trades == whole.trades
    assert broken.charges + again.charges == whole.charges
    assert again.portfolio.snapshot() == whole.portfolio.snapshot()
    assert again.broker.snapshot() == whole.broker.snapshot()
    with pytest.raises(Corrupt, match="does not balance"):
        again.portfolio.ledger.post({"cash": Decimal(1)})
