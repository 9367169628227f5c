"""An engine that trades on demand behind the real guard: wishes instead of votes, everything else as it ships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from tradewind.app.config import load_config
from tradewind.app.wiring import _account, paper_account, plan_for, sequencer_for
from tradewind.engine.pipeline import Engine
from tradewind.engine.plan import EnginePlan
from tradewind.engine.series import Series
from tradewind.engine.snapshot import restore_engine, snapshot_engine
from tradewind.engine.symbol_desk import SymbolDesk
from tradewind.features.rule_exits import Exits
from tradewind.model.bar import Bar
from tradewind.model.decision import Bracket, Consensus, Decision, NoTrade, Reason
from tradewind.model.event import BarClosed, Command, InputEvent
from tradewind.model.instrument import CostModel
from tradewind.model.output import Output
from tradewind.model.timeframe import HOUR, Timeframe
from tradewind.risk.bracket import bracket_for

FREE = CostModel(spread_fraction=0.0, slippage_fraction=0.0)
VOICE = Consensus(1, 1.0, ("told",), 1, 1.0, 0.6, 0.4, 0.9, 0.2, "told")
LOOSE = {
    "timeframes": {"intervals": [{"interval": "1h", "weight": 1.0}]},
    "filters": {"enabled": []},
    "account": {"balance": 100_000.0},
    "risk": {
        "min_stop": "0 pips", "max_cost_to_risk": 1.0, "max_position_size": 1.0, "leverage": 500.0,
        "crypto_leverage": 500.0, "max_open_risk": 1.0, "max_open_positions": 24,
    },
}  # fmt: skip


class Wish(NamedTuple):
    """A trade that is asked for at the next close of its symbol; ``stop`` a share of the price."""

    side: int
    stop: float = 0.01
    target_r: float = 50.0


class Told(Engine):
    """Takes ``wishes`` (symbol -> wish) at the next close; the guard, the sizing and the broker are the product's."""

    wishes: dict[str, Wish]
    asked: dict[str, Bracket]

    def _bracket(
        self, desk: SymbolDesk, series: Series, bar: Bar, consensus: Consensus
    ) -> Bracket | tuple[Reason, ...]:
        return self.asked[bar.symbol]

    def _decide(self, desk: SymbolDesk, bar: Bar, fired: int, *, history: bool) -> Decision:
        wish = self.wishes.pop(bar.symbol, None)
        if wish is None:
            return NoTrade(bar.symbol, bar.timeframe, bar.ts_close, (Reason(code="no_trigger"),))
        reasons = self._standing_reasons(desk)
        bracket = bracket_for(
            side=wish.side, bar=bar, row=desk.series[bar.timeframe].row,
            exits=Exits(stop_mode="pct", stop_pct=wish.stop, target_r=wish.target_r, min_stop_costs=0.0),
            instrument=desk.plan.instrument, params=self.plan.risk, account=self.account_view(bar.symbol, VOICE),
            rates=self.rates,
        )  # fmt: skip
        if isinstance(bracket, Bracket):
            self.asked = {bar.symbol: bracket}
        if isinstance(bracket, Bracket) and not reasons:
            return self._signal(bar, bracket, msgspec.structs.replace(VOICE, side=wish.side))
        met = reasons + (() if isinstance(bracket, Bracket) else bracket)
        return NoTrade(bar.symbol, bar.timeframe, bar.ts_close, met, msgspec.structs.replace(VOICE, side=wish.side))


def plan_of(symbols: Sequence[str] = ("BTC/USD",), *, costs: CostModel | None = FREE, **risk: object) -> EnginePlan:
    """A plan over hourly bars with risk settings of a test's own; without ``costs`` those of the instruments."""
    settings = LOOSE | {"risk": LOOSE["risk"] | risk}
    plan = plan_for(
        load_config(environment={}, overrides=settings), dict.fromkeys(symbols, Timeframe.H1), executes=True
    )
    if costs is None:
        return plan
    free = [
        msgspec.structs.replace(one, instrument=msgspec.structs.replace(one.instrument, costs=costs), members=())
        for one in plan.symbols
    ]
    return msgspec.structs.replace(plan, symbols=tuple(free))


class Guarded:
    """A told engine with its journal; ``restart`` lives on from a snapshot, ``replayed`` from the journal alone."""

    def __init__(self, plan: EnginePlan, prices: Mapping[str, float], start: int, *, on_paper: bool = False) -> None:
        self.plan = plan
        self.on_paper = on_paper
        self.engine = _told(plan, on_paper=on_paper)
        self.now = start
        self.prices = dict(prices)
        self.journal: list[tuple[InputEvent, dict[str, Wish], list[Output]]] = []

    def wish(self, symbol: str, side: int, stop: float = 0.01, target_r: float = 50.0) -> None:
        self.engine.wishes[symbol] = Wish(side, stop, target_r)

    def hour(self, **moves: float) -> list[Output]:
        """One hour of every symbol: each opens at its last price and closes ``moves`` (share) away, without wicks.

        Symbols are named without the slash.
        """
        made: list[Output] = []
        self.now += HOUR
        for symbol, before in sorted(self.prices.items()):
            price = round(before * (1.0 + moves.get(symbol.replace("/", ""), 0.0)), 5)
            self.prices[symbol] = price
            high, low = max(before, price), min(before, price)
            bar = Bar(symbol, Timeframe.H1, self.now - HOUR, self.now, before, high, low, price, 1.0)
            made += self.feed(BarClosed(bar))
        return made

    def order(self, verb: str, argument: str = "", reason: str = "", request: str = "") -> list[Output]:
        return self.feed(Command(verb, "ann", self.now, argument, request, reason))

    def feed(self, event: InputEvent) -> list[Output]:
        wishes = dict(self.engine.wishes)
        made = self.engine.process(event)
        self.journal.append((event, wishes, made))
        return made

    def restart(self) -> None:
        """Forgets everything but a snapshot."""
        state, wishes = snapshot_engine(self.engine, sequencer_for(self.plan)), self.engine.wishes
        self.engine = _told(self.plan, on_paper=self.on_paper)
        restore_engine(self.engine, sequencer_for(self.plan), state)
        self.engine.wishes = wishes

    def replayed(self) -> Engine:
        """Another engine fed with the journal; every output must come out again."""
        other = _told(self.plan, on_paper=self.on_paper)
        for event, wishes, made in self.journal:
            other.wishes = dict(wishes)
            assert other.process(event) == made
        return other


def _told(plan: EnginePlan, *, on_paper: bool) -> Told:
    account = _account(plan)
    engine = Told(plan, *account, stopped_account=paper_account(plan, account[2]) if on_paper else None)
    engine.wishes = {}
    return engine


def of(kind: type, outputs: Sequence[Output]) -> list:
    return [one for one in outputs if isinstance(one, kind)]
