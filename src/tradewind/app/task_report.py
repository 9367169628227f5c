"""How the tasks of a service are and how it was kept up: what status, a health check and the report of a run show."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["waiting", "running", "done", "loop"]


class TaskReport(msgspec.Struct, frozen=True):
    """One supervised task. ``beat_age_s`` is None before the first start; a ``loop`` is one that stays down."""

    name: str
    state: State
    beat_age_s: float | None
    stale: bool
    restarts: int
    vital: bool
    last_error: str = ""


class ServiceReport(msgspec.Struct, frozen=True):
    """How the service was kept up: ``restarts`` of tasks, ``lives`` of the run in this process, ``errors`` logged."""

    restarts: int
    lives: int
    errors: int
    operations: int
    failed: int
    tasks: tuple[TaskReport, ...]
