"""A small desk for broker and portfolio tests: bars, intents and signals with few words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from tradewind.engine.portfolio import Portfolio
from tradewind.engine.rates import Rates
from tradewind.model.bar import Bar
from tradewind.model.decision import Bracket, Consensus, Signal
from tradewind.model.instrument import CostModel, Instrument
from tradewind.model.instruments import INSTRUMENTS
from tradewind.model.order import Charge, Fill, OrderIntent, Refusal
from tradewind.model.outcome import Outcome, Trade
from tradewind.model.session import calendar_of
from tradewind.model.timeframe import HOUR, SECOND, Timeframe
from tradewind.simulation.broker import SimBroker

NEW_YORK = ZoneInfo("America/New_York")
FREE = CostModel(spread_fraction=0.0, slippage_fraction=0.0)
MONDAY = "2026-05-11"


def new_york(text: str) -> int:
    """Nanoseconds of a New York wall time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).timestamp()) * SECOND


def utc(text: str) -> int:
    """Nanoseconds of a UTC wall time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def bar(
    ts: int,
    open_: float,
    high: float | None = None,
    low: float | None = None,
    close: float | None = None,
    *,
    symbol: str = "EUR/USD",
    spread: float | None = None,
    synthetic: str = "",
    length: int = HOUR,
) -> Bar:
    """A bar; what is not said equals the open."""
    close = open_ if close is None else close
    high = max(open_, close) if high is None else high
    low = min(open_, close) if low is None else low
    return Bar(symbol, Timeframe.H1, ts, ts + length, open_, high, low, close, 1.0, spread, synthetic)


class Desk:
    """A broker and a portfolio wired as the engine wires them; what they say is kept."""

    def __init__(
        self,
        costs: CostModel | None = FREE,
        *,
        instruments: Iterable[Instrument] = (),
        capital: str = "10000",
        account: str = "USD",
        netting: bool = True,
        spread_scale: float = 1.0,
    ) -> None:
        table = {**INSTRUMENTS, **{one.symbol: one for one in instruments}}
        if costs is not None:
            table = {symbol: msgspec.structs.replace(one, costs=costs) for symbol, one in table.items()}
        self.instruments = table
        self.rates = Rates(account, table.values())
        self.broker = SimBroker(table, self.rates, netting=netting, spread_scale=spread_scale)
        self.portfolio = Portfolio(table, Decimal(capital), self.rates, calendar_of("fx"))
        self.fills: list[Fill] = []
        self.charges: list[Charge] = []
        self.refusals: list[Refusal] = []
        self.trades: list[Trade] = []
        self.outcomes: list[Outcome] = []

    def order(
        self,
        name: str,
        side: int,
        lots: float,
        *,
        ts: int,
        stop: float = 0.0,
        target: float = 0.0,
        until: int = 0,
        symbol: str = "EUR/USD",
        risk: float = 100.0,
    ) -> OrderIntent:
        """Signals and submits."""
        instrument = self.instruments[symbol]
        bracket = Bracket(side, 0.0, 0.0, 0.0, stop, target, lots, risk, 0, 0.0, 0.0)
        consensus = Consensus(side, 1.0, (), 1, 1.0, None, None, None, None, "")
        self.portfolio.on_signal(Signal(name, symbol, Timeframe.H1, ts, ts + HOUR, bracket, consensus, "", ()))
        intent = OrderIntent(
            client_id=f"{name}-entry",
            signal_id=name,
            symbol=symbol,
            side=side,
            steps=instrument.to_steps(lots),
            stop_ticks=instrument.to_ticks(stop),
            target_ticks=instrument.to_ticks(target),
            time_stop_ts=until,
            ts=ts,
        )
        self.broker.submit(intent)
        return intent

    def show(self, *bars: Bar) -> list[Fill | Charge | Refusal]:
        """Walks bars through broker, portfolio and rates in the engine's order; what the broker reported."""
        said: list[Fill | Charge | Refusal] = []
        for one in bars:
            for report in self.broker.on_bar(one):
                said.append(report)
                self.book(report)
            self.portfolio.mark(one)
            self.rates.on_close(one.symbol, one.close)
        return said

    def book(self, report: Fill | Charge | Refusal) -> None:
        """Tells the portfolio."""
        results: list[Trade | Outcome] = []
        if isinstance(report, Fill):
            self.fills.append(report)
            results = self.portfolio.on_fill(report)
        elif isinstance(report, Charge):
            self.charges.append(report)
            self.portfolio.on_charge(report)
        else:
            self.refusals.append(report)
            results.extend(self.portfolio.on_refusal(report))
        self.trades += [one for one in results if isinstance(one, Trade)]
        self.outcomes += [one for one in results if isinstance(one, Outcome)]
