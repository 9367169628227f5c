"""What the selector knows: recent closes and states of every symbol, weights of its members, the table of values."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

from tradewind.engine.drift_watch import Subject
from tradewind.engine.plan import SymbolPlan
from tradewind.ensemble.market_state import NEEDED, UNKNOWN, market_state
from tradewind.ensemble.q_table import QTable, uniforms
from tradewind.ensemble.selector import FixedShare, SelectorParams
from tradewind.model.bar import Bar
from tradewind.model.decision import Signal
from tradewind.model.drift import SelectorChoice
from tradewind.model.outcome import SignalOutcome

STATES_KEPT: Final = 512
"""Hours for which the state is remembered; a trade that was open longer counts for the oldest of them."""
DECIDED_KEPT: Final = 1024
SHOWN: Final = 10
_ROOM: Final = 4 * NEEDED


class SymbolMemory(msgspec.Struct):
    """One symbol: closes of its shortest timeframe, states by time, weights, results since the last round."""

    closes: list[float]
    times: list[int]
    states: list[str]
    share: FixedShare | None
    round: dict[str, float]
    action: str = ""
    choices: int = 0

    def state_at(self, ts: int) -> str:
        """The state that was in force at ``ts``."""
        place = bisect_right(self.times, ts) - 1
        return self.states[max(0, place)] if self.states else UNKNOWN


class Decided(msgspec.Struct, frozen=True, array_like=True):
    """In which state a signal went out and whose bracket it took."""

    symbol: str
    state: str
    action: str


class _State(msgspec.Struct, frozen=True):
    symbols: dict[str, SymbolMemory]
    table: QTable
    decided: dict[str, Decided]


class MarketMemory:
    """States, weights and values of all symbols. Without ``params`` nothing is kept and nothing chosen."""

    def __init__(
        self, plans: Mapping[str, SymbolPlan], subjects: Iterable[Subject], params: SelectorParams | None
    ) -> None:
        self._params = params
        self._timeframe = {symbol: one.timeframes[0] for symbol, one in plans.items()}
        members: dict[str, list[str]] = {symbol: [] for symbol in plans}
        for subject in subjects:
            members[subject.symbol].append(subject.member)
        self.members = {symbol: tuple(names) for symbol, names in members.items()}
        self.symbols = {
            symbol: SymbolMemory([], [], [], FixedShare.of(names) if names else None, {})
            for symbol, names in self.members.items()
        }
        self.table = QTable(params.entries if params is not None else 1)
        self._decided: dict[str, Decided] = {}

    @property
    def entries(self) -> int:
        """Values in the table."""
        return self.table.size

    @property
    def weighs(self) -> bool:
        """Whether votes are multiplied by the weights."""
        return self._params is not None and self._params.weighs

    def states(self, ts: int) -> dict[str, str]:
        """The state of every symbol that has one."""
        if self._params is None:
            return {}
        return {symbol: one.state_at(ts) for symbol, one in self.symbols.items() if one.states}

    def saw(self, bar: Bar) -> None:
        """A closed bar; only the shortest timeframe of its symbol counts."""
        if self._params is not None and bar.timeframe is self._timeframe[bar.symbol]:
            closes = self.symbols[bar.symbol].closes
            closes.append(bar.close)
            if len(closes) > _ROOM:
                del closes[:-NEEDED]

    def decided(self, signal: Signal, member: str) -> None:
        """A signal went out."""
        if self._params is None:
            return
        self._decided[signal.id] = Decided(signal.symbol, self.symbols[signal.symbol].state_at(signal.ts), member)
        if len(self._decided) > DECIDED_KEPT:
            del self._decided[next(iter(self._decided))]

    def earned(self, symbol: str, member: str, ts_entry: int, r: float) -> None:
        """A member's own bracket was met: its result counts for the round, and for the state it was entered in."""
        if self._params is None:
            return
        own = self.symbols[symbol]
        own.round[member] = own.round.get(member, 0.0) + r
        self.table.learn(own.state_at(ts_entry), _action(symbol, member), r, self._params.step)

    def reported(self, ended: SignalOutcome) -> None:
        """A person said what a signal earned: exactly the value of its state and member moves."""
        found = self._decided.get(ended.signal_id)
        if self._params is not None and found is not None and ended.r is not None:
            self.table.learn(found.state, _action(found.symbol, found.action), ended.r, self._params.step)

    def choose(self, ts: int, quiet: Collection[str]) -> list[SelectorChoice]:
        """Closes the round, takes the state of every symbol and says who comes first until the next cycle."""
        if self._params is None:
            return []
        self.table.prune()
        found = []
        for symbol, own in self.symbols.items():
            state = market_state(own.closes, ts)
            if state is not None:
                own.times.append(ts)
                own.states.append(state.key)
                if len(own.times) > STATES_KEPT:
                    del own.times[0], own.states[0]
            if own.share is None:
                continue
            if own.round:
                own.share.update(own.round, self._params)
                own.round = {}
            heard = [name for name in self.members[symbol] if f"{symbol} {name}" not in quiet]
            if heard and own.states:
                found.append(self._choice(ts, symbol, own, heard))
        return found

    def multipliers(self, symbol: str) -> dict[str, float]:
        """What the votes of each member of a symbol are multiplied by; empty where nothing is."""
        own = self.symbols[symbol]
        if self._params is None or not self.weighs or own.share is None:
            return {}
        if self._params.method == "fixed_share":
            return own.share.multipliers
        names = self.members[symbol]
        return {name: 0.5 + (0.5 * len(names) if name == own.action else 0.0) for name in names}

    def snapshot(self) -> bytes:
        """The whole state."""
        return msgspec.msgpack.encode(_State(self.symbols, self.table, self._decided))

    def restore(self, state: bytes) -> None:
        """Continues from a snapshot of the same members."""
        found = msgspec.msgpack.decode(state, type=_State)
        self.symbols |= {symbol: one for symbol, one in found.symbols.items() if symbol in self.symbols}
        self.table, self._decided = found.table, dict(found.decided)

    def _choice(self, ts: int, symbol: str, own: SymbolMemory, heard: list[str]) -> SelectorChoice:
        params, share = self._params, own.share
        if params is None or share is None:
            raise AssertionError  # choose asks only where both are there
        state, explored = own.states[-1], False
        weights = share.multipliers
        if params.method == "fixed_share":
            own.action = max(heard, key=lambda name: weights[name])
            value = weights[own.action]
        else:
            draw, pick = uniforms(params.seed, symbol, own.choices)
            chosen = self.table.choose(state, [_action(symbol, name) for name in heard], params.explore, draw, pick)
            own.action = chosen.action.removeprefix(f"{symbol} ")
            value, explored = chosen.value, chosen.explored
        own.choices += 1
        largest = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
        return SelectorChoice(
            ts, symbol, state, params.method, own.action, value, explored, params.weighs, dict(largest)
        )


def _action(symbol: str, member: str) -> str:
    """The table is one for all symbols; what was learnt on one is not believed on another."""
    return f"{symbol} {member}"
