"""The guard of the account in the engine: what it stops, when, for how long, and who may start it again."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from tests.fakes.guarded import Guarded, of, plan_of
from tradewind.model.decision import NoTrade, Signal
from tradewind.model.guard import AccountMark, Answered, GuardChanged, GuardState
from tradewind.model.notice import Notice
from tradewind.model.order import Fill, Leg, Refusal
from tradewind.model.outcome import Trade
from tradewind.model.timeframe import HOUR, SECOND

MONDAY = int(datetime(2026, 5, 11, 6, tzinfo=UTC).timestamp()) * SECOND
FOUR = {"EUR/USD": 1.1, "GBP/USD": 1.3, "XAU/USD": 2400.0, "BTC/USD": 60_000.0}


def desk(*, prices: dict[str, float] | None = None, start: int = MONDAY, **risk: object) -> Guarded:
    """A desk that may lose a tenth of the account on one trade and has no daily limit, unless a test says so."""
    settings = {"risk_per_trade": 0.10, "daily_loss_limit": 1.0, "max_drawdown": 0.15, "drawdown_alert": 0.125} | risk
    prices = prices or {"BTC/USD": 60_000.0}
    made = Guarded(plan_of(tuple(prices), **settings), prices, start)
    made.hour()
    return made


def bought(made: Guarded, stop: float = 0.05) -> None:
    """A long bitcoin position, filled at the open of the next hour."""
    made.wish("BTC/USD", 1, stop)
    assert of(Signal, made.hour())
    assert of(Fill, made.hour())


def codes(outputs: list) -> list[str]:
    return [reason.code for one in of(NoTrade, outputs) for reason in one.reasons]


@pytest.mark.req("G03", "H18")
def test_a_fall_to_the_limit_closes_everything_and_stops_for_good() -> None:
    """Equity falls through 15 % of its peak: STOPPED, every position closed at the next tradable price."""
    made = desk(prices={"BTC/USD": 60_000.0, "EUR/USD": 1.1, "XAU/USD": 2400.0})
    for symbol, stop in (("BTC/USD", 0.05), ("EUR/USD", 0.05), ("XAU/USD", 0.05)):
        made.wish(symbol, 1, stop)
    made.hour()
    made.hour()
    assert len(made.engine.portfolio.positions()) == 3
    crash = made.hour(BTCUSD=-0.0252, EURUSD=-0.0252, XAUUSD=-0.0252)
    assert made.engine.portfolio.drawdown > 0.15
    (changed,) = [one for one in of(GuardChanged, crash) if one.cause == "drawdown_limit"]
    assert (changed.after, changed.limit) == (GuardState.STOPPED, 0.15)
    assert [one.severity for one in of(Notice, crash) if one.code == "drawdown_limit"] == ["critical"]
    after = made.hour()
    assert {one.exit_leg for one in of(Trade, after)} == {"close"}
    assert len(of(Trade, after)) == 3
    assert made.engine.portfolio.positions() == ()
    made.wish("BTC/USD", 1)
    refused = made.hour()
    assert not of(Signal, refused)
    assert "guard_stopped" in codes(refused)
    made.replayed()


@pytest.mark.req("G04")
def test_a_fall_to_the_alert_is_told_once_and_stops_nothing() -> None:
    made = desk()
    bought(made)
    told = made.hour(BTCUSD=-0.0626 / 2)
    assert not of(Notice, told), "half of the stop distance is a fall of 6 %"
    made = desk(risk_per_trade=0.10)
    bought(made, stop=0.01)
    made.hour(BTCUSD=-0.011)
    bought(made, stop=0.01)
    alert = made.hour(BTCUSD=-0.0032)
    (notice,) = of(Notice, alert)
    assert (notice.code, notice.severity, notice.limit) == ("drawdown_alert", "critical", 0.125)
    assert 0.125 <= notice.value < 0.15
    assert "approaching 15.0%" in notice.detail
    assert made.engine.guard.state is GuardState.NORMAL
    assert not of(Notice, made.hour(BTCUSD=-0.0001))
    assert len(made.engine.portfolio.positions()) == 1


@pytest.mark.req("G05", "X08")
def test_a_day_that_lost_too_much_takes_no_new_risk_until_the_next() -> None:
    """-5.01 % within a day: the open position keeps its stop, entries are refused until the account's day is over."""
    made = desk(daily_loss_limit=0.05, risk_per_trade=0.026)
    bought(made, stop=0.01)
    made.hour(BTCUSD=-0.0105)
    assert made.engine.guard.state is GuardState.NORMAL
    bought(made, stop=0.01)
    lost = made.hour(BTCUSD=-0.0105)
    assert made.engine.guard.latches["daily_loss"].value == pytest.approx(0.0513, abs=1e-3)
    assert made.engine.guard.latches["daily_loss"].state is GuardState.HALTED
    assert made.engine.guard.latches["daily_loss"].until > made.now
    assert of(Trade, lost)
    made.wish("BTC/USD", 1)
    assert "guard_halted" in codes(made.hour())
    while made.now < made.engine.guard.latches["daily_loss"].until:
        made.hour()
    again = made.hour()
    assert [one.cause for one in of(GuardChanged, again) if one.cleared] == ["daily_loss"]
    made.wish("BTC/USD", 1)
    assert of(Signal, made.hour())
    made.replayed()


@pytest.mark.req("X12")
def test_a_wish_for_the_other_side_of_an_open_position_is_refused_and_pyramids_are_too() -> None:
    """One trade a symbol: neither hedged nor added to."""
    made = desk()
    bought(made)
    for side in (-1, 1):
        made.wish("BTC/USD", side)
        assert "position_open" in codes(made.hour())


@pytest.mark.req("G18")
def test_two_dozen_wishes_at_once_share_one_cap() -> None:
    """4 symbols, six times over in the same hours: the planned losses of all together never pass the cap."""
    made = desk(prices=FOUR, risk_per_trade=0.02, max_open_risk=0.05)
    made.hour()
    for _ in range(6):
        for symbol in FOUR:
            made.wish(symbol, 1, 0.02)
        made.hour()
        view = made.engine.portfolio.account_view("EUR/USD")
        assert view.open_risk <= 0.05 * 100_000.0 * 1.0001
    held = made.engine.portfolio.positions()
    assert 2 <= len(held) <= 4


@pytest.mark.req("G09")
def test_an_order_without_a_stop_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever made the signal: no stop, or one on the winning side, and no order leaves."""
    for stop in (0.0, float("nan"), 61_000.0):
        made = desk()
        honest = made.engine._signal

        def naked(bar, bracket, consensus, honest=honest, stop=stop):
            return honest(bar, msgspec.structs.replace(bracket, stop=stop), consensus)

        monkeypatch.setattr(made.engine, "_signal", naked)
        made.wish("BTC/USD", 1)
        outputs = made.hour()
        (refusal,) = of(Refusal, outputs)
        assert refusal.code == "no_stop"
        made.hour()
        assert made.engine.portfolio.positions() == ()


@pytest.mark.req("H18", "O11")
def test_rollback_withdraws_closes_and_stops_and_is_idempotent() -> None:
    """A waiting order is withdrawn, held positions leave at the next open at or after the order, then nothing."""
    made = desk(prices=FOUR, risk_per_trade=0.01)
    for symbol in ("EUR/USD", "XAU/USD"):
        made.wish(symbol, 1)
    made.hour()
    made.hour()
    made.wish("BTC/USD", 1)
    made.hour()
    made.now += HOUR // 2
    first = made.order("rollback", reason="enough", request="7")
    made.now -= HOUR // 2
    (answer,) = of(Answered, first)
    assert (answer.result, answer.state) == ("done", GuardState.STOPPED)
    assert "2 positions leave at the next tradable price: EUR/USD, XAU/USD; 1 waiting order withdrawn" in answer.detail
    assert of(Refusal, first)[0].code == "withdrawn"
    assert made.order("rollback", request="7") == [], "the same request is not obeyed twice"
    assert not of(Trade, made.hour()), "the hour that was half over when it was ordered opened before it"
    closed = of(Trade, made.hour())
    assert {one.symbol for one in closed} == {"EUR/USD", "XAU/USD"}
    (again,) = of(Answered, made.order("rollback", request="8"))
    assert (again.result, again.detail) == ("unchanged", "")
    assert made.engine.portfolio.positions() == ()
    made.replayed()


def test_liquidate_closes_everything_and_resume_trades_on() -> None:
    made = desk()
    bought(made)
    (answer,) = of(Answered, made.order("liquidate", request="1"))
    assert "1 position leaves" in answer.detail
    assert of(Trade, made.hour())
    made.wish("BTC/USD", 1)
    assert "guard_reducing" in codes(made.hour())
    made.order("resume")
    made.wish("BTC/USD", 1)
    assert of(Signal, made.hour())


def test_a_stopped_account_is_started_again_for_a_reason_only_and_measured_from_there() -> None:
    """After a drawdown stop: resume alone, or without a reason, changes nothing; the new peak is today's equity."""
    made = desk()
    bought(made)
    made.hour(BTCUSD=-0.051)
    bought(made)
    made.hour(BTCUSD=-0.051)
    made.hour()
    assert made.engine.guard.state is GuardState.STOPPED
    for argument, reason in (("", "why not"), ("stopped", "")):
        made.order("resume", argument, reason)
        assert made.engine.guard.state is GuardState.STOPPED
    made.order("resume", "stopped", "a smaller size is set")
    assert made.engine.guard.state is GuardState.NORMAL
    bought(made)
    made.hour(BTCUSD=-0.001)
    assert made.engine.guard.state is GuardState.NORMAL


@pytest.mark.req("G10")
def test_a_kill_withdraws_what_waits_and_leaves_what_is_protected() -> None:
    made = desk(prices={"BTC/USD": 60_000.0, "EUR/USD": 1.1})
    bought(made)
    made.wish("EUR/USD", 1)
    assert of(Signal, made.hour())
    killed = made.order("kill_on", reason="prices look wrong", request="3")
    assert [one.symbol for one in of(Refusal, killed)] == ["EUR/USD"]
    made.hour()
    assert [one.symbol for one in made.engine.portfolio.positions()] == ["BTC/USD"]
    assert of(Trade, made.hour(BTCUSD=-0.06))[0].exit_leg == Leg.STOP
    for order in (("kill_off", "", ""), ("kill_off", "data/KILL", "all is well"), ("resume", "stopped", "go")):
        made.order(*order)
        assert made.engine.guard.state is GuardState.HALTED
    made.order("kill_off", "", "all is well")
    assert made.engine.guard.state is GuardState.NORMAL


def test_losses_in_a_row_and_a_stop_let_the_desk_rest() -> None:
    made = desk(risk_per_trade=0.001, cooldown_losses=2, cooldown_hours=5, symbol_cooldown_hours=3)
    bought(made, stop=0.01)
    assert of(Trade, made.hour(BTCUSD=-0.02))
    rest = made.now
    made.wish("BTC/USD", 1)
    assert codes(made.hour()) == ["symbol_cooling"]
    while made.now < rest + 3 * HOUR:
        made.hour()
    bought(made, stop=0.01)
    lost = made.hour(BTCUSD=-0.02)
    assert [one.cause for one in of(GuardChanged, lost)] == ["loss_streak"]
    until = made.engine.guard.latches["loss_streak"].until
    made.restart()
    while made.now < until:
        made.wish("BTC/USD", 1)
        assert not of(Signal, made.hour())
    made.wish("BTC/USD", 1)
    assert of(Signal, made.hour())
    made.replayed()


FTMO = {"firm": "ftmo-2step", "risk_per_trade": 0.02, "max_drawdown": 0.5, "drawdown_alert": 0.4}


@pytest.mark.req("G11")
def test_an_order_whose_stop_would_breach_is_clipped_or_refused_before_it_leaves() -> None:
    """Half of what is left to the nearer floor is the most all stops together may take."""
    made = desk(**(FTMO | {"risk_per_trade": 0.10}))
    made.wish("BTC/USD", 1, 0.02)
    (signal,) = of(Signal, made.hour())
    assert "firm_room" in [clip.code for clip in signal.bracket.clips]
    assert signal.bracket.risk_cash == pytest.approx(2_500.0, rel=0.01)
    made = desk(prices=FOUR, **FTMO)
    for symbol in FOUR:
        made.wish(symbol, 1, 0.01)
    outputs = made.hour()
    planned = sum(one.bracket.risk_cash for one in of(Signal, outputs))
    assert 2_000.0 < planned <= 2_500.0
    assert "firm_room" in codes(outputs) or len(of(Signal, outputs)) == 4


@pytest.mark.req("G11", "DIS07")
def test_our_own_guard_stops_new_risk_at_60_and_closes_all_at_80_of_the_room() -> None:
    """2-Step: 3,000 of 5,000 lost today, then 4,000; the firm's own floor is never reached."""
    made = desk(**FTMO)
    bought(made, stop=0.02)
    made.hour(BTCUSD=-0.021)
    assert made.engine.guard.state is GuardState.NORMAL
    bought(made, stop=0.02)
    near = made.hour(BTCUSD=-0.016)
    assert {one.cause for one in of(GuardChanged, near)} == {"firm_daily_near"}
    assert made.engine.guard.state is GuardState.REDUCING
    assert len(made.engine.portfolio.positions()) == 1
    made.restart()
    equity = made.engine.portfolio.equity
    assert equity > 95_000.0
    until = made.engine.guard.latches["firm_daily_near"].until
    assert datetime.fromtimestamp(until // SECOND, UTC).hour == 22, "midnight in Prague in May"
    made.replayed()


@pytest.mark.req("G11", "X08")
def test_the_day_of_a_firm_account_turns_at_its_midnight_over_both_clock_changes() -> None:
    """Marks are made at midnight in Prague: 23:00Z in winter, 22:00Z in summer, whatever the bars are."""
    for first, turns in (
        ("2026-03-28T12:00", ["2026-03-28T23:00", "2026-03-29T22:00"]),
        ("2026-10-24T12:00", ["2026-10-24T22:00", "2026-10-25T23:00"]),
    ):
        start = int(datetime.fromisoformat(first).replace(tzinfo=UTC).timestamp()) * SECOND
        made = desk(start=start, **FTMO)
        marks = [one for _ in range(40) for one in of(AccountMark, made.hour()) if one.kind == "day"]
        found = [datetime.fromtimestamp(one.ts // SECOND, UTC).strftime("%Y-%m-%dT%H:%M") for one in marks]
        assert found == turns


@pytest.mark.req("G11")
def test_a_floating_loss_is_closed_before_midnight_makes_it_a_breach() -> None:
    """+4,000 closed and -8,000 floating: inside today's floor, and 80 % of what tomorrow's would allow."""
    made = desk(**(FTMO | {"risk_per_trade": 0.05}))
    plan = msgspec.structs.replace(made.plan.guard.firm, room_share=1.0, buffer=0.0)
    made = Guarded(
        msgspec.structs.replace(made.plan, guard=msgspec.structs.replace(made.plan.guard, firm=plan)), {"BTC/USD": 6e4},
        MONDAY,
    )  # fmt: skip
    made.hour()
    made.wish("BTC/USD", 1, 0.05, 0.8)
    made.hour()
    made.hour(BTCUSD=0.041)
    assert float(made.engine.portfolio.balance) > 103_500.0
    bought(made, stop=0.05)
    made.hour(BTCUSD=-0.041)
    assert {"firm_daily_close", "firm_daily_near"} <= made.engine.guard.latches.keys()
    assert made.engine.portfolio.equity > 95_000.0 + 4_000.0
    assert of(Trade, made.hour())


def test_a_restart_looks_at_the_account_when_it_would_have_been_looked_at_without_one() -> None:
    """Between two looks the guard remembers the equity of the last one; a restart in between must not move it."""
    firm = {"firm": "ftmo-2step", "daily_loss_limit": 0.5, "max_drawdown": 0.5}
    made, other = (desk(risk_per_trade=0.01, **firm) for _ in range(2))
    for one in (made, other):
        bought(one)
        one.hour(BTCUSD=-0.003)
    other.restart()
    for one in (made, other):
        one.hour(BTCUSD=-0.002)
    assert other.engine.account.snapshot() == made.engine.account.snapshot()
