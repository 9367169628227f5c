"""What a running service says of itself, for those who look from outside: status, watchdog, monitors."""

from __future__ import annotations

from contextlib import suppress
from typing import Literal

import msgspec

from tradewind.adapters.beat_file import BeatFile
from tradewind.adapters.host_resources import Resources
from tradewind.app.task_report import TaskReport
from tradewind.model.timeframe import SECOND
from tradewind.ports.transport import Traffic

BEAT_EVERY = 5 * SECOND
ServiceState = Literal["starting", "running", "waiting", "stopped", "failed"]


class ServiceNote(msgspec.Struct, frozen=True):
    """The service at ``ts`` (UTC ns of the host). ``faults`` are empty while all is well.

    It is ``waiting`` between two lives, for the store, for room or for its next try; ``detail`` says for what.

    ``operations`` counts what was attempted since the process began (passes of loops, requests, messages), ``failed``
    what of it failed, ``errors`` what was logged as an error. ``checks_passed`` counts health checks without a fault in
    a row.
    """

    ts: int
    pid: int
    state: ServiceState
    since: int
    lives: int
    restarts: int
    tasks: tuple[TaskReport, ...]
    faults: tuple[str, ...] = ()
    checks_passed: int = 0
    operations: int = 0
    failed: int = 0
    errors: int = 0
    resources: Resources = Resources()
    traffic: Traffic = msgspec.field(default_factory=Traffic)
    detail: str = ""


def noted(file: BeatFile) -> ServiceNote | None:
    """The newest note; None where there is none, or it is of another version."""
    content = file.read()
    if content is not None:
        with suppress(msgspec.MsgspecError):
            return msgspec.json.decode(content, type=ServiceNote)
    return None
