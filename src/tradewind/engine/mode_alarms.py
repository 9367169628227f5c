"""What people hear of modes: too many trainings, a seat that stays in LEARNING, one that swings to and fro."""

from __future__ import annotations

from typing import Final

import msgspec

from tradewind.engine.mode_plan import ModeSeat
from tradewind.engine.mode_seat import UNLIKELY, Seat
from tradewind.engine.retrain_watch import RetrainWatch
from tradewind.model.event import ModelTrained
from tradewind.model.mode import Mode, ModeChanged, ModeRules, RetrainAsked
from tradewind.model.notice import Notice
from tradewind.model.timeframe import DAY, HOUR

AGAIN: Final = 7 * DAY
"""A seat that stays in LEARNING is told of so often."""


class ModeAlarms(msgspec.Struct):
    """What was told when. ``asks`` are the times of trainings asked for within the span that is counted."""

    asks: list[int] = []
    told: dict[str, int] = {}

    def asked(self, one: RetrainAsked, rules: ModeRules) -> list[Notice]:
        """One more training: of all seats together there may be fewer than ``excess`` in its span."""
        self.asks = [ts for ts in self.asks if ts > one.ts - rules.excess_span]
        self.asks.append(one.ts)
        if len(self.asks) < rules.excess or not self._due("excess_retraining", one.ts, rules.excess_span):
            return []
        hours = rules.excess_span / HOUR
        detail = (
            f"{len(self.asks)} trainings asked for in {hours:g} h; look at what triggers them"
            " (tradewind learning history) before a threshold is touched"
        )
        return [_notice("excess_retraining", one.ts, "", len(self.asks), rules.excess, detail)]

    def changed(self, place: ModeSeat, seat: Seat, rules: ModeRules, ts: int) -> list[Notice]:
        """A transition: more than so many within an hour are an oscillation."""
        recent = transitions_per_hour(seat, ts)
        subject = f"{place.symbol} {place.timeframe}"
        if recent <= rules.transitions or not self._due(f"modes_oscillate {subject}", ts, HOUR):
            return []
        detail = "the confidence swings round the threshold; a wider hysteresis holds it still"
        return [_notice("modes_oscillate", ts, subject, recent, rules.transitions, detail)]

    def closed(self, place: ModeSeat, seat: Seat, watch: RetrainWatch, rules: ModeRules, ts: int) -> list[Notice]:
        """A bar of the seat closed: how long it has been learning, and whether its probabilities are off."""
        subject = f"{place.symbol} {place.timeframe}"
        found = []
        if seat.stands is Mode.LEARNING and ts - seat.since >= rules.stuck:
            name = f"stuck_in_learning {subject} {seat.since}"
            if self._due(name, ts, AGAIN):
                hours = (ts - seat.since) / HOUR
                found.append(
                    _notice("stuck_in_learning", ts, subject, hours, rules.stuck / HOUR, _advice(seat, watch, rules))
                )
        error = seat.seen.calibration_error
        if error is not None and error > rules.calibration_warning:
            own = seat.champion.calibration(rules.min_events)
            if own is not None and own[1] < UNLIKELY and self._due(f"calibration_warning {subject}", ts, DAY):
                detail = "stated probabilities are off by so much; a new model is asked for above the limit"
                found.append(_notice("calibration_warning", ts, subject, error, rules.calibration_limit, detail))
        return found

    @staticmethod
    def told_of(one: ModeChanged) -> Notice:
        """A transition, for people: that a model stops is a warning."""
        trades = one.after is Mode.TRADING
        value = one.seen.drift_score if one.reason == "drift" else one.seen.confidence
        code, subject = "model_trading" if trades else "model_learning", f"{one.symbol} {one.timeframe}"
        detail = f"{one.reason}, {one.seen.n} shadow events"
        return Notice(code, one.ts, "info" if trades else "warning", subject, value, one.limit, detail)

    @staticmethod
    def failed(event: ModelTrained) -> Notice:
        """A training came to nothing."""
        subject = f"{event.symbol} {event.timeframe}"
        return Notice("retraining_failed", event.ts, "warning", subject, detail=(event.fault or "")[:300])

    def _due(self, name: str, ts: int, span: int) -> bool:
        """Whether it was not told within ``span``; if so, it counts as told. What is long past is forgotten."""
        if ts - self.told.get(name, -span) < span:
            return False
        self.told = {one: at for one, at in self.told.items() if ts - at < AGAIN}
        self.told[name] = ts
        return True


def transitions_per_hour(seat: Seat, ts: int) -> int:
    """Transitions of a seat in the hour up to ``ts``."""
    return sum([ts - HOUR < one <= ts for one in seat.changes])


def _advice(seat: Seat, watch: RetrainWatch, rules: ModeRules) -> str:
    seen = seat.seen
    if not seat.champion.version and not seen.n:
        return "no model sits there: train and promote one"
    if seen.confidence is None:
        return f"{seen.n} of {rules.min_events} shadow events: wait, or watch a shorter interval"
    if seen.confidence < rules.trading_threshold:
        asked = (
            "a training is under way" if watch.running is not None else "train on more data or another type of model"
        )
        return f"confidence {seen.confidence:.2%} over {seen.n} events: {asked}; a lower threshold is no cure"
    return f"confidence {seen.confidence:.2%}, evidence {seen.evidence:.1f} of {seen.needs:g} since it fell: wait"


def _notice(code: str, ts: int, subject: str, value: float, limit: float, detail: str) -> Notice:
    return Notice(code, ts, "warning", subject, float(value), float(limit), detail)
