"""Alarms over counts of the past, as a cloud's monitor would raise them, without a cloud."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from tradewind.adapters.store.reader import Queryable
from tradewind.model.timeframe import HOUR

_DRIFT: Final = "SELECT ts, payload FROM outbox WHERE topic = 'drift' AND ts > ? AND payload LIKE '%\"drift_alarm\"%'"


class AlarmState(StrEnum):
    """OK, or the condition is met."""

    OK = "OK"
    ALARM = "ALARM"


class Alarm(msgspec.Struct, frozen=True):
    """``sum of metric{dimension} over period >= threshold`` raises it; missing points are no breach.

    A point at ``ts`` counts while ``now - period < ts <= now``.
    """

    name: str
    metric: str
    dimension: str
    threshold: float
    period: int

    def state(self, points: Iterable[tuple[int, str, float]], now: int) -> AlarmState:
        """The state at ``now``; a point is ``(ts, dimension, value)``."""
        total = sum(value for ts, where, value in points if where == self.dimension and now - self.period < ts <= now)
        return AlarmState.ALARM if total >= self.threshold else AlarmState.OK


DRIFT_CRITICAL: Final = Alarm("trading-bot-drift-critical", "DriftAlerts", "CRITICAL", 1.0, HOUR)


class _Check(msgspec.Struct):
    severity: str


class _Told(msgspec.Struct):
    check: _Check


def drift_alerts(database: Queryable, since: int) -> list[tuple[int, str, float]]:
    """The metric ``DriftAlerts`` by severity: one for every alarm told after ``since``."""
    rows = database.query(_DRIFT, (since,))[1]
    return [(ts, msgspec.json.decode(payload, type=_Told).check.severity, 1.0) for ts, payload in rows]


class AlarmBook:
    """Remembers the state of an alarm, so that a change is told once."""

    def __init__(self, alarm: Alarm = DRIFT_CRITICAL) -> None:
        self.alarm = alarm
        self.state = AlarmState.OK

    def look(self, database: Queryable, now: int) -> AlarmState | None:
        """The new state where it changed at ``now``; None else."""
        state = self.alarm.state(drift_alerts(database, now - self.alarm.period), now)
        if state is self.state:
            return None
        self.state = state
        return state
