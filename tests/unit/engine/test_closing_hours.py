"""A funded account is flat when its firm says so: before listed news and over the week-end; others hold on."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.fakes.guarded import Guarded, of, plan_of
from tests.shared_data import shared
from tradewind.app.firm_files import firm_rules
from tradewind.model.calendar import NewsCalendar, NewsEvent
from tradewind.model.decision import NoTrade, Signal
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.notice import Notice
from tradewind.model.order import Fill
from tradewind.model.outcome import Trade
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import DAY, HOUR, MINUTE, SECOND
from tradewind.risk.closing_hours import NEWS, WEEKEND, ClosingHours
from tradewind.risk.firm_account import FirmAccount
from tradewind.risk.guard_params import FirmPlan

FX = calendar_of("fx")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


PAYROLLS = at("2026-06-05T12:30")  # a Friday
THURSDAY = at("2026-06-04T06:00")


def calendar(*events: NewsEvent) -> NewsCalendar:
    return NewsCalendar(THURSDAY, THURSDAY, THURSDAY - DAY, THURSDAY + 6 * DAY, "feed", "test", events)


def hours(stage: str = "funded", kind: str = "standard") -> ClosingHours:
    return ClosingHours(FirmPlan(firm_rules("ftmo-2step"), stage, kind))


def desk(stage: str = "funded", kind: str = "standard", prices: dict[str, float] | None = None) -> Guarded:
    """Hourly bars of a firm's account from Thursday on, the calendar with the payrolls known."""
    plan = plan_of(
        tuple(prices or {"EUR/USD": 1.1}), risk_per_trade=0.001, firm="ftmo-2step", firm_stage=stage, firm_type=kind
    )
    made = Guarded(plan, prices or {"EUR/USD": 1.1}, THURSDAY)
    made.feed(calendar(NewsEvent(PAYROLLS, "USD", 1, "Non-Farm Employment Change")))
    return made


def until(made: Guarded, ts: int) -> list:
    said = []
    while made.now < ts:
        said += made.hour()
    return said


@pytest.mark.req("G11")
@pytest.mark.parametrize(
    ("minutes", "blocked", "leaves"),
    [(-8, False, False), (-7, True, True), (-3, True, True), (-2, True, False), (0, True, False), (2, True, False),
     (2.01, False, False)],
)  # fmt: skip
def test_the_window_of_the_firm_to_the_second_on_minute_bars(minutes: float, blocked: bool, leaves: bool) -> None:
    """Two minutes each side, edges included; left five minutes ahead or more, never inside, where a fill breaks it."""
    ts = PAYROLLS + round(minutes * MINUTE)
    known = calendar(NewsEvent(PAYROLLS, "USD", 1, "Non-Farm Employment Change"))
    rules = hours()
    found = rules.objection(INSTRUMENTS["EUR/USD"], FX, known, ts, MINUTE)
    assert (found is not None) is blocked
    assert (found is not None and rules.may_leave(found, ts)) is leaves


@pytest.mark.req("G11")
def test_an_order_to_leave_given_when_we_give_it_is_filled_outside_of_what_the_firm_punishes() -> None:
    """The firm's arithmetic over the scenarios' news: the last close at which we leave is no breach, the next is."""
    scenarios = json.loads(shared("ground_truth/ftmo.json").read_text())["scenarios"]
    news = {event["news"] for one in scenarios for event in one["events"] if "news" in event}
    assert news
    for text in news:
        ts = at(text.removesuffix("Z"))
        rules, known = hours(), calendar(NewsEvent(ts, "USD", 1, "listed"))
        closes = [ts + step * MINUTE for step in range(-30, 10)]
        asked = {one: rules.objection(INSTRUMENTS["EUR/USD"], FX, known, one, MINUTE) for one in closes}
        leaving = [one for one, found in asked.items() if found is not None and rules.may_leave(found, one)]
        for moment, fails in ((leaving[-1], False), (leaving[-1] + MINUTE, True)):
            account = FirmAccount(firm_rules("ftmo-2step"), 100_000.0, "funded", "standard", THURSDAY)
            judged = account.filled_near_news(moment, ts)
            assert (judged is not None and judged.verdict == "FAIL") is fails


def test_news_of_other_currencies_and_lower_tiers_bind_nobody_and_coins_are_left_alone() -> None:
    """The rule is about instruments that listed news target."""
    rules, ts = hours(), PAYROLLS - 4 * MINUTE
    for event, symbol in (
        (NewsEvent(PAYROLLS, "JPY", 1, "x"), "EUR/USD"),
        (NewsEvent(PAYROLLS, "USD", 3, "x"), "EUR/USD"),
        (NewsEvent(PAYROLLS, "USD", 1, "x"), "BTC/USD"),
    ):
        assert rules.objection(INSTRUMENTS[symbol], FX, calendar(event), ts, MINUTE) is None
    gold = rules.objection(INSTRUMENTS["XAU/USD"], FX, calendar(NewsEvent(PAYROLLS, "USD", 2, "x")), ts, MINUTE)
    assert gold is not None


def test_without_a_calendar_the_windows_by_rule_hold() -> None:
    """Fails closed: the employment report is expected on the first Friday, calendar or none."""
    found = hours().objection(INSTRUMENTS["EUR/USD"], FX, None, at("2026-06-05T11:50"), HOUR)
    assert found is not None
    assert found.code == NEWS
    assert hours().objection(INSTRUMENTS["EUR/USD"], FX, None, at("2026-06-04T03:00"), HOUR) is None


@pytest.mark.req("G11")
@pytest.mark.parametrize(
    ("stage", "kind", "flat"),
    [("funded", "standard", True), ("funded", "swing", False), ("challenge", "standard", False)],
)
def test_a_funded_standard_account_leaves_before_payrolls_and_the_others_hold(
    stage: str, kind: str, flat: bool
) -> None:
    """Left at the open before the release, told once, nothing entered until it is over; then trading goes on."""
    made = desk(stage, kind)
    made.hour()
    made.wish("EUR/USD", 1, 0.02)
    made.hour()
    assert of(Fill, made.hour())
    said = until(made, at("2026-06-05T11:00"))
    made.wish("EUR/USD", 1, 0.02)
    last = made.hour()
    met = [reason.code for one in of(NoTrade, last) for reason in one.reasons]
    assert (NEWS in met) is flat
    assert ([one.code for one in of(Notice, [*said, *last]) if one.code == NEWS] == [NEWS]) is flat
    trades = of(Trade, [*said, *last, *made.hour()])
    assert len(trades) == (1 if flat else 0)
    assert all(trade.ts_exit < PAYROLLS - 2 * MINUTE for trade in trades)
    if flat:
        made.wish("EUR/USD", 1, 0.02)
        assert of(Signal, made.hour())
    made.replayed()


@pytest.mark.req("G11")
@pytest.mark.parametrize(("kind", "flat"), [("standard", True), ("swing", False)])
def test_nothing_of_a_standard_account_is_held_over_the_week_end_and_a_swing_account_may(kind: str, flat: bool) -> None:
    """Friday's last hour begins without it; what trades around the clock has no week-end."""
    made = desk("funded", kind, {"EUR/USD": 1.1, "BTC/USD": 60_000.0})
    until(made, at("2026-06-05T15:00"))
    for symbol in ("EUR/USD", "BTC/USD"):
        made.wish(symbol, 1, 0.02)
    made.hour()
    assert len(of(Fill, made.hour())) == 2
    said = until(made, at("2026-06-05T21:00"))  # 17:00 New York
    assert [trade.symbol for trade in of(Trade, said)] == (["EUR/USD"] if flat else [])
    assert [one.subject for one in of(Notice, said) if one.code == WEEKEND] == (["EUR/USD"] if flat else [])
    assert made.engine.portfolio.position("BTC/USD") is not None
    assert not [one for one in of(NoTrade, said) if one.symbol == "BTC/USD" and "firm" in str(one.reasons)]
    made.replayed()
