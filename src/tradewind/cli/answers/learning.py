"""Answers of ``tradewind learning``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tradewind.app.config import load_config
from tradewind.app.instruments import instrument_for
from tradewind.app.learning.mode_reading import SeatStatus, mode_history, seat_statuses, training_history
from tradewind.app.learning.mode_rules import rules_of
from tradewind.app.models.run_models import own_models, run_shelf
from tradewind.app.stored_run import learns
from tradewind.cli.answers.control import order_answer
from tradewind.cli.answers.drift import run_of
from tradewind.cli.contract import Report, table
from tradewind.cli.control_options import Ordering
from tradewind.engine.mode_orders import CANCEL, NOW, RETRAIN
from tradewind.model.mode import TIMES
from tradewind.model.stamp import head_of
from tradewind.model.timeframe import DAY, HOUR, MINUTE, SECOND, Timeframe

_UNITS: Final = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"))


def status_answer(config: Path | None, store: Path | None) -> Report:
    """Every seat of a run."""
    with run_of(config, store) as (desk, journaled):
        started = journaled.run.started
        found = seat_statuses(journaled.store.database)
        stamp = head_of(simulated=started.simulated, unproven=started.unproven)
        moves = learns(journaled.run)
        least = rules_of(desk.workspace.config).min_events
    if found and not moves:
        heard = [f"{one.symbol} {one.timeframe}" for one in found]
        return Report(
            {"seats": [], "simulated": started.simulated, "without_modes": heard},
            human=f"{stamp}This run was begun without --learn: it has no modes, and the models of {', '.join(heard)}"
            " are heard from their first bar on. A live run learns.",
        )
    if not found:
        return Report({"seats": []}, human=f"{stamp}No model has a seat in this run: nothing is learning.")
    rows = [
        (f"{one.symbol} {one.timeframe}", one.mode, one.since, one.reason, _parts(one, least), _training(one.training))
        for one in found
    ]
    names = ["seat", "mode", "since", "why", "confidence", "newest training"]
    document = {"seats": found, "min_events": least, "simulated": started.simulated}
    return Report(document, human=table(f"{stamp}Modes", names, rows))


def history_answer(config: Path | None, last: int, store: Path | None) -> Report:
    """Transitions and trainings."""
    with run_of(config, store) as (desk, journaled):
        started = journaled.run.started
        own = own_models(run_shelf(desk.workspace, desk.database), desk.database)
        moves = mode_history(journaled.store.database, last)
        trainings = training_history(journaled.store.database, last)
        stamp = head_of(simulated=started.simulated, unproven=started.unproven)
    moved = [
        (one["timestamp"], _seat(one), one["state"], one["reason"], _share(one["confidence"]), _changed(one))
        for one in moves
    ]
    trained = [(one["triggered_at"], _seat(one), _trigger(one), _came_to(one)) for one in trainings]
    document = {"transitions": moves, "trainings": trainings, "simulated": started.simulated, "models": own}
    return Report(
        document,
        human=[
            table(f"{stamp}Transitions", ["time", "seat", "to", "why", "confidence", "changed"], moved),
            table(f"{stamp}Trainings", ["asked", "seat", "trigger", "came to"], trained),
            *([] if own is None else [f"Models of this run: {own.text()}"]),
        ],
    )


def retrain_answer(symbol: str, timeframe: Timeframe | None, ordering: Ordering, *, at_once: bool) -> Report:
    """Orders a training of a seat, or of every seat of a symbol."""
    return order_answer(RETRAIN, ordering, _argument(symbol, timeframe, ordering, *((NOW,) if at_once else ())))


def cancel_answer(symbol: str, timeframe: Timeframe | None, ordering: Ordering) -> Report:
    """Takes an order of a training back that has not begun."""
    return order_answer(CANCEL, ordering, _argument(symbol, timeframe, ordering))


def _argument(symbol: str, timeframe: Timeframe | None, ordering: Ordering, *more: str) -> str:
    name = instrument_for(load_config(ordering.config), symbol).symbol
    return " ".join((name, *(() if timeframe is None else (str(timeframe),)), *more))


def _seat(row: dict[str, Any]) -> str:
    return f"{row['symbol']} {row['timeframe']}" if row["symbol"] else "all"


def _trigger(row: dict[str, Any]) -> str:
    return f"{row['trigger_reason']}, by {row['by']}" if row["by"] else str(row["trigger_reason"])


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2%}"


def _changed(row: dict[str, Any]) -> str:
    if row["state"] != "rules":
        return row["version"] or ""
    return ", ".join(f"{name} {_rule(name, old)} -> {_rule(name, new)}" for name, (old, new) in row["detail"].items())


def _rule(name: str, value: float) -> str:
    """A number of the rules as people write it; times are kept in nanoseconds."""
    if name not in TIMES:
        return f"{value:g}"
    unit, letter = next(((unit, letter) for unit, letter in _UNITS if value >= unit), (SECOND, "s"))
    return f"{value / unit:g} {letter}"


def _parts(one: SeatStatus, least: int) -> str:
    seen = one.seen or {"n": 0, "confidence": None}
    if seen["confidence"] is None:
        return f"{seen['n']} of {least} shadow events"
    parts = [f"{_share(seen['confidence'])} of {seen['n']} events", f"{seen['mean_r']:+.3f} R (sd {seen['sd_r']:.2f})"]
    if seen["calibration_error"] is not None:
        parts.append(f"calibration error {seen['calibration_error']:.1%}")
    if seen["needs"]:
        parts.append(f"evidence {seen['evidence']:.1f} of {seen['needs']:g}")
    return ", ".join(parts)


def _training(row: dict[str, Any] | None) -> str:
    return "" if row is None else f"{row['triggered_at']} ({row['trigger_reason']}): {_came_to(row)}"


def _came_to(row: dict[str, Any]) -> str:
    if row["ended_at"] is None:
        return "not ended"
    if row["fault"]:
        return f"failed: {row['fault']}"
    state = "sits there" if row["promoted"] else "shadows" if row["passed"] else "not taken"
    return (
        f"{row['version']}, {_share(row['validation_confidence']) or 'undefined'}, {row['duration_s']:.1f} s, {state}"
    )
