"""The models that configured predictors ask for: whether each seat has one that may speak."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tradewind.app.doctor.finding import Finding, State
from tradewind.app.models.serving import Serving, configured_seats
from tradewind.app.news_articles import unread
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.errors import Misconfigured

ADVICE = "tradewind train, evaluate and promote one, or remove the predictor; paper does not start without"


def look_at_models(config: AppConfig, folder: Path) -> Iterator[Finding]:
    """A finding for each seat without a promoted model that verifies; one where all have theirs."""
    if not config.predictors:
        return
    try:
        seats = configured_seats(config, folder)
    except Misconfigured as fault:
        yield Finding("project", "promoted models", State.FAIL, str(fault), fault.next_step)
        return
    for note in unread(config) if any(seat.schema.reads_news for seat in seats) else ():
        yield Finding("project", "news of models", State.WARN, note, "name addresses in sentiment.feeds")
    lines = Serving(config, folder).missing(seats)
    for line in lines:
        yield Finding("project", "promoted models", State.FAIL, line, ADVICE)
    if not {seat.symbol for seat in seats} & set(Workspace(config, folder).symbols()):
        elsewhere = ", ".join(sorted({seat.symbol for seat in seats}))
        verify = "" if lines else "; every model there verifies"
        nowhere = (
            f"every seat of the predictors is on {elsewhere}, which the configuration does not name and a run has with"
            f" --symbol alone{verify}"
            if seats
            else "no predictor has a seat: its symbols or timeframes are not among those of the configuration"
        )
        yield Finding(
            "project", "promoted models", State.WARN, nowhere, "compare predictors with symbols and timeframes"
        )
    elif not lines:
        yield Finding("project", "promoted models", State.OK, f"{len(seats)} seats have a promoted model that verifies")
