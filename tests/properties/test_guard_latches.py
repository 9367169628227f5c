"""The latches as a machine: any order of commands, losses, restarts and replays; what is latched stays latched."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.fakes.guarded import Guarded, of, plan_of
from tests.unit.engine.test_account_guard import MONDAY
from tradewind.model.decision import Signal
from tradewind.model.guard import GuardState
from tradewind.model.order import Fill, Leg

BY_PEOPLE = ("kill", "rollback", "liquidate", "reduce", "drawdown_limit")


class Latches(RuleBasedStateMachine):
    """``held`` is this test's own account of what must hold, by cause."""

    def __init__(self) -> None:
        super().__init__()
        self.made: Guarded | None = None
        self.held: set[str] = set()
        self.requests = 0

    @initialize()
    def begin(self) -> None:
        plan = plan_of(("BTC/USD",), risk_per_trade=0.05, daily_loss_limit=1.0, max_drawdown=0.12, drawdown_alert=0.1)
        self.made = Guarded(plan, {"BTC/USD": 60_000.0}, MONDAY)
        self.made.hour()

    @rule(move=st.sampled_from((-0.02, -0.005, 0.0, 0.005, 0.02)), wish=st.booleans())
    def an_hour_passes(self, move: float, wish: bool) -> None:
        if wish:
            self.made.wish("BTC/USD", 1, 0.01, 1.5)
        latched = bool(self.held)
        outputs = self.made.hour(BTCUSD=move)
        if latched:
            assert not of(Signal, outputs)
            assert not [fill for fill in of(Fill, outputs) if fill.leg is Leg.ENTRY]
        if "drawdown_limit" in self.made.engine.guard.latches:
            self.held.add("drawdown_limit")

    @rule(verb=st.sampled_from(("kill_on", "reduce", "liquidate", "rollback")))
    def somebody_stops_it(self, verb: str) -> None:
        self.requests += 1
        self.made.order(verb, reason="drill", request=str(self.requests))
        self.held.add(verb.removesuffix("_on"))

    @rule(reason=st.sampled_from(("", "checked")), argument=st.sampled_from(("", "stopped")))
    def somebody_resumes(self, reason: str, argument: str) -> None:
        self.made.order("resume", argument, reason)
        if argument and not reason:
            return
        self.held -= {"liquidate", "reduce"}
        if argument:
            self.held -= {"rollback", "drawdown_limit"}

    @rule(reason=st.sampled_from(("", "checked")), file=st.sampled_from(("", "data/KILL")))
    def somebody_clears_the_kill(self, reason: str, file: str) -> None:
        self.made.order("kill_off", file, reason)
        if reason and not file:
            self.held.discard("kill")

    @rule()
    def the_process_dies(self) -> None:
        self.made.restart()

    @precondition(lambda self: self.made is not None and len(self.made.journal) > 6)
    @rule()
    def the_journal_is_replayed(self) -> None:
        again = self.made.replayed()
        assert again.guard.latches == self.made.engine.guard.latches

    @invariant()
    def what_is_latched_stays_latched(self) -> None:
        if self.made is None:
            return
        guard = self.made.engine.guard
        assert set(guard.latches) == self.held
        if self.held & {"rollback", "drawdown_limit"}:
            assert guard.state is GuardState.STOPPED
        elif "kill" in self.held:
            assert guard.state is GuardState.HALTED
        else:
            assert guard.state is (GuardState.REDUCING if self.held else GuardState.NORMAL)
        assert len(guard.reasons) == len(self.held)


TestLatches = Latches.TestCase
TestLatches.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
