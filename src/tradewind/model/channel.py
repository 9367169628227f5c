"""Who hears what: a channel, the topics it subscribed to and how fast it may be spoken to."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from tradewind.model.notice import Severity

Topic = Literal["signal", "trade", "alert", "drift", "guard", "report", "system"]
TOPICS: Final[tuple[Topic, ...]] = ("signal", "trade", "alert", "drift", "guard", "report", "system")
ALARMS: Final[tuple[Topic, ...]] = ("alert", "drift", "guard", "system")
SEVERITIES: Final[dict[Severity, int]] = {"info": 0, "warning": 1, "critical": 2}


class Limit(msgspec.Struct, frozen=True):
    """At most ``count`` requests in any window of ``window`` nanoseconds over everything that shares ``scope``."""

    scope: str
    count: int
    window: int


class Channel(msgspec.Struct, frozen=True):
    """One receiver. ``name`` is stable over restarts, such as ``telegram:-100123``; ``peer`` is what is asked.

    Channels of one peer wait together when it limits or does not answer. Signals below ``min_confidence`` and alarms
    below ``min_severity`` are not sent to it.
    """

    name: str
    peer: str
    topics: tuple[Topic, ...]
    limits: tuple[Limit, ...] = ()
    min_confidence: float = 0.0
    min_severity: Severity = "info"
