"""What learning is held to, out of the configuration."""

from __future__ import annotations

from tradewind.app.settings.root import AppConfig
from tradewind.engine.learning_plan import LearningParams
from tradewind.ensemble.selector import SelectorParams
from tradewind.model.timeframe import DAY, HOUR
from tradewind.validation.drift import DriftLimits


def learning_params(config: AppConfig) -> LearningParams:
    """The plan's part about outcomes, drift and the selector."""
    drift, selector = config.drift, config.selector
    return LearningParams(
        limits=DriftLimits(drift.drift_threshold, drift.min_trades_for_detection),
        lookback=round(drift.lookback_days * DAY),
        cooldown=round(drift.cooldown_hours * HOUR),
        auto_action=drift.auto_action,
        fleet=drift.fleet,
        selector=SelectorParams(
            method=selector.method,
            weighs=selector.weighs,
            rate=selector.rate,
            share=selector.share,
            step=selector.step,
            explore=selector.explore,
            entries=selector.max_entries,
        )
        if selector.enabled
        else None,
    )
