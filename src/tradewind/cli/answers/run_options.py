"""What was typed after ``tradewind run``."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tradewind.cli.options import TimeRange
from tradewind.model.timeframe import Timeframe


class RunOptions(NamedTuple):
    """What was typed after ``tradewind run``; None and empty where nothing was."""

    symbols: tuple[str, ...]
    interval: Timeframe | None
    feed: str | None
    execution: str | None
    mode: str | None
    iterations: int
    speed: float
    timerange: TimeRange | None
    detail: str
    preset: str | None
    store: Path | None
    provider: str
    gateway: str
    page: Path | None
    quiet: bool
    allow_unproven: bool
    shadow: bool
    learn: bool = False
