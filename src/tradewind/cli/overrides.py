"""Flags of a run as configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tradewind.app.config import load_config
from tradewind.app.settings.presets import PRESETS, RISK_PRESETS
from tradewind.app.settings.root import AppConfig
from tradewind.cli.preset_words import SIZING
from tradewind.errors import Misconfigured
from tradewind.model.timeframe import Timeframe


def risk_values(name: str) -> dict[str, Any]:
    """What a risk preset sets; nothing without one.

    Raises:
        Misconfigured: there is none of that name.
    """
    if not name:
        return {}
    if name not in RISK_PRESETS:
        raise Misconfigured(f"no risk preset {name!r}", where="--risk-preset", allowed=", ".join(RISK_PRESETS))
    return dict(PRESETS[name])


def configured(config: Path | None, preset: str | None = None, interval: Timeframe | None = None) -> AppConfig:
    """The configuration under ``--preset`` and ``--interval``; an interval not configured is decided on alone.

    ``preset`` may end in ``+NAME``, a risk preset, and ``+sizing:WORD``: flags, which stand above the file.
    """
    bundle, *flags = (preset or "").split("+")
    given: dict[str, Any] = {"preset": bundle} if bundle else {}
    for flag in flags:
        given |= {"risk.sizing": flag.removeprefix(SIZING)} if flag.startswith(SIZING) else risk_values(flag)
    settings = load_config(config, overrides=given)
    if interval is None or interval in {one.interval for one in settings.timeframes.intervals}:
        return settings
    given["timeframes"] = {"intervals": [{"interval": str(interval), "weight": 1.0}]}
    return load_config(config, overrides=given)
