"""INV-18: a model trades only where its evidence allows it, and every transition carries that evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tradewind.engine.mode_plan import ModeSeat
from tradewind.model.decision import Signal
from tradewind.model.event import InputEvent, ModeRulesSet
from tradewind.model.mode import Mode, ModeChanged, ModeRules
from tradewind.model.notice import Notice
from tradewind.model.output import Output
from tradewind.model.timeframe import HOUR

ROUNDING = 1e-12


class ModeLaws:
    """Reads events with their outputs in the order of the journal, and knows nothing else of the engine."""

    def __init__(self, seats: Iterable[ModeSeat]) -> None:
        self._stands = {(one.symbol, one.timeframe): Mode.LEARNING for one in seats}
        self._champions = {(one.symbol, one.champion): (one.symbol, one.timeframe) for one in seats}
        self._rules = ModeRules()
        self._moves: dict[object, list[int]] = {}
        self.transitions = 0

    def entry(self, event: InputEvent, outputs: Iterable[Output]) -> Iterator[str]:
        """What breaks the law; transitions above the limit of an hour must be told."""
        if isinstance(event, ModeRulesSet):
            self._rules = event.rules
        made = list(outputs)
        told = any(isinstance(one, Notice) and one.code == "modes_oscillate" for one in made)
        for one in made:
            if isinstance(one, ModeChanged):
                yield from self._moved(one, told=told)
            elif isinstance(one, Signal):
                for voter in one.consensus.voters:
                    key = self._champions.get((one.symbol, voter))
                    if key is not None and self._stands[key] is Mode.LEARNING:
                        yield f"INV-18 signal {one.id} follows {voter}, which is learning"

    def _moved(self, one: ModeChanged, *, told: bool) -> Iterator[str]:
        key, seen, rules = (one.symbol, one.timeframe), one.seen, self._rules
        self.transitions += 1
        if self._stands[key] is not one.before or one.before is one.after:
            yield f"INV-18 {key} goes from {one.before} to {one.after}, it stood in {self._stands[key]}"
        self._stands[key] = one.after
        known = seen.confidence
        if one.after is Mode.TRADING and (known is None or known < rules.trading_threshold):
            yield f"INV-18 {key} trades at a confidence of {known}, the threshold is {rules.trading_threshold}"
        if one.after is Mode.TRADING and (seen.n < rules.min_events or seen.evidence < seen.needs):
            yield f"INV-18 {key} trades on {seen.n} events with evidence {seen.evidence} of {seen.needs}"
        if one.after is Mode.LEARNING and one.reason == "confidence" and (known is None or known >= rules.leave):
            yield f"INV-18 {key} stops at a confidence of {known}, it leaves below {rules.leave}"
        if one.reason == "drift" and seen.drift_score < rules.drift_score:
            yield f"INV-18 {key} stops for a drift score of {seen.drift_score}, the limit is {rules.drift_score}"
        recent = [ts for ts in self._moves.get(key, []) if ts > one.ts - HOUR]
        self._moves[key] = [*recent, one.ts]
        if len(recent) == rules.transitions and not told:
            yield f"INV-18 {key} moved {len(recent) + 1} times within an hour and nobody was told"
