"""A stopped account that goes on on paper: nothing of it is real, nothing of it is lost, a person ends it."""

from __future__ import annotations

import pytest

from tests.fakes.guarded import Guarded, of, plan_of
from tests.unit.engine.test_account_guard import MONDAY
from tradewind.model.decision import NoTrade, Signal
from tradewind.model.guard import GuardState
from tradewind.model.notice import Notice
from tradewind.model.order import Fill, OrderIntent
from tradewind.model.outcome import Trade
from tradewind.model.paper import PaperClosed, PaperOpened


def fallen(*, on_paper: bool = True) -> Guarded:
    """An account that fell through its drawdown limit with one position open."""
    limits = {"risk_per_trade": 0.10, "daily_loss_limit": 1.0, "max_drawdown": 0.08, "drawdown_alert": 0.05}
    made = Guarded(plan_of(("BTC/USD", "EUR/USD"), **limits), {"BTC/USD": 60_000.0, "EUR/USD": 1.1}, MONDAY,
                   on_paper=on_paper)  # fmt: skip
    made.hour()
    made.wish("BTC/USD", 1, 0.05)
    made.hour()
    made.hour()
    said = made.hour(BTCUSD=-0.045)
    assert made.engine.guard.state is GuardState.STOPPED
    codes = [one.code for one in of(Notice, said)]
    assert ("paper_fallback" in codes) is on_paper
    made.hour()
    assert made.engine.portfolio.positions() == ()
    return made


@pytest.mark.req("G16", "H18")
def test_a_stopped_account_goes_on_on_paper_and_no_order_leaves() -> None:
    """The decision is refused for the stop as it was; the same trade is opened and closed on paper, and told so."""
    made = fallen()
    before = made.engine.portfolio.balance
    made.wish("EUR/USD", 1, 0.01, target_r=1.0)
    refused = made.hour()
    assert [reason.code for one in of(NoTrade, refused) for reason in one.reasons if one.symbol == "EUR/USD"] == [
        "guard_stopped"
    ]
    opened = made.hour()
    assert len(of(PaperOpened, opened)) == 1
    closed = made.hour(EURUSD=0.02)
    (trade,) = of(PaperClosed, closed)
    assert float(trade.trade.net) > 0
    real = (Signal, OrderIntent, Fill, Trade)
    assert [one for one in [*refused, *opened, *closed] if isinstance(one, real)] == []
    assert made.engine.portfolio.balance == before
    assert made.engine.portfolio.positions() == ()
    made.replayed()


@pytest.mark.req("G16")
def test_the_paper_account_begins_with_what_was_left_and_sizes_by_itself() -> None:
    """Its balance is the equity at the stop; a paper loss makes the next paper trade smaller, the account stays."""
    made = fallen()
    paper = made.engine.fallback.account
    assert paper is not None
    assert float(paper.balance) == pytest.approx(made.engine.portfolio.equity, rel=0.02)
    sizes = []
    for _ in range(2):
        made.wish("EUR/USD", 1, 0.01)
        made.hour()
        (fill,) = [one.fill for one in of(PaperOpened, made.hour())]
        sizes.append(fill.steps)
        made.hour(EURUSD=-0.02)
    assert sizes[1] < sizes[0]
    made.replayed()


def test_one_trade_a_symbol_on_paper_as_in_earnest() -> None:
    """A second wish while one is held on paper opens nothing."""
    made = fallen()
    for _ in range(3):
        made.wish("EUR/USD", 1, 0.05)
        made.hour()
    assert len(made.engine.fallback.holdings) == 1
    assert len(made.engine.fallback.account.positions()) == 1


@pytest.mark.req("G16")
def test_paper_survives_a_restart_and_ends_when_a_person_starts_the_account_again() -> None:
    """Latched like the stop it follows from; started again, the next trade is an order and paper is gone."""
    made = fallen()
    made.wish("EUR/USD", 1, 0.05)
    made.hour()
    made.hour()
    held = made.engine.fallback.holdings
    made.restart()
    assert made.engine.fallback.holdings == held
    made.wish("EUR/USD", -1, 0.05)
    assert of(Signal, made.hour()) == []
    said = made.order("resume", "stopped", "reviewed", "r1")
    assert [one.code for one in of(Notice, said) if one.code.startswith("paper")] == ["paper_over"]
    assert made.engine.fallback.account is None
    made.wish("EUR/USD", 1, 0.05)
    assert of(Signal, made.hour())
    assert of(Fill, made.hour())


def test_what_holds_beside_the_stop_holds_on_paper_too() -> None:
    """Paused means that nobody wants to see trades: nothing is opened on paper either."""
    made = fallen()
    made.order("pause", request="p1")
    made.wish("EUR/USD", 1, 0.05)
    made.hour()
    assert of(PaperOpened, made.hour()) == []


def test_a_rollback_ordered_by_a_person_falls_back_as_well_and_the_kill_switch_does_not() -> None:
    """HALTED waits for a person with its positions behind their stops; STOPPED has none and is followed."""
    made = Guarded(plan_of(("BTC/USD",)), {"BTC/USD": 60_000.0}, MONDAY, on_paper=True)
    made.hour()
    made.order("kill_on", reason="drill", request="k1")
    assert made.engine.fallback.account is None
    said = made.order("rollback", reason="drill", request="b1")
    assert "paper_fallback" in [one.code for one in of(Notice, said)]
    assert of(Notice, made.order("rollback", reason="again", request="b2")) == []


def test_a_run_on_paper_anyway_only_stops() -> None:
    """Where the engine fills its own orders there is nothing to fall back to."""
    made = fallen(on_paper=False)
    made.wish("EUR/USD", 1, 0.05)
    made.hour()
    assert of(PaperOpened, made.hour()) == []
