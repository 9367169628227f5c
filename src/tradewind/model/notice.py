"""What people should hear about that is no decision, no order and no trade."""

from __future__ import annotations

from typing import Literal

import msgspec

Severity = Literal["info", "warning", "critical"]


class Notice(msgspec.Struct, frozen=True, tag="notice", gc=False):
    """A fact to be told: a stable ``code``, the number it met and the limit it was held to.

    The words are made where it is told. The same ``code`` and ``subject`` within a cool-down are one alert. ``subject``
    is what it is about (a symbol, a strategy, a task, a rule), empty for the whole service.
    """

    code: str
    ts: int
    severity: Severity
    subject: str = ""
    value: float | None = None
    limit: float | None = None
    detail: str = ""
