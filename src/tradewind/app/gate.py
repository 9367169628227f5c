"""The gates as the configuration asks for them: profile, limits, and the rules of the windows."""

from __future__ import annotations

import msgspec

from tradewind.app.settings.gate import GateSettings
from tradewind.model.timeframe import DAY
from tradewind.validation.gates_profiles import Profile, profile_named
from tradewind.validation.gates_rows import Limits
from tradewind.validation.windows import WindowRules


def profile_of(settings: GateSettings) -> Profile:
    """The gates that decide."""
    return profile_named(settings.profile)


def limits_of(settings: GateSettings) -> Limits:
    """Every number the gates compare with; the settings allow none that is looser than ``Limits()``."""
    return Limits(**{name: getattr(settings, name) for name in Limits.__struct_fields__})


def window_rules_of(settings: GateSettings) -> WindowRules:
    """How a span is cut: the sealed window holds what the limits ask of it."""
    return msgspec.structs.replace(
        WindowRules(), min_sealed=settings.min_sealed_days * DAY, min_trades=settings.min_sealed
    )
