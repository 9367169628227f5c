"""Accounts under a firm's rules against worked scenarios, both clock changes among them."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared_data import shared
from tradewind import risk
from tradewind.errors import Misconfigured
from tradewind.model.timeframe import DAY, HOUR, SECOND
from tradewind.risk.firm_account import FirmAccount, midnight, next_midnight
from tradewind.risk.firm_rules import FirmRules, firm_rules_of

TRUTH: dict[str, Any] = json.loads(shared("ground_truth/ftmo.json").read_text())
FIRMS = Path(risk.__file__).parent / "firms"
PRAGUE = "Europe/Prague"


def rules(product: str) -> FirmRules:
    return firm_rules_of(tomllib.loads((FIRMS / f"{product}.toml").read_text()), product)


TWO_STEP, ONE_STEP = rules("ftmo-2step"), rules("ftmo-1step")


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()) * SECOND


def iso(ts: int) -> str:
    return datetime.fromtimestamp(ts // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Walk:
    """A scenario fed to an account; ``every`` restores it from its snapshot before each event."""

    def __init__(self, scenario: dict[str, Any], *, every: bool = False) -> None:
        own = scenario["account"]
        self.rules = {"2-step": TWO_STEP, "1-step": ONE_STEP}[own["product"]]
        self.account = FirmAccount(
            self.rules, own["initial"], own["stage"], own["type"], ns(scenario["events"][0]["t"])
        )
        self.floors: dict[str, float] = {}
        self.verdict: tuple[str, str | None, str | None] = ("IN_PROGRESS", None, None)
        for event in scenario["events"]:
            if every:
                restored = FirmAccount(self.rules, own["initial"], own["stage"], own["type"], 0)
                restored.restore(self.account.snapshot())
                self.account = restored
            self.take(event)

    def take(self, event: dict[str, Any]) -> None:
        ts, state = ns(event["t"]), self.account.state
        found = [self.account.advance(ts)]
        if event.get("open"):
            self.account.opened(ts)
        balance = event.get("balance", self.account.state.balance)
        equity = balance if event.get("flat") else event.get("equity", self.account.state.equity)
        if "news" in event:
            found.append(self.account.filled_near_news(ts, ns(event["news"])))
        flat = event.get("flat", state.flat and not event.get("open"))
        found.append(self.account.on_account(ts, balance, equity, flat=flat))
        self.floors[str(self.account.state.day)] = self.account.state.daily_floor
        for judged in found:
            if judged is not None and self.verdict[0] == "IN_PROGRESS":
                self.verdict = (judged.verdict, judged.rule, iso(judged.at))


@pytest.mark.req("G11", "X08", "HZ31")
@pytest.mark.parametrize("every", [False, True], ids=["one life", "restored before each event"])
@pytest.mark.parametrize("scenario", TRUTH["scenarios"], ids=lambda one: one["id"])
def test_every_scenario_ends_as_published(scenario: dict[str, Any], *, every: bool) -> None:
    """Verdict, rule, second, floors of every day, trading days and the total floor; a restart changes nothing."""
    walk = Walk(scenario, every=every)
    expect, reference = scenario["expect"], scenario["reference"]
    assert walk.verdict == (expect["verdict"], expect["rule"], expect["at"])
    assert {day: walk.floors[day] for day in reference["daily_limit"]} == reference["daily_limit"]
    assert walk.account.state.trading_days == reference["trading_days"]
    assert walk.account.state.total_floor == reference["max_loss_limit"]
    target = walk.account.target_balance
    own = scenario["account"]
    assert target == (None if own["target_pct"] is None else pytest.approx(own["initial"] * (1 + own["target_pct"])))
    assert walk.rules.stage(own["stage"]).trading_days == own["min_days"]


@pytest.mark.req("X08")
@pytest.mark.parametrize(("day", "expected"), TRUTH["prague_midnight_utc"].items())
def test_midnight_in_prague_is_found_in_winter_in_summer_and_on_both_change_days(day: str, expected: str) -> None:
    found = midnight(date.fromisoformat(day), PRAGUE)
    assert iso(found) == expected
    assert next_midnight(found - 1, PRAGUE) == found


@pytest.mark.req("X08")
def test_change_days_last_twenty_three_and_twenty_five_hours() -> None:
    for day, hours in (("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-15", 24)):
        start = midnight(date.fromisoformat(day), PRAGUE)
        assert next_midnight(start, PRAGUE) - start == hours * HOUR


@given(st.integers(0, 40 * 365), st.integers(0, DAY - 1))
def test_the_next_midnight_is_later_at_most_twenty_five_hours_away_and_reads_midnight(day: int, inside: int) -> None:
    ts = day * DAY + inside
    found = next_midnight(ts, PRAGUE)
    assert 0 < found - ts <= 25 * HOUR


def test_the_same_utc_clock_that_fails_in_winter_is_two_days_in_summer() -> None:
    """In summer the day ends at 22:00Z, between the two losses of the winter scenario."""
    winter = next(one for one in TRUTH["scenarios"] if one["id"].startswith("F06"))
    summer = json.loads(json.dumps(winter).replace("2026-01-15", "2026-07-15"))
    assert Walk(summer).verdict == ("IN_PROGRESS", None, None)


def test_the_floor_of_a_twenty_five_hour_day_holds_until_its_own_midnight() -> None:
    """25 October 2026 lasts from 22:00Z to 23:00Z of the next day: a loss at 22:30Z is still of that day."""
    account = FirmAccount(TWO_STEP, 100_000.0, "challenge", "standard", ns("2026-10-24T23:00:00Z"))
    account.on_account(ns("2026-10-25T20:00:00Z"), 97_000.0, 97_000.0, flat=True)
    judged = account.on_account(ns("2026-10-25T22:30:00Z"), 94_900.0, 94_900.0, flat=True)
    assert judged is not None
    assert (judged.rule, judged.limit) == ("max_daily_loss", 95_000.0)


def test_several_midnights_pass_at_once_after_a_long_silence() -> None:
    account = FirmAccount(TWO_STEP, 100_000.0, "challenge", "standard", ns("2026-03-25T10:00:00Z"))
    account.on_account(ns("2026-03-25T11:00:00Z"), 101_000.0, 101_000.0, flat=True)
    assert account.on_account(ns("2026-04-02T11:00:00Z"), 100_000.0, 100_000.0, flat=True) is None
    assert (account.state.daily_floor, str(account.state.day)) == (96_000.0, "2026-04-02")


@given(st.lists(st.floats(-4_000.0, 4_000.0), min_size=1, max_size=40))
def test_a_trailing_floor_never_falls_and_a_static_one_never_moves(moves: list[float]) -> None:
    for firm, trails in ((TWO_STEP, False), (ONE_STEP, True)):
        account = FirmAccount(firm, 100_000.0, "challenge", "standard", 0)
        balance, before = 100_000.0, account.state.total_floor
        for number, move in enumerate(moves):
            balance += move
            account.on_account((number + 1) * DAY, balance, balance, flat=True)
            assert account.state.total_floor >= before
            before = account.state.total_floor
        assert trails or before == 90_000.0


def test_a_weekend_position_fails_a_funded_standard_account_and_no_other() -> None:
    for stage, kind, fails in (
        ("funded", "standard", True),
        ("funded", "swing", False),
        ("challenge", "standard", False),
    ):
        account = FirmAccount(TWO_STEP, 100_000.0, stage, kind, 0)
        account.opened(HOUR)
        judged = account.held_over_weekend(2 * DAY)
        assert (judged is not None) is fails


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"daily_loss": {"share": 5}}, "daily_loss.share"),
        ({"daily_loss": {"share": "5%"}}, "daily_loss.share"),
        ({"daily_los": {"share": 0.05}}, "daily_los"),
        ({"time_zone": "Prague"}, "IANA"),
        ({"total_loss": {"share": 0.1, "kind": "sliding"}}, "sliding"),
        ({"total_loss": {"share": 0.1, "locks_at_initial": True}}, "trailing"),
        ({"stages": {}}, "at least one"),
        ({"stages": {"challenge": {"trading_days": -1}}}, "stages"),
        ({"title": None}, "title"),
    ],
)
def test_a_file_of_a_users_own_is_refused_with_the_key_and_the_file(change: dict[str, Any], said: str) -> None:
    table = tomllib.loads((FIRMS / "ftmo-2step.toml").read_text()) | change
    with pytest.raises(Misconfigured) as refused:
        firm_rules_of(table, "firms/mine.toml")
    assert said in str(refused.value)
    assert "firms/mine.toml" in str(refused.value)


def test_a_fault_inside_a_stage_names_the_stage() -> None:
    """Of three stages one is wrong, and the message says which."""
    table = tomllib.loads((FIRMS / "ftmo-2step.toml").read_text())
    table["stages"]["verification"]["target"] = 7
    with pytest.raises(Misconfigured, match=r"stages\.verification\.target: "):
        firm_rules_of(table, "firms/mine.toml")


def test_limits_that_contradict_each_other_and_an_empty_name_are_refused() -> None:
    """A day that may lose more than the account ever may is a slip of the pen."""
    table = tomllib.loads((FIRMS / "ftmo-2step.toml").read_text())
    with pytest.raises(Misconfigured, match="title: it is empty"):
        firm_rules_of(table | {"title": " "}, "firms/mine.toml")
    with pytest.raises(Misconfigured, match=r"daily_loss\.share: 0\.2 is above total_loss\.share 0\.1"):
        firm_rules_of(table | {"daily_loss": {"share": 0.2}}, "firms/mine.toml")


def test_a_stage_the_firm_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(Misconfigured, match="challenge, verification, funded"):
        FirmAccount(TWO_STEP, 1e5, "evaluation", "standard", 0)


def test_a_firm_may_anchor_on_equity_or_the_higher_of_both() -> None:
    """Other firms count the floating profit at midnight."""
    for anchor, floor in (("balance", 95_000.0), ("equity", 98_000.0), ("higher", 98_000.0)):
        own = msgspec.structs.replace(TWO_STEP, daily_loss=msgspec.structs.replace(TWO_STEP.daily_loss, anchor=anchor))
        account = FirmAccount(own, 100_000.0, "challenge", "standard", 0)
        account.on_account(HOUR, 100_000.0, 103_000.0, flat=False)
        account.advance(2 * DAY)
        assert account.state.daily_floor == floor
