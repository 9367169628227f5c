"""When an alarm is told again: after the cool-down, or at once when it got worse."""

from __future__ import annotations

import msgspec

from tradewind.model.drift import Severity


class Told(msgspec.Struct, frozen=True):
    """What was told of a subject last."""

    ts: int
    severity: Severity


class Cooldown(msgspec.Struct):
    """Remembers what was told of each subject; ``ns`` is the time between two alarms of the same or lower severity.

    A subject that is in order again for a whole cool-down is forgotten, so that the next decline is told at once.
    """

    ns: int
    told: dict[str, Told] = {}

    def due(self, subject: str, severity: Severity, ts: int) -> bool:
        """Whether an alarm is to be told now; if so, it counts as told."""
        last = self.told.get(subject)
        if severity.rank == 0:
            if last is not None and ts - last.ts >= self.ns:
                del self.told[subject]
            return False
        if last is not None and ts - last.ts < self.ns and severity.rank <= last.severity.rank:
            return False
        self.told[subject] = Told(ts, severity)
        return True

    def forget(self, subject: str) -> None:
        """What comes next of this subject is told at once."""
        self.told.pop(subject, None)
