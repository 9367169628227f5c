"""``tradewind why``: the whole chain behind one decision, with its numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import OptionalIntervalOption, PairArgument, PresetOption, StoreOption

app = single()

TimeArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[TIME]", help="UTC: 2020-01-03 13:00, ISO, or 13:00 of the last day. Default: the latest."),
]


@app.command()
@verb
def why(
    config: Path | None,
    pair: PairArgument,
    time: TimeArgument = None,
    interval: OptionalIntervalOption = None,
    preset: PresetOption = None,
    store: StoreOption = None,
) -> Report:
    """Explains the decision on one bar: data, every rule, votes, records, filters, risk, and what would turn it."""
    from tradewind.cli.answers.why import answer

    return answer(config, pair, " ".join(time or ()), interval, preset, store)
