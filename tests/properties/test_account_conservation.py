"""Whatever fills come, the books add up: cash + positions - fees = ledger, in exact decimals."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.fakes.desk import Desk, bar, new_york
from tradewind.model.instrument import CostModel
from tradewind.model.order import Charge, Fill, Leg
from tradewind.model.timeframe import HOUR

START = new_york("2026-05-11 09:00")
STEP_VALUE = Decimal("0.00001") * 100_000 * Decimal("0.01")  # USD a tick and lot step


class Account(RuleBasedStateMachine):
    """Random orders and bars against a second book that only knows what was bought and sold at which price.

    That book has no trades, lots or costs: money moves by ``-side * steps * price``, what is held is worth its price.
    """

    @initialize(
        netting=st.booleans(),
        commission=st.sampled_from([0.0, 0.07, 3.5]),
        fraction=st.sampled_from([0.0, 0.00003]),
        slippage=st.sampled_from([0.0, 0.0002]),
        swaps=st.sampled_from([(0.0, 0.0), (-5.1, 1.7)]),
    )
    def open_account(
        self, netting: bool, commission: float, fraction: float, slippage: float, swaps: tuple[float, float]
    ) -> None:
        costs = CostModel(
            slippage_fraction=slippage,
            commission_per_lot=commission,
            commission_fraction=fraction,
            swap_long=swaps[0],
            swap_short=swaps[1],
        )
        self.desk = Desk(costs, netting=netting)
        self.netting = netting
        self.now = START
        self.orders = 0
        self.money = Decimal(10_000)
        self.held = 0
        self.paid = Decimal(0)
        self.last = 110_000
        self.dead: set[str] = set()

    @rule(
        side=st.sampled_from([1, -1]), steps=st.integers(1, 250), stop=st.integers(20, 900), reach=st.integers(20, 900)
    )
    def order(self, side: int, steps: int, stop: int, reach: int) -> None:
        """An order with a bracket around the last price."""
        self.orders += 1
        instrument = self.desk.instruments["EUR/USD"]
        self.desk.order(
            f"s{self.orders}",
            side,
            instrument.to_lots(steps),
            ts=self.now,
            stop=instrument.to_price(self.last - side * stop),
            target=instrument.to_price(self.last + side * reach),
            until=self.now + 30 * HOUR if stop % 3 else 0,
        )

    @rule(
        gap=st.integers(-600, 600),
        move=st.integers(-600, 600),
        up=st.integers(0, 300),
        down=st.integers(0, 300),
        spread=st.sampled_from([None, 0.0, 0.00012, 0.0031]),
        hours=st.integers(1, 40),
    )
    def bar(self, gap: int, move: int, up: int, down: int, spread: float | None, hours: int) -> None:
        """The next bar, possibly after a gap in price and time."""
        price = self.desk.instruments["EUR/USD"].to_price
        open_ = max(self.last + gap, 50_000)
        close = max(open_ + move, 50_000)
        said = self.desk.show(
            bar(
                self.now,
                price(open_),
                price(max(open_, close) + up),
                price(min(open_, close) - down),
                price(close),
                spread=spread,
            )
        )
        for report in said:
            if isinstance(report, Fill):
                self.money -= report.side * report.steps * report.price_ticks * STEP_VALUE
                self.held += report.side * report.steps
                self.paid += Decimal(report.commission)
                assert Decimal(report.spread_cost) >= 0
                assert Decimal(report.slippage_cost) >= 0
            elif isinstance(report, Charge):
                self.paid -= Decimal(report.amount)
        self.last = close
        self.now += hours * HOUR

    @rule()
    def resend_everything(self) -> None:
        """Every fill again: nothing may change."""
        before = self.desk.portfolio.snapshot()
        for fill in self.desk.fills:
            assert self.desk.portfolio.on_fill(fill) == []
        assert self.desk.portfolio.snapshot() == before

    @rule()
    def restart(self) -> None:
        """The account continues from its snapshots."""
        broker, portfolio = self.desk.broker.snapshot(), self.desk.portfolio.snapshot()
        self.desk.broker.restore(broker)
        self.desk.portfolio.restore(portfolio)
        assert self.desk.broker.snapshot() == broker
        assert self.desk.portfolio.snapshot() == portfolio

    @invariant()
    def books_add_up(self) -> None:
        """Cash equals money moved plus what is held at its entry prices, minus fees; to the last digit."""
        if not hasattr(self, "desk"):
            return
        lots = [lot for lots in self.desk.portfolio._lots.values() for lot in lots]
        at_entry = sum((lot.side * lot.steps * lot.entry_ticks * STEP_VALUE for lot in lots), Decimal(0))
        ledger = self.desk.portfolio.ledger
        assert ledger.cash == self.money + at_entry - self.paid
        totals = ledger.totals()
        costs = totals["spread"] + totals["slippage"] + totals["commission"]
        assert totals["cash"] == totals["capital"] + totals["gross"] - costs + totals["swap"] + totals["funding"]

    @invariant()
    def broker_and_portfolio_hold_the_same(self) -> None:
        """One position in two books; netting never holds both sides; what is open is what was filled."""
        if not hasattr(self, "desk"):
            return
        holdings = self.desk.broker.holdings("EUR/USD")
        assert sum(one.side * one.steps for one in holdings) == self.held
        position = self.desk.portfolio.position("EUR/USD")
        assert (position.side * position.steps if position else 0) == self.held
        if self.netting:
            assert len({one.side for one in holdings}) <= 1

    @invariant()
    def trades_add_up_to_the_ledger(self) -> None:
        """Nets of the round trips and what open lots have paid so far explain the balance."""
        if not hasattr(self, "desk"):
            return
        open_ = [lot for lots in self.desk.portfolio._lots.values() for lot in lots]
        paid = sum((lot.swap - lot.commission for lot in open_), Decimal(0))
        nets = sum((Decimal(trade.net) for trade in self.desk.trades), Decimal(0))
        assert self.desk.portfolio.balance == 10_000 + nets + paid
        for trade in self.desk.trades:
            costs = Decimal(trade.spread_cost) + Decimal(trade.slippage_cost) + Decimal(trade.commission)
            assert Decimal(trade.gross) - costs + Decimal(trade.swap) == Decimal(trade.net)

    @invariant()
    def every_signal_ends_at_most_once(self) -> None:
        """One outcome per signal, and entries plus refusals never exceed orders."""
        if not hasattr(self, "desk"):
            return
        ids = [outcome.signal_id for outcome in self.desk.outcomes]
        assert len(ids) == len(set(ids))
        entries = sum(fill.leg is Leg.ENTRY for fill in self.desk.fills)
        assert entries + len(self.desk.refusals) <= self.orders


Account.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestAccount = Account.TestCase
