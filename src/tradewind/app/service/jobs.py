"""The loops of the service, a line each: what runs, how often, and what for."""

from __future__ import annotations

from datetime import time
from typing import Final

from tradewind.app.service.cadence import Calendar, Every
from tradewind.app.service.timetable import Job
from tradewind.app.settings.root import AppConfig

AUTO_SIGNALS: Final = "auto-signals"
LEARNING: Final = "learning-cycle"
HEALTH: Final = "health-check"
SILENCE: Final = "no-signal"
CONFIG: Final = "config-watch"
LOGS: Final = "log-pruning"
REVIEW: Final = "weekly-review"
RETRAIN: Final = "monthly-retraining"
OPTIMIZE: Final = "quarterly-optimization"
FIXED: Final = (
    Job(
        LEARNING,
        Every(3600.0, 120.0),
        "Bars, market state and ensemble of the hour, noted in learning_states.",
    ),
    Job(HEALTH, Every(60.0), "Tasks, feeds, providers and disk; counts the checks passed in a row."),
    Job(SILENCE, Every(600.0), "Alarms when open markets bring no signal for too long."),
    Job(CONFIG, Every(5.0), "Records a changed configuration file as a new version."),
    Job(LOGS, Every(3600.0), "Keeps the folder of logs within its size."),
    Job(REVIEW, Calendar("weekly", time(6, 0), day=5), "Signals, trades and uptime of the week, in the log."),
    Job(RETRAIN, Calendar("monthly", time(3, 0), day=1), "Asks for models to be trained again, in retraining_history."),
    Job(
        OPTIMIZE,
        Calendar("quarterly", time(4, 0), day=1),
        "Asks for a new parameter search, in retraining_history.",
    ),
)
"""UTC throughout. The hour of the learning cycle comes two minutes after the full one: its bars are there by then."""


def jobs_of(config: AppConfig) -> tuple[Job, ...]:
    """The jobs of a configuration."""
    auto = config.auto_signals
    pairs = ", ".join(auto.pairs or config.symbols)
    own = Job(AUTO_SIGNALS, Every(auto.interval), f"What stands decided on {pairs}.")
    return (own, *FIXED) if auto.enabled else FIXED
