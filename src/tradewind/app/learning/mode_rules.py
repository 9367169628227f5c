"""What a configuration holds modes and retraining to."""

from __future__ import annotations

from typing import Final

from tradewind.app.settings.root import AppConfig
from tradewind.model.mode import ModeRules
from tradewind.model.timeframe import DAY, HOUR

ABOVE_THRESHOLD: Final = 0.02
"""How much more than the threshold a candidate shows on held-out bars where nothing else is asked."""


def rules_of(config: AppConfig) -> ModeRules:
    """The rules of a configuration; what has no key has its built-in value."""
    own = config.continuous_learning
    confidence, retraining = own.confidence, own.retraining
    return ModeRules(
        trading_threshold=confidence.trading_threshold,
        hysteresis=confidence.hysteresis,
        min_events=confidence.min_events,
        window=confidence.window,
        evidence=confidence.return_evidence,
        retrains=own.enabled,
        on_loss=retraining.on_loss,
        cooldown=round(retraining.min_interval_hours * HOUR),
        drift_score=retraining.drift_threshold,
        calibration_warning=retraining.calibration_warning,
        calibration_limit=retraining.calibration_limit,
        schedule=round(retraining.every_days * DAY),
        new_labels=retraining.new_labels,
        excess=retraining.excessive,
    )


def target_of(config: AppConfig) -> float:
    """The held-out confidence that a candidate must show; never below what trades."""
    own = config.continuous_learning
    asked = own.retraining.target_confidence
    return min(1.0, own.confidence.trading_threshold + ABOVE_THRESHOLD) if asked is None else asked
