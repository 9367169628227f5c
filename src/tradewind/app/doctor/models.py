"""The models that configured predictors ask for: whether each seat has one that may speak."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tradewind.app.doctor.finding import Finding, State
from tradewind.app.models.serving import Serving, seats_for
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.errors import Misconfigured

ADVICE = "tradewind train, evaluate and promote one, or remove the predictor; paper does not start without"


def look_at_models(config: AppConfig, folder: Path) -> Iterator[Finding]:
    """A finding for each seat without a promoted model that verifies; one where all have theirs."""
    if not config.predictors:
        return
    timeframes = tuple(one.interval for one in config.timeframes.intervals)
    try:
        symbols = Workspace(config, folder).symbols()
        seats = [seat for symbol in symbols for seat in seats_for(config, symbol, timeframes, simulated=True)]
    except Misconfigured as fault:
        yield Finding("project", "promoted models", State.FAIL, str(fault), fault.next_step)
        return
    lines = Serving(config, folder).missing(seats)
    for line in lines:
        yield Finding("project", "promoted models", State.FAIL, line, ADVICE)
    if not lines:
        yield Finding("project", "promoted models", State.OK, f"{len(seats)} seats have a promoted model that verifies")
