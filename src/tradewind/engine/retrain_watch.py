"""When a seat asks for a new model: ordered triggers, one cool-down, never two trainings at once."""

from __future__ import annotations

from typing import Final

import msgspec

from tradewind.model.mode import TRIGGERS, ModeRules, RetrainAsked, Trigger
from tradewind.model.timeframe import Timeframe

KEPT: Final[tuple[Trigger, ...]] = ("drift", "calibration")
"""Triggers whose cause is still there when a training came to nothing."""


class RetrainWatch(msgspec.Struct):
    """What one seat waits for. ``pending`` holds value and limit of each trigger since the last training was asked for.

    ``running`` is what was asked for and has not come to an end; ``trained`` when the last training ended, or the seat
    was first seen; ``labels`` counts the shadow events since then. ``by`` is who ordered a training by hand and why,
    ``at_once`` whether without waiting for the cool-down.
    """

    pending: dict[Trigger, tuple[float, float]] = {}
    running: RetrainAsked | None = None
    asked: int | None = None
    trained: int = 0
    labels: int = 0
    by: str = ""
    at_once: bool = False

    def want(self, trigger: Trigger, value: float, limit: float) -> None:
        """Notes a trigger; a newer value of the same one takes its place."""
        self.pending[trigger] = (value, limit)

    def order(self, by: str, *, at_once: bool) -> None:
        """A person wants one."""
        self.want("manual", 0.0, 0.0)
        self.by, self.at_once = by, at_once

    def take_back(self) -> bool:
        """The person does not any more; whether one waited."""
        waited = self.pending.pop("manual", None) is not None
        self.by, self.at_once = "", False
        return waited

    def wait(self, ts: int, rules: ModeRules) -> int:
        """Nanoseconds of the cool-down that are left at ``ts`` for what is pending."""
        return 0 if self.asked is None or self.at_once else max(0, self.asked + rules.cooldown - ts)

    def pass_time(self, ts: int, rules: ModeRules) -> None:
        """Notes what is due by the clock of the market and by the number of labels.

        Not while a training runs: time and labels count from its end.
        """
        if self.running is not None:
            return
        if rules.schedule and ts - self.trained >= rules.schedule:
            self.want("schedule", float(ts - self.trained), float(rules.schedule))
        if rules.new_labels and self.labels >= rules.new_labels:
            self.want("new_labels", float(self.labels), float(rules.new_labels))

    def due(self, symbol: str, timeframe: Timeframe, ts: int, rules: ModeRules, since: int = 0) -> RetrainAsked | None:
        """The first of the pending triggers, where the cool-down is over and nothing is being trained.

        ``since`` goes with the question.

        With retraining off, what is pending is forgotten: it is not made up for when it is switched on again.
        """
        if not rules.retrains:
            self._forget()
        if not self.pending or self.running is not None or self.wait(ts, rules):
            return None
        first, *others = [one for one in TRIGGERS if one in self.pending]
        value, limit = self.pending[first]
        self.running = RetrainAsked(ts, symbol, timeframe, first, value, limit, tuple(others), since, self.by)
        self.asked = ts
        self._forget()
        return self.running

    def ended(self, ts: int, *, failed: bool) -> RetrainAsked | None:
        """The training is over; what was asked for. One that failed is asked for again where its cause is still there.

        Labels and time count from here in either case: the cool-down alone spaces what is tried again.
        """
        asked, self.running = self.running, None
        self.trained, self.labels = ts, 0
        if failed and asked is not None and asked.trigger in KEPT and asked.trigger not in self.pending:
            self.pending[asked.trigger] = (asked.value, asked.limit)
        return asked

    def _forget(self) -> None:
        self.pending.clear()
        self.by, self.at_once = "", False
