"""Flags of a run as configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tradewind.app.config import load_config
from tradewind.app.settings.root import AppConfig
from tradewind.model.timeframe import Timeframe


def configured(config: Path | None, preset: str | None = None, interval: Timeframe | None = None) -> AppConfig:
    """The configuration under ``--preset`` and ``--interval``; an interval not configured is decided on alone."""
    given: dict[str, Any] = {"preset": preset} if preset else {}
    settings = load_config(config, overrides=given)
    if interval is None or interval in {one.interval for one in settings.timeframes.intervals}:
        return settings
    given["timeframes"] = {"intervals": [{"interval": str(interval), "weight": 1.0}]}
    return load_config(config, overrides=given)
