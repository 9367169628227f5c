"""Learning from what happened: outcomes feed detectors and selector, and once an hour something follows from them.

Everything here is part of the engine's state and follows from recorded events alone. A member whose decline is CRITICAL
is taken off where ``auto_action`` is on, and the next of the reserve sits in its place; people are told by outputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from tradewind.engine.consensus_watch import NAME as CONSENSUS
from tradewind.engine.consensus_watch import ConsensusWatch
from tradewind.engine.drift_watch import Closed, Subject, Watch, check, family_check
from tradewind.engine.learning_plan import LearningParams
from tradewind.engine.market_memory import MarketMemory
from tradewind.engine.outcomes import SignalBook
from tradewind.engine.plan import SymbolPlan
from tradewind.engine.series import Series
from tradewind.errors import TradewindError
from tradewind.model.bar import Bar
from tradewind.model.decision import Signal
from tradewind.model.drift import (
    DriftAlarm,
    DriftCheck,
    LearningCycle,
    MemberReplaced,
    Reference,
    Severity,
)
from tradewind.model.event import Command, References
from tradewind.model.notice import Notice
from tradewind.model.order import Fill
from tradewind.model.outcome import Outcome, SignalOutcome
from tradewind.model.output import Output
from tradewind.model.timeframe import DAY, Timeframe
from tradewind.validation.drift import LEVELS
from tradewind.validation.drift_cooldown import Cooldown
from tradewind.validation.drift_detectors import e_bh, fleet_limit

MONTH: Final = 30 * DAY
DAILY: Final = 24
"""Every so many cycles everybody is checked again, also where nothing new came: look-backs move on."""
_CRITICAL: Final = dict(LEVELS)[Severity.CRITICAL]


class _State(msgspec.Struct, frozen=True):
    references: dict[str, Reference]
    watches: dict[str, Watch]
    book: bytes
    off: dict[str, int]
    benched: list[str]
    next_cycle: int
    cycles: int
    cooldown: Cooldown
    memory: bytes
    consensus: dict[str, ConsensusWatch] = {}


class Reported(msgspec.Struct, frozen=True):
    """What a report led to: outputs, or why it is not taken, and what to answer."""

    outputs: tuple[Output, ...] = ()
    refused: str = ""
    detail: str = ""


class Learning:
    """Outcomes, drift and selection of all symbols of one engine.

    ``off`` are members that drift took off, each ``SYMBOL ID`` with the time of it; ``benched`` those of the reserve
    that have no seat yet, best first. ``quiet`` is everybody of both: nobody hears them. ``stirred``: the last cycle
    changed who is heard, or with which weight. ``spared`` are not taken off: they have a mode.
    """

    def __init__(self, symbols: Iterable[SymbolPlan], params: LearningParams) -> None:
        self.params = params
        plans = {one.instrument.symbol: one for one in symbols}
        self.book = SignalBook({symbol: one.instrument for symbol, one in plans.items()})
        self.subjects = {
            subject.name: subject
            for symbol, one in plans.items()
            for member in one.members
            if member.id not in one.unheard
            for subject in (Subject(symbol, member.id, member.family, member.timeframe),)
        }
        self.references: dict[str, Reference] = {}
        self.watches = {name: Watch.of(None) for name in self.subjects}
        self.consensus = {symbol: ConsensusWatch() for symbol in plans}
        self._bases = {symbol: one.base for symbol, one in plans.items()}
        self.off: dict[str, int] = {}
        self.benched = [f"{symbol} {name}" for symbol, one in plans.items() for name in one.reserve]
        self.memory = MarketMemory(plans, self.subjects.values(), params.selector)
        self.cooldown = Cooldown(params.cooldown)
        self.stirred = False
        self.spared: frozenset[str] = frozenset()
        self._next_cycle = 0
        self._cycles = 0

    @property
    def quiet(self) -> frozenset[str]:
        """Members that nobody hears because of drift, or because they wait in the reserve."""
        return frozenset((*self.off, *self.benched))

    def on_references(self, event: References) -> None:
        """What members are held to from now on; who has another reference than before starts anew."""
        found = {f"{one.symbol} {one.member}": one for one in event.references}
        for name in self.subjects:
            if found.get(name) != self.references.get(name):
                self._restart(name, found.get(name))
        self.references = {name: one for name, one in found.items() if name in self.subjects}

    def on_signal(self, signal: Signal, member: str) -> None:
        """A signal went out; ``member`` is whose bracket it takes."""
        self.book.add(signal, member)
        self.consensus[signal.symbol].add(signal)
        self.memory.decided(signal, member)

    def on_booked(self, happened: object, booked: Iterable[object]) -> list[Output]:
        """What the account made of a signal: an entry, then an outcome."""
        if isinstance(happened, Fill):
            self.book.on_fill(happened)
        outputs: list[Output] = []
        for one in booked:
            ended = self.book.on_outcome(one) if isinstance(one, Outcome) else None
            if ended is not None:
                outputs += self._ended(ended)
        return outputs

    def on_base(self, bar: Bar) -> list[Output]:
        """A base bar: open signals meet it."""
        found = self.book.on_bar(bar)
        return [output for ended in found for output in self._ended(ended)] if found else []

    def on_closes(self, bars: Iterable[Bar], series: Mapping[Timeframe, Series], *, history: bool) -> list[Output]:
        """Bars of one symbol that closed together, after their series took them; the hourly cycle where it is due."""
        outputs: list[Output] = []
        ts = 0
        for bar in bars:
            ts = bar.ts_close
            self.memory.saw(bar)
            if history:
                continue
            self.book.on_close(bar, series)
            for place, trade in series[bar.timeframe].shadow.newest():
                name = f"{bar.symbol} {series[bar.timeframe].members[place].id}"
                if name in self.subjects:
                    self._predicted(name, trade.ts_entry, Closed(trade.ts_exit, trade.r))
        if ts >= self._next_cycle and not history:
            outputs += self._cycle(ts)
        return outputs

    def report(self, order: Command) -> Reported:
        """What a person says became of a signal; an order of another verb is none."""
        if order.verb != "report":
            return Reported()
        ended = self.book.report(order)
        if isinstance(ended, str):
            return Reported(refused=ended)
        self.memory.reported(ended)
        before = f" instead of {ended.overrides}" if ended.overrides else ""
        return Reported(tuple(self._ended(ended)), "", f"{ended.signal_id}: {ended.result}{before}")

    def enabled(self, name: str) -> None:
        """A person wants a member heard again: what was held against it is forgotten."""
        if self.off.pop(name, None) is not None:
            self._restart(name, self.references.get(name))
            self.cooldown.forget(name)

    def checks(self, ts: int) -> list[DriftCheck]:
        """The check of every member that can be checked at ``ts``; changes no detector."""
        found = []
        for name, subject in self.subjects.items():
            own = self.references.get(name)
            found.append(check(subject, self.watches[name], own, ts, self.params.limits, self.params.lookback))
        return found

    def snapshot(self) -> bytes:
        """The whole state."""
        return msgspec.msgpack.encode(
            _State(
                self.references,
                self.watches,
                self.book.snapshot(),
                self.off,
                self.benched,
                self._next_cycle,
                self._cycles,
                self.cooldown,
                self.memory.snapshot(),
                self.consensus,
            )
        )

    def restore(self, state: bytes) -> None:
        """Continues from a snapshot; empty bytes are those of an engine that learnt nothing yet."""
        if not state:
            return
        found = msgspec.msgpack.decode(state, type=_State)
        self.references = found.references
        self.watches |= {name: one for name, one in found.watches.items() if name in self.subjects}
        self.consensus |= {symbol: one for symbol, one in found.consensus.items() if symbol in self.consensus}
        self.book.restore(found.book)
        self.off, self.benched = dict(found.off), list(found.benched)
        self._next_cycle, self._cycles, self.cooldown = found.next_cycle, found.cycles, found.cooldown
        self.memory.restore(found.memory)

    def _restart(self, name: str, reference: Reference | None) -> None:
        self.watches[name] = Watch.of(reference)

    def _predicted(self, name: str, ts_entry: int, closed: Closed) -> None:
        reference = self.references.get(name)
        if reference is not None and ts_entry < reference.until:
            return
        self.watches[name].predicted(closed, reference, self.params.limits, self.params.lookback)
        subject = self.subjects[name]
        self.memory.earned(subject.symbol, subject.member, ts_entry, closed.r)

    def _ended(self, ended: SignalOutcome) -> list[Output]:
        """A signal has its outcome: the member whose bracket it was is judged by it once, and corrected by a report."""
        self.consensus[ended.symbol].end(ended)
        name = f"{ended.symbol} {ended.member}"
        watch, reference = self.watches.get(name), self.references.get(name)
        if watch is None or ended.r is None or watch.trades.correct(ended.signal_id, ended.r):
            return [ended]
        if reference is None or (ended.ts_entry or ended.ts) >= reference.until:
            watch.traded(Closed(ended.ts, ended.r, ended.signal_id), reference, self.params.lookback)
        return [ended]

    def _cycle(self, ts: int) -> list[Output]:
        """The hourly cycle: checks, alarms, replacements, choices; what was missed is not made up for."""
        self._cycles += 1
        quiet = len(self.off)
        self._next_cycle = (ts // self.params.cycle + 1) * self.params.cycle
        outputs: list[Output] = []
        limit = self._fleet_limit()
        everybody = [name for name in self.subjects if name not in self.off]
        again = self._cycles % DAILY == 0
        due = [name for name in everybody if again or self.watches[name].news]
        found, failed = self._check_all(due, ts, outputs)
        sure = self._confirmed(everybody, [one.subject for one in found], limit)
        alarms = 0
        made = (*found, *self._families(due, ts), *self._of_consensus(ts))
        for one in made:
            if one.member != CONSENSUS or one.severity.rank >= Severity.HIGH.rank:  # below it is a row, not a word
                alarms += self._speak(one, limit, one.subject in sure, outputs)
        outputs += self.memory.choose(ts, self.quiet)
        self.stirred = len(self.off) != quiet or self.memory.weighs
        states, entries = self.memory.states(ts), self.memory.entries
        checked = len(everybody) - failed
        outputs.append(LearningCycle(ts, self._cycles, checked, alarms, failed, limit, entries, states, made))
        return outputs

    def _check_all(self, names: list[str], ts: int, outputs: list[Output]) -> tuple[list[DriftCheck], int]:
        """One check after the other; one that fails is told and stops no other."""
        found: list[DriftCheck] = []
        for name in names:
            watch = self.watches[name]
            try:
                one = check(
                    self.subjects[name], watch, self.references.get(name), ts, self.params.limits, self.params.lookback
                )
            except (TradewindError, ArithmeticError, ValueError, LookupError, TypeError) as error:
                if self.cooldown.due(f"{name} check", Severity.HIGH, ts):
                    outputs.append(Notice("drift_check_failed", ts, "warning", name, detail=str(error)[:200]))
                continue
            watch.checked, watch.severity = watch.seen, one.severity
            found.append(one)
        return found, len(names) - len(found)

    def _fleet_limit(self) -> float:
        """The level at which everybody together alarms falsely at most once a month."""
        count = sum([len(watch.predictions.recent) for watch in self.watches.values()])
        return fleet_limit(count * MONTH / self.params.lookback, _CRITICAL)

    def _confirmed(self, everybody: list[str], checked: list[str], limit: float) -> frozenset[str]:
        """Whose decline stands up to the number of members looked at."""
        if self.params.fleet == "limit":
            return frozenset(name for name in checked if self.watches[name].level >= limit)
        known = [name for name in everybody if name in self.references]
        values = [self.watches[name].level / max(1, self.watches[name].seen) for name in known]
        return frozenset(known[place] for place in e_bh(values, self.params.limits.alpha))

    def _families(self, due: list[str], ts: int) -> list[DriftCheck]:
        """One pooled check for each family with news of which several members are known; it disables nobody."""
        fresh = {(self.subjects[name].symbol, self.subjects[name].family) for name in due if name in self.references}
        found = []
        for symbol, family in sorted(fresh):
            names = [
                name
                for name, one in self.subjects.items()
                if (one.symbol, one.family) == (symbol, family) and name in self.references and name not in self.off
            ]
            if len(names) > 1:
                watches = [self.watches[name] for name in names]
                found.append(family_check(family, self.subjects[names[0]], watches, ts, self.params.limits))
        return found

    def _of_consensus(self, ts: int) -> list[DriftCheck]:
        """One check for each symbol whose signals have new outcomes; it disables nobody."""
        found = ((symbol, one) for symbol, one in self.consensus.items() if one.news)
        return [one.check(symbol, self._bases[symbol], ts, self.params.limits) for symbol, one in found]

    def _speak(self, one: DriftCheck, limit: float, sure: bool, outputs: list[Output]) -> int:
        """The alarm of one check where one is due, and what follows from it."""
        severity = max(one.severity, Severity.LOW, key=lambda level: level.rank) if one.decaying else one.severity
        before = self.cooldown.told.get(one.subject)
        due = self.cooldown.due(one.subject, severity, one.ts)
        if due:
            escalated = before is not None and one.ts - before.ts < self.params.cooldown
            outputs.append(DriftAlarm(one, escalated, limit, sure))
        acts = self.params.auto_action and sure and one.severity is Severity.CRITICAL
        if acts and one.subject in self.subjects and one.subject not in self.spared:
            outputs.append(self._take_off(one))
        effect = one.effect
        if effect.alert and self.cooldown.due(f"{one.subject} effect", Severity.LOW, one.ts):
            outputs.append(
                Notice(
                    "drift_effect",
                    one.ts,
                    "info",
                    one.subject,
                    effect.degradation,
                    self.params.limits.degradation,
                    f"{effect.band}: {effect.n} trades",
                )
            )
        return int(due)

    def _take_off(self, one: DriftCheck) -> MemberReplaced:
        """Nobody hears the member any more; the best of the symbol's reserve that is not off sits in its place."""
        self.off[one.subject] = one.ts
        if one.subject in self.benched:
            self.benched.remove(one.subject)
            return self._replaced(one, "", "it waited in the reserve")
        waiting = [name for name in self.benched if self.subjects[name].symbol == one.symbol]
        if not waiting:
            return self._replaced(one, "", "nobody is left in the reserve")
        self.benched.remove(waiting[0])
        return self._replaced(one, self.subjects[waiting[0]].member, "next in the reserve")

    def _replaced(self, one: DriftCheck, replacement: str, why: str) -> MemberReplaced:
        return MemberReplaced(one.ts, one.symbol, one.member, replacement, one.severity, one.level, why)
