"""``tradewind weights``: how much each timeframe should count."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, group, verb
from tradewind.cli.options import StoreOption

app = group("Weights of timeframes: what each of them deserves by what it showed.")


@app.command()
@verb
def tune(
    config: Path | None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only propose; nothing else is ever done: a person writes them down.")
    ] = True,
    floor: Annotated[float, typer.Option("--floor", min=0.0, max=1.0, help="Least weight.")] = 0.05,
    cap: Annotated[float, typer.Option("--cap", min=0.01, max=1.0, help="Largest weight.")] = 0.40,
    store: StoreOption = None,
) -> Report:
    """Proposes weights that sum to 1, out of results on bars nobody was fitted on (exit 4: none asks for a change)."""
    from tradewind.cli.answers.weights import proposed

    return proposed(config, floor, cap, store)
