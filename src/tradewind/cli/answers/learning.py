"""Answers of ``tradewind learning``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tradewind.app.learning.mode_reading import SeatStatus, mode_history, seat_statuses, training_history
from tradewind.cli.answers.drift import run_of
from tradewind.cli.contract import Report, table
from tradewind.model.stamp import head_of


def status_answer(config: Path | None, store: Path | None) -> Report:
    """Every seat of a run."""
    with run_of(config, store) as (_, journaled):
        started = journaled.run.started
        found = seat_statuses(journaled.store.database)
        stamp = head_of(simulated=started.simulated, unproven=started.unproven)
    if not found:
        return Report({"seats": []}, human=f"{stamp}No model has a seat in this run: nothing is learning.")
    rows = [
        (f"{one.symbol} {one.timeframe}", one.mode, one.since, one.reason, _parts(one), _training(one.training))
        for one in found
    ]
    names = ["seat", "mode", "since", "why", "confidence", "newest training"]
    return Report({"seats": found, "simulated": started.simulated}, human=table(f"{stamp}Modes", names, rows))


def history_answer(config: Path | None, last: int, store: Path | None) -> Report:
    """Transitions and trainings."""
    with run_of(config, store) as (_, journaled):
        started = journaled.run.started
        moves = mode_history(journaled.store.database, last)
        trainings = training_history(journaled.store.database, last)
        stamp = head_of(simulated=started.simulated, unproven=started.unproven)
    moved = [
        (one["timestamp"], _seat(one), one["state"], one["reason"], _share(one["confidence"]), _changed(one))
        for one in moves
    ]
    trained = [(one["triggered_at"], _seat(one), one["trigger_reason"], _came_to(one)) for one in trainings]
    document = {"transitions": moves, "trainings": trainings, "simulated": started.simulated}
    return Report(
        document,
        human=[
            table(f"{stamp}Transitions", ["time", "seat", "to", "why", "confidence", "changed"], moved),
            table(f"{stamp}Trainings", ["asked", "seat", "trigger", "came to"], trained),
        ],
    )


def _seat(row: dict[str, Any]) -> str:
    return f"{row['symbol']} {row['timeframe']}" if row["symbol"] else "all"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2%}"


def _changed(row: dict[str, Any]) -> str:
    if row["state"] != "rules":
        return row["version"] or ""
    return ", ".join(f"{name} {old:g} -> {new:g}" for name, (old, new) in row["detail"].items())


def _parts(one: SeatStatus) -> str:
    seen = one.seen
    if seen is None:
        return "too few shadow events"
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
