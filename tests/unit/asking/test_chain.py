"""The chain that is told is the chain that was walked, and the change it names turns the decision."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fakes.planted_market import planted_project
from tests.fakes.proofs import prove
from tradewind.app.ask.candle_run import CandleRun
from tradewind.app.ask.catcher import ChainCatcher
from tradewind.app.ask.nearest_change import nearest_changes
from tradewind.app.config import load_config
from tradewind.app.signal_text import part_of
from tradewind.app.wiring import members_for
from tradewind.engine.inspection import Chain, reasons_of
from tradewind.model.decision import NoDecision, NoTrade, Signal
from tradewind.model.event import BarClosed, InputEvent
from tradewind.model.output import Output
from tradewind.model.timeframe import Timeframe
from tradewind.strategies import default_members

EVERY = 40
LEVELS = (
    '[[timeframes.intervals]]\ninterval = "1h"\nweight = 0.6\n[[timeframes.intervals]]\ninterval = "4h"\nweight = 0.4\n'
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted_project(tmp_path_factory.mktemp("chain"), 3000)


@pytest.fixture(scope="module")
def chains(tmp_path_factory: pytest.TempPathFactory) -> list[Chain]:
    """Chains of every signal and every fortieth other decision, two timeframes, filled on paper."""
    settings = 'execution = "paper"\n' + LEVELS
    config = planted_project(tmp_path_factory.mktemp("levels"), 3000, settings=settings)
    prove(config.parent, members_for(load_config(config), [Timeframe.H1, Timeframe.H4]), "BTC/USDT")
    run = CandleRun(load_config(config), "BTC/USDT")
    found: list[Chain] = []
    count = 0

    def watch(event: InputEvent, outputs: Sequence[Output]) -> None:
        nonlocal count
        for output in outputs:
            if not isinstance(output, Signal | NoTrade | NoDecision):
                continue
            count += 1
            if isinstance(output, Signal) or count % EVERY == 0:
                catcher = catchers[output.timeframe]
                catcher.watch(event, outputs)
                if catcher.caught is not None:
                    found.append(catcher.caught.chain)

    catchers = {one: ChainCatcher(run.engine, "BTC/USDT", one, 0, 2**62) for one in (Timeframe.H1, Timeframe.H4)}
    run.run(int(run.closes[-1]), watch, lambda bars: None)
    return found


@pytest.mark.req("X21", "E06")
def test_every_number_of_the_chain_is_the_one_that_was_decided_on(chains):
    """Consensus, reasons in their order and bracket, recomputed after the bar, equal the decision's own."""
    kinds = {type(chain.decision) for chain in chains}
    assert kinds == {Signal, NoTrade, NoDecision}
    assert {chain.decision.timeframe for chain in chains} == {Timeframe.H1, Timeframe.H4}
    for chain in chains:
        decision = chain.decision
        if isinstance(decision, Signal):
            assert chain.consensus == decision.consensus
            assert chain.risk is not None
            assert chain.risk.bracket == decision.bracket
            assert not chain.objections
        elif isinstance(decision, NoTrade) and decision.consensus is not None:
            assert chain.consensus == decision.consensus
            assert chain.risk is not None
            filters = tuple(view.objection for view in chain.filters if view.objection is not None)
            desk = tuple(reason for reason in decision.reasons if part_of(reason.code) == "desk")
            assert chain.objections + filters + desk + chain.risk.objections == decision.reasons


def test_members_told_to_have_fired_are_those_whose_rule_held(chains):
    """A vote at this very bar comes from a rule that reads BUY or SELL at this bar."""
    for chain in chains:
        if chain.bars < chain.warmup or isinstance(chain.decision, NoDecision):
            continue
        for view in chain.members:
            if view.timeframe is chain.decision.timeframe:
                assert view.fired == (view.rule.side != 0)
                assert not view.fired or view.vote.side == view.rule.side


class Kept:
    """The decisions of one run, with the chains of those that a test asks for."""

    def __init__(self, config: Path, wanted: set[int] | None = None, settings: str = "") -> None:
        if settings:
            config.write_text(settings + "\n" + config.read_text("utf-8"), encoding="utf-8")
        prove(config.parent, default_members([Timeframe.H1]), "BTC/USDT")
        run = CandleRun(load_config(config), "BTC/USDT")
        self.decisions = {}
        self.chains = {}
        catcher = ChainCatcher(run.engine, "BTC/USDT", Timeframe.H1, 0, 2**62)

        def watch(event: InputEvent, outputs: Sequence[Output]) -> None:
            for output in outputs:
                if isinstance(output, Signal | NoTrade | NoDecision):
                    self.decisions[output.ts] = output
            if wanted is not None and isinstance(event, BarClosed) and event.bar.ts_close in wanted:
                catcher.watch(event, outputs)
                self.chains[event.bar.ts_close] = catcher.caught.chain

        run.run(int(run.closes[-1]), watch, lambda bars: None)


def test_the_single_blocking_reason_turns_the_decision_when_its_limit_is_moved(project, tmp_path):
    """Bars that only the confidence, the agreement or one filter blocked become signals without that block."""
    first = Kept(project)
    refused = {ts: one for ts, one in first.decisions.items() if isinstance(one, NoTrade) and one.consensus is not None}
    single = {ts: one.reasons[0] for ts, one in refused.items() if len(one.reasons) == 1}
    codes = {reason.code for reason in single.values()}
    assert {"agreement", "trend"} <= codes
    told = Kept(project, set(single))
    for ts in single:
        change = nearest_changes(told.chains[ts])[0]
        assert change.turns is True
        assert change.text.startswith(f"only {single[ts].code}")
    changes = {
        "agreement": "[ensemble]\nmin_agreement = 0.51\n[filters.rate_limit]\nper_symbol = 1000\nin_all = 1000",
        "trend": '[filters]\nenabled = ["higher_timeframe", "regime", "liquidity_hours", "volatility"]',
    }
    for code, settings in changes.items():
        other = Kept(planted_project(tmp_path / code, 3000, settings=settings))
        turned = [ts for ts, reason in single.items() if reason.code == code]
        assert turned
        assert all(isinstance(other.decisions[ts], Signal) for ts in turned)


def test_a_silent_rule_one_comparison_away_is_named_with_that_comparison(project):
    """For a bar without a trigger, turning the named comparison makes the rule's condition true."""
    first = Kept(project)
    silent = [ts for ts, one in first.decisions.items() if [r.code for r in reasons_of(one)] == ["no_trigger"]][:20]
    told = Kept(project, set(silent))
    named = 0
    for ts in silent:
        for view in told.chains[ts].members:
            for condition in (view.rule.long, view.rule.short):
                assert bool(condition.pivots) <= (condition.holds is False)
                for position in condition.pivots:
                    named += 1
                    others = [one.holds for i, one in enumerate(condition.readings) if i != position]
                    turned = condition.readings[position].holds
                    assert turned is not None
                    if "|" not in condition.text and "not" not in condition.text:
                        assert all(others)
                        assert turned is False
        assert "the other way" in nearest_changes(told.chains[ts])[0].text or not named
    assert named > 20
