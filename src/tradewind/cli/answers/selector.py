"""Answer of ``tradewind selector``."""

from __future__ import annotations

from pathlib import Path

from tradewind.app.learning.reading import selector_view
from tradewind.cli.answers.drift import run_of
from tradewind.cli.contract import Report, table
from tradewind.errors import Misconfigured
from tradewind.model.stamp import head_of


def selector_answer(config: Path | None, symbol: str | None, last: int, store: Path | None) -> Report:
    """The selector on one pair."""
    with run_of(config, store) as (desk, journaled):
        covered = tuple(journaled.run.bases)
        name = desk.symbol(symbol) if symbol else covered[0]
        if name not in covered:
            raise Misconfigured(f"the run does not cover {name}", where="--symbol", allowed=", ".join(covered))
        started = journaled.run.started
        found = selector_view(journaled.store.database, name, last, simulated=started.simulated)
        stamp = head_of(simulated=started.simulated, unproven=started.unproven)
    how = "multiply votes" if found.applied else "are computed and logged, votes are not changed by them"
    rows: list[tuple[object, ...]] = [(member, f"{weight:.3f}") for member, weight in found.weights.items()]
    note = f"State {found.state}; first: {found.action or 'nobody yet'} ({found.method or 'selector'}); weights {how}."
    choices = [
        (one["timestamp"], one["state"], one["action"], f"{one['value']:.3f}", "yes" if one["explored"] else "")
        for one in found.choices
    ]
    return Report(
        found,
        human=[
            table(f"{stamp}{name}: selector", ["strategy", "weight (1 = equal)"], rows, note=note),
            table("Newest choices", ["time", "state", "first", "value", "by chance"], choices),
        ],
    )
