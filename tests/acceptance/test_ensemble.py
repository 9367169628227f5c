"""The ensemble's thresholds, held against a whole engine: what is just enough is a signal, a hair less is not."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from tests import scene
from tests.acceptance.conftest import Finished
from tests.acceptance.project import Project
from tradewind.app.backtest import Backtest
from tradewind.app.config import load_config
from tradewind.app.wiring import ensemble_params, plan_for
from tradewind.engine.deliberation import ensemble_reasons
from tradewind.features.rule import Exits, Member, Rule, StrategyParams, value
from tradewind.features.spec import price
from tradewind.model.decision import Consensus, Signal
from tradewind.model.timeframe import Timeframe

CLOSE = value(price("close"))
EXITS = Exits(stop_mode="pct", stop_pct=0.01, target_r=1.0, time_stop_bars=4, vote_bars=1)
OPEN = {"quorum": 1, "min_confidence": 0.0, "min_record": 2}


def always(side: int, weight: float, name: str) -> Member:
    """Votes for one side on every bar."""
    never, ever = CLOSE < 0, CLOSE > 0
    rule = Rule(long=ever if side > 0 else never, short=never if side > 0 else ever, exits=EXITS)
    return Member(name, name, Timeframe.H1, StrategyParams(exits=EXITS), weight, rule)


def signals(members: list[Member] | None, bars: int = 300, **ensemble: Any) -> tuple[list[Signal], dict[str, int]]:
    """Signals of a back-test over a SIMULATED market without filters, and how often each reason was given."""
    overrides = {"ensemble": OPEN | ensemble, "filters": {"enabled": []}}
    settings = load_config(environment={}, overrides=overrides)
    plan = plan_for(settings, {"BTC/USDT": Timeframe.H1}, executes=False, simulated=True, members=members)
    run = Backtest(plan, [scene.recording(scene.market("BTC/USDT", bars)[0])])
    run.run()
    return run.summary.signals, dict(run.summary.reasons)


@pytest.mark.req("E01")
@pytest.mark.parametrize(("weight", "trades"), [(0.80, True), (0.799, False)])
def test_eighty_percent_of_the_weight_that_voted_is_a_trade_and_79_9_is_none(weight: float, trades: bool) -> None:
    """A third member that abstains does not count."""
    abstainer = Member("Silent", "Silent", Timeframe.H1, StrategyParams(exits=EXITS), 5.0,
                       Rule(long=CLOSE < 0, short=CLOSE < 0, exits=EXITS))  # fmt: skip
    found, reasons = signals([always(1, weight, "Bull"), always(-1, 1.0 - weight, "Bear"), abstainer])
    assert bool(found) is trades
    assert ("agreement" in reasons) is not trades
    if trades:
        assert all(one.consensus.agreement == pytest.approx(0.80) for one in found)
        assert {one.consensus.n_voted for one in found} == {2}


@pytest.mark.req("E01")
@pytest.mark.parametrize(("members", "trades"), [(1, False), (2, True)])
def test_a_quorum_of_two_is_asked_for(members: int, trades: bool) -> None:
    found, reasons = signals([always(1, 1.0, f"Bull{i}") for i in range(members)], quorum=2)
    assert bool(found) is trades
    assert ("quorum" in reasons) is not trades


@pytest.mark.req("E02")
@pytest.mark.parametrize("reading", ["confidence", "win_probability"])
def test_the_threshold_is_met_by_its_own_value_and_missed_by_a_hair_in_both_readings(reading: str) -> None:
    """The level of the first signal, taken as the threshold, still lets that signal pass; a millionth more does not."""
    free, _ = signals(None, 900, applies_to=reading)
    first = next(one for one in free if 0.05 < level(one, reading) < 0.999)
    at, _ = signals(None, 900, applies_to=reading, min_confidence=level(first, reading))
    above, reasons = signals(None, 900, applies_to=reading, min_confidence=level(first, reading) + 1e-6)
    assert first.ts in {one.ts for one in at}
    assert first.ts not in {one.ts for one in above}
    assert reasons[reading] > 0


def level(one: Signal, reading: str) -> float:
    found = getattr(one.consensus, reading)
    return math.nan if found is None else found


@pytest.mark.req("E02", "E03", "E04")
@pytest.mark.parametrize(
    ("preset", "threshold", "reading"),
    [("fx", 0.80, "confidence"), ("crpbot", 0.75, "confidence"), ("crypto", 0.80, "confidence"),
     ("strict", 0.90, "confidence"), ("source", 0.80, "win_probability")],
)  # fmt: skip
def test_each_preset_has_its_threshold_and_holds_it_at_the_boundary(
    preset: str, threshold: float, reading: str
) -> None:
    params = ensemble_params(load_config(environment={}, overrides={"preset": preset}))
    assert (params.min_confidence, params.applies_to) == (threshold, reading)
    for reached, codes in ((threshold, set()), (threshold - 1e-6, {reading})):
        both = {"win_probability": 0.99, "confidence": 0.99} | {reading: reached}
        one = Consensus(1, 1.0, ("A", "B", "C"), 3, 3.0, both["win_probability"], 0.4, both["confidence"], 0.1, "")
        assert {reason.code for reason in ensemble_reasons(one, params)} == codes


@pytest.mark.req("E05", "HZ20")
def test_the_message_shows_an_entry_zone_that_is_a_small_part_of_the_stop(finished: Finished) -> None:
    """At most 0.1 % of the price and at most a quarter of the stop distance on each side of the mean entry."""
    rows = finished.project.rows("SELECT entry, entry_low, entry_high, stop_loss, symbol FROM signals")
    shown = [line for line in finished.ran.stdout.splitlines() if line.startswith("Entry zone")]
    assert len(shown) == len(rows) > 100
    for entry, low, high, stop, symbol in rows:
        tick = 0.01 if symbol == "BTC/USDT" else 0.00001
        assert low <= entry <= high
        assert high - entry == pytest.approx(entry - low, abs=tick / 10)
        assert high - entry <= min(0.001 * entry, 0.25 * abs(entry - stop)) + tick / 10
    some = finished.project.rows("SELECT entry_low, entry_high FROM signals WHERE symbol = 'EUR/USD'")
    for low, high in some:
        assert any(line.startswith(f"Entry zone   {low:.5f} - {high:.5f}") for line in shown)


@pytest.mark.req("E06")
def test_the_agreement_of_weighted_timeframes_equals_the_sum_done_by_hand(project: Project) -> None:
    """1h 0.30, 4h 0.25, 1d 0.45: every agreement is a share of the weights of the timeframes that voted."""
    project.configured(
        "[timeframes]\nintervals = [{interval = '1h', weight = 0.30}, {interval = '4h', weight = 0.25}, "
        "{interval = '1d', weight = 0.45}]\n[filters]\nenabled = []\n"
        "[[strategies.members]]\nfamily = 'ROC_Momentum'\n"
    )
    project.imports(scene.market("BTC/USDT", 2400)[0], "BTC/USDT")
    assert (
        project.types("run", "--allow-unproven", "--feed", "replay", "--symbol", "BTC/USDT", "--quiet").exit_code == 0
    )
    weights = {"1h": 0.30, "4h": 0.25, "1d": 0.45}
    seen = set()
    for one in project.decisions():
        consensus = one.get("consensus")
        if not consensus:
            continue
        present = {name: w for name, w in weights.items() if name not in consensus["absent"]}
        winners = {voter.split("_")[-2] for voter in consensus["voters"]}
        won = sum(present[name] for name in winners)
        losers = [set(c) for c in subsets(set(present) - winners) if len(c) == consensus["n_voted"] - len(winners)]
        by_hand = {round(won / (won + sum(present[name] for name in c)), 9) for c in losers}
        assert round(consensus["agreement"], 9) in by_hand
        seen.add((frozenset(winners), consensus["n_voted"]))
    assert len(seen) > 4


def subsets(names: set[str]) -> list[tuple[str, ...]]:
    listed = sorted(names)
    return [tuple(n for i, n in enumerate(listed) if mask >> i & 1) for mask in range(2 ** len(listed))]


@pytest.mark.req("E10")
def test_every_signal_has_its_tier_by_the_configured_thresholds_and_the_mix_is_reported(finished: Finished) -> None:
    rows = finished.project.rows("SELECT tier, confidence FROM signals")
    for tier, confidence in rows:
        assert tier == ("high" if confidence >= 0.95 else "medium" if confidence >= 0.90 else "low")
    for tier in {row[0] for row in rows}:
        assert f"({tier} tier)" in finished.ran.stdout
    mix = [sum(row[0] == tier for row in rows) for tier in ("high", "medium", "low")]
    assert "high {}, medium {}, low {}".format(*mix) in finished.ran.stdout


@pytest.mark.req("G01")
def test_a_signal_risks_one_percent_of_the_account_down_to_the_lot_step(own_market: Project) -> None:
    """10,000 USD, no execution: lots x contract size x stop distance is 100 USD less at most one lot step."""
    ran = own_market.types("run", "--allow-unproven",
                           "--feed", "replay", "--symbol", "EUR/USD", "--interval", "1h", "--execution", "none",
                           "--quiet")  # fmt: skip
    assert ran.exit_code == 0
    brackets = [json.loads(row[0])["bracket"] for row in own_market.rows("SELECT summary FROM signals")]
    assert len(brackets) > 20
    for bracket in brackets:
        per_step = 0.01 * 100_000 * abs(bracket["entry"] - bracket["stop"])
        assert bracket["lots"] / 0.01 * per_step == pytest.approx(bracket["risk_cash"], abs=0.01)
        assert bracket["risk_cash"] <= 100.0
        assert bracket["clips"] or bracket["risk_cash"] > 100.0 - per_step
    assert sum(not bracket["clips"] for bracket in brackets) > 20
