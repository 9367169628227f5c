"""Flags of a run as configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tradewind.app.config import load_config, salvaged
from tradewind.app.database import database_path
from tradewind.app.settings.presets import PRESETS, RISK_PRESETS
from tradewind.app.settings.root import AppConfig
from tradewind.cli.contract import warn
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
    given = _flags(preset)
    settings = load_config(config, overrides=given)
    if interval is None or interval in {one.interval for one in settings.timeframes.intervals}:
        return settings
    given["timeframes"] = {"intervals": [{"interval": str(interval), "weight": 1.0}]}
    return load_config(config, overrides=given)


def readable(config: Path | None, preset: str | None = None, interval: Timeframe | None = None) -> AppConfig:
    """As ``configured``; where that is refused what can be read of it, for verbs that must work in an emergency."""
    try:
        return configured(config, preset, interval)
    except (Misconfigured, OSError, UnicodeDecodeError):
        return salvaged(config, overrides=_flags(preset))[0]


def in_emergency(config: Path | None) -> AppConfig:
    """``readable``, with a warning where the configuration cannot be used, which names the fault and the store."""
    settings, fault = salvaged(config)
    if fault:
        place = getattr(path := database_path(settings), "shown", path)
        warn([f"the configuration cannot be used ({fault}); what can be read of it names the store {place}"])
    return settings


def _flags(preset: str | None) -> dict[str, Any]:
    """``NAME+RISK+sizing:WORD`` as flags."""
    bundle, *flags = (preset or "").split("+")
    given: dict[str, Any] = {"preset": bundle} if bundle else {}
    for flag in flags:
        given |= {"risk.sizing": flag.removeprefix(SIZING)} if flag.startswith(SIZING) else risk_values(flag)
    return given
