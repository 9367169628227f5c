"""What one look found."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

TOPICS: Final = ("python", "packages", "kernels", "disk", "config", "project", "store", "data", "clock", "providers")


class State(StrEnum):
    """How bad it is: ``fail`` stops work, ``warn`` will, ``skipped`` could not be looked at."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


class Finding(msgspec.Struct, frozen=True):
    """``topic`` is what ``doctor TOPIC`` asks for; ``next_step`` is empty where nothing is to be done."""

    topic: str
    name: str
    state: State
    detail: str
    next_step: str = ""
