"""What becomes of every signal: prices are followed until its bracket is met, also where nobody trades it.

The rules are those of the paper broker: entry at the next open of the base timeframe while the signal is valid, exits
by ``kernels.matching``, time stop in bars of the signal's timeframe, trailing stop, opposite vote. Costs are charged
per side as in the shadow book. A signal that the account filled ends as its trade does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

import msgspec

from tradewind.engine.holding import Holding
from tradewind.engine.series import Series
from tradewind.ensemble.shadow import LEGS, charges_of
from tradewind.kernels.matching import HOLD, bracket_exit
from tradewind.model.bar import Bar
from tradewind.model.decision import Signal
from tradewind.model.event import Command
from tradewind.model.instrument import Instrument
from tradewind.model.order import Fill, Leg
from tradewind.model.outcome import Outcome, SignalOutcome
from tradewind.model.timeframe import HOUR, Timeframe

REMEMBERED: Final = 1024
"""Ended signals that can still be reported on."""
WORDS: Final = {"profit": "won", "loss": "lost"}


class Followed(msgspec.Struct):
    """One signal on its way. ``entry`` is NaN before it; ``risk_fraction`` the stop distance / entry.

    ``executed``: the account holds it, so its trade decides. ``closing`` is the leg it leaves by at the next open.
    """

    signal: Signal
    holding: Holding
    member: str
    entry: float = math.nan
    ts_entry: int = 0
    risk_fraction: float = 0.0
    cost: float = 0.0
    stop: float = 0.0
    closing: str = ""
    executed: bool = False


class _State(msgspec.Struct, frozen=True):
    followed: dict[str, list[Followed]]
    ended: list[SignalOutcome]
    risked: dict[str, float]


class SignalBook:
    """Every signal until it has an outcome, and the newest ``REMEMBERED`` outcomes for whoever reports on them."""

    def __init__(self, instruments: Mapping[str, Instrument]) -> None:
        self._instruments = instruments
        self._costs = {symbol: charges_of(one.costs) for symbol, one in instruments.items()}
        self._followed: dict[str, list[Followed]] = {}
        self._ended: dict[str, SignalOutcome] = {}
        self._risked: dict[str, float] = {}

    def open(self, symbol: str) -> tuple[Followed, ...]:
        """Signals of a symbol without an outcome, oldest first."""
        return tuple(self._followed.get(symbol, ()))

    def outcome_of(self, signal_id: str) -> SignalOutcome | None:
        """What became of a signal; None while it is open, and for one that is unknown or too long ago."""
        return self._ended.get(signal_id)

    def add(self, signal: Signal, member: str) -> None:
        """Follows a new signal; ``member`` is whose bracket it takes."""
        held = Holding.of(signal)
        one = Followed(signal, held, member, stop=signal.bracket.stop)
        self._followed.setdefault(signal.symbol, []).append(one)

    def on_fill(self, fill: Fill) -> None:
        """The account entered a signal: from now on its trade decides."""
        if fill.leg is Leg.ENTRY:
            for one in self._followed.get(fill.symbol, ()):
                if one.signal.id == fill.signal_id:
                    one.executed = True

    def on_outcome(self, outcome: Outcome) -> SignalOutcome | None:
        """A trade of the account ended; None where nothing was filled, or the signal has its outcome."""
        for followed in self._followed.values():
            for one in followed:
                if one.signal.id == outcome.signal_id and one.executed:
                    won = outcome.result == "won"
                    return self._end(one, outcome.ts, "trade", "won" if won else "lost", outcome.r)
        return None

    def on_bar(self, bar: Bar) -> list[SignalOutcome]:
        """Meets everything open of the bar's symbol with a base bar; synthetic bars trade nothing."""
        followed = self._followed.get(bar.symbol)
        if not followed or bar.synthetic:
            return []
        found = [self._meet(one, bar) for one in tuple(followed) if not one.executed]
        return [one for one in found if one is not None]

    def on_close(self, bar: Bar, series: Mapping[Timeframe, Series]) -> None:
        """A bar of any timeframe closed: time stops count it, stops follow it, votes of the other side end trades."""
        for one in self._followed.get(bar.symbol, ()):
            if one.executed:
                continue
            leaving = _Leaving(one, self._instruments[bar.symbol])
            one.holding.over(bar, leaving.instrument, leaving)
            here = series.get(bar.timeframe)
            if one.holding.leaves_with and here is not None:
                one.holding.turned(here.side_of(one.holding.leaves_with), leaving)

    def report(self, order: Command) -> SignalOutcome | str:
        """A person says what became of a signal: ``ID profit|loss AMOUNT``. The text says why it is not taken."""
        words = order.argument.split()
        if len(words) != 3 or words[1].lower() not in WORDS:
            return f"a report is ID profit|loss AMOUNT, not {order.argument[:80]!r}"
        name, word, text = words[0], words[1].lower(), words[2]
        amount = _amount(text)
        if amount is None:
            return f"the amount is a number above 0 in account currency, not {text[:40]!r}"
        ended = self._ended.get(name)
        if ended is not None and ended.source == "report":
            return f"{name} was reported already: {ended.result} {ended.amount} by {ended.actor}"
        one = next((one for group in self._followed.values() for one in group if one.signal.id == name), None)
        if one is None and ended is None:
            return f"no signal {name[:80]} among the open ones and the newest {REMEMBERED} that ended"
        risk = one.signal.bracket.risk_cash if one is not None else self._risked[name]
        r = (1.0 if word == "profit" else -1.0) * float(amount) / risk if risk > 0.0 else None
        before = ended if ended is not None else self._unended(one, order.ts)  # type: ignore[arg-type]  # one of them is known
        told = msgspec.structs.replace(
            before,
            ts=order.ts,
            source="report",
            result=WORDS[word],
            r=r,
            leg="",
            overrides="" if ended is None else ended.result,
            amount=str(amount),
            actor=order.actor,
            reason=order.reason,
            request=order.id,
        )
        if one is not None:
            self._forget(one)
        self._keep(told, risk)
        return told

    def snapshot(self) -> bytes:
        """Everything open and everything remembered."""
        followed = {symbol: list(group) for symbol, group in sorted(self._followed.items()) if group}
        return msgspec.msgpack.encode(_State(followed, list(self._ended.values()), self._risked))

    def restore(self, state: bytes) -> None:
        """Continues from a snapshot."""
        found = msgspec.msgpack.decode(state, type=_State)
        self._followed = {symbol: list(group) for symbol, group in found.followed.items()}
        self._ended = {one.signal_id: one for one in found.ended}
        self._risked = dict(found.risked)

    def _meet(self, one: Followed, bar: Bar) -> SignalOutcome | None:
        signal, held = one.signal, one.holding
        opened = bar.open
        if not held.filled:
            if bar.ts_open < signal.ts:
                return None
            passed, _, _ = bracket_exit(held.side, opened, opened, opened, one.stop, signal.bracket.target)
            if passed != HOLD or bar.ts_open > signal.valid_until:
                return self._end(one, bar.ts_close, "prices", "expired", None)
            held.filled = True
            one.entry, one.ts_entry = opened, bar.ts_open
            one.risk_fraction = abs(opened - one.stop) / opened
            one.cost = self._cost(bar)
        elif one.closing:
            passed, _, _ = bracket_exit(held.side, opened, opened, opened, one.stop, signal.bracket.target)
            return self._leave(one, bar, opened, LEGS[passed] if passed != HOLD else Leg(one.closing), ambiguous=False)
        code, price, ambiguous = bracket_exit(held.side, opened, bar.high, bar.low, one.stop, signal.bracket.target)
        if code == HOLD:
            return None
        return self._leave(one, bar, price, LEGS[code], ambiguous=ambiguous)

    def _leave(self, one: Followed, bar: Bar, price: float, leg: Leg, *, ambiguous: bool) -> SignalOutcome:
        net = one.holding.side * (price - one.entry) / one.entry - one.cost - self._cost(bar)
        r = net / one.risk_fraction if one.risk_fraction > 0.0 else None
        return self._end(one, bar.ts_close, "prices", "won" if net > 0.0 else "lost", r, leg, price, ambiguous)

    def _cost(self, bar: Bar) -> float:
        fixed, by_hour = self._costs[bar.symbol]
        return fixed + (by_hour[bar.ts_open // HOUR % 24] if bar.spread is None else 0.5 * bar.spread / bar.open)

    def _unended(self, one: Followed, ts: int) -> SignalOutcome:
        signal = one.signal
        entry = one.entry if one.holding.filled else None
        return SignalOutcome(
            signal.id, signal.symbol, signal.timeframe, ts, "prices", "expired", one.member,
            ts_entry=one.ts_entry, entry=entry,
        )  # fmt: skip

    def _end(
        self,
        one: Followed,
        ts: int,
        source: str,
        result: str,
        r: float | None,
        leg: str = "",
        price: float | None = None,
        ambiguous: bool = False,
    ) -> SignalOutcome:
        ended = msgspec.structs.replace(
            self._unended(one, ts), source=source, result=result, r=r, leg=str(leg), exit=price, ambiguous=ambiguous
        )
        self._forget(one)
        self._keep(ended, one.signal.bracket.risk_cash)
        return ended

    def _forget(self, one: Followed) -> None:
        group = self._followed[one.signal.symbol]
        group.remove(one)
        if not group:
            del self._followed[one.signal.symbol]

    def _keep(self, ended: SignalOutcome, risk: float) -> None:
        self._ended[ended.signal_id] = ended
        self._risked[ended.signal_id] = risk
        if len(self._ended) > REMEMBERED:
            oldest = next(iter(self._ended))
            del self._ended[oldest], self._risked[oldest]


class _Leaving:
    """Takes the orders that ``Holding`` gives a broker."""

    __slots__ = ("instrument", "one")

    def __init__(self, one: Followed, instrument: Instrument) -> None:
        self.one = one
        self.instrument = instrument

    def close(self, signal_id: str, leg: Leg) -> bool:
        self.one.closing = leg.value
        return bool(signal_id)

    def amend(self, signal_id: str, stop_ticks: int) -> bool:
        self.one.stop = self.instrument.to_price(stop_ticks)
        return bool(signal_id)


def _amount(text: str) -> Decimal | None:
    """A finite number above 0, in plain digits; None for anything else."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and Decimal(0) < value < Decimal("1e12") else None
