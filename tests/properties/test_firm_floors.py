"""No accepted order can break a firm's floors: random markets, random wishes, every cost, both products."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.guarded import Guarded, of, plan_of
from tradewind.model.guard import AccountMark, GuardChanged
from tradewind.model.order import Fill, Leg
from tradewind.model.timeframe import SECOND

# The day before the clocks change in Prague, so that a walk of four days crosses a day of 23 or of 25 hours.
STARTS = [
    int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND
    for text in ("2026-03-27T09:00", "2026-10-23T09:00")
]
PRICES = {"BTC/USD": 60_000.0, "ETH/USD": 3_000.0}
SYMBOLS = tuple(PRICES)
OWN_OFF = {"daily_loss_limit": 1.0, "max_drawdown": 1.0, "drawdown_alert": 1.0}
moves = st.sampled_from([-0.03, -0.012, -0.004, -0.001, 0.0, 0.001, 0.004, 0.012, 0.03])
distances, targets = st.sampled_from((0.002, 0.01, 0.03)), st.sampled_from((0.5, 2.0, 50.0))
wishes = st.one_of(st.none(), st.tuples(st.sampled_from((1, -1)), distances, targets))
hours = st.lists(st.tuples(moves, moves, wishes, wishes), min_size=20, max_size=110)
firms = st.sampled_from(("ftmo-2step", "ftmo-1step"))


@settings(max_examples=60, deadline=None)
@given(hours, st.sampled_from(STARTS), firms, st.booleans(), st.sets(st.integers(0, 100), max_size=3))
def test_no_accepted_order_can_breach(
    walk: list[tuple], start: int, firm: str, costly: bool, restarts: set[int]
) -> None:
    """Rule: on paths without gaps, whatever is wished for, equity stays above both floors at every bar and midnight.

    Every stop is hit at its price less the modelled costs; positions are carried over midnights; the process is
    restarted from its snapshot in between. The floors are those of the firm's own account in the marks, and the
    verdict is never FAIL.
    """
    costs = {"costs": None} if costly else {}
    plan = plan_of(SYMBOLS, firm=firm, risk_per_trade=0.05, **OWN_OFF, **costs)
    made = Guarded(plan, PRICES, start)
    for number, (first, second, one, two) in enumerate(walk):
        if number in restarts:
            made.restart()
        for symbol, wish in zip(SYMBOLS, (one, two), strict=True):
            if wish is not None:
                made.wish(symbol, *wish)
        outputs = made.hour(BTCUSD=first, ETHUSD=second)
        account = made.engine.account
        assert account is not None
        assert account.firm is not None
        own = account.firm.state
        assert own.verdict != "FAIL", (own.rule, own.equity, own.daily_floor, own.total_floor)
        assert made.engine.portfolio.equity >= max(own.daily_floor, own.total_floor)
        assert not [change for change in of(GuardChanged, outputs) if change.cause == "firm_failed"]
    made.replayed()


@settings(max_examples=25, deadline=None)
@given(hours, st.sampled_from(STARTS))
def test_what_all_stops_would_take_stays_above_both_floors_after_every_entry(walk: list[tuple], start: int) -> None:
    """The worst case counted by hand from the broker's own stops, right after each entry was filled."""
    plan = plan_of(SYMBOLS, firm="ftmo-2step", risk_per_trade=0.05, **OWN_OFF)
    made = Guarded(plan, PRICES, start)
    for first, second, one, two in walk:
        for symbol, wish in zip(SYMBOLS, (one, two), strict=True):
            if wish is not None:
                made.wish(symbol, *wish)
        outputs = made.hour(BTCUSD=first, ETHUSD=second)
        if not [fill for fill in of(Fill, outputs) if fill.leg is Leg.ENTRY]:
            continue
        engine = made.engine
        worst = float(engine.portfolio.balance)
        for symbol in SYMBOLS:
            for held in engine.broker.holdings(symbol):
                lot = next(lot for lot, _ in engine.portfolio.lots() if lot.signal_id == held.signal_id)
                worst += held.side * (held.stop - lot.entry) * lot.value * held.steps
        own = engine.account.firm.state
        assert worst >= max(own.daily_floor, own.total_floor)


@settings(max_examples=40, deadline=None)
@given(hours, st.sampled_from(STARTS))
def test_marks_hold_the_floors_of_the_midnight_before(walk: list[tuple], start: int) -> None:
    """Floors hang from the balance at the last midnight, whatever happened since, and are in every mark of the day."""
    plan = plan_of(SYMBOLS, firm="ftmo-2step", risk_per_trade=0.02, **OWN_OFF)
    made = Guarded(plan, PRICES, start)
    floor = None
    for first, second, one, _ in walk:
        if one is not None:
            made.wish("BTC/USD", *one)
        for mark in of(AccountMark, made.hour(BTCUSD=first, ETHUSD=second)):
            if mark.kind == "day":
                floor = round(mark.day_balance - 5_000.0, 2)
            assert mark.daily_floor == floor
            assert mark.total_floor == 90_000.0
