"""``tradewind report``: one HTML page about a strategy, or about everything that was judged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import OptionalIntervalOption, SymbolsOption, named

app = single()


@app.command()
@verb
def report(
    config: Path | None = None,
    strategy: Annotated[
        str, typer.Argument(metavar="[ID]", help="Id or spec hash. Without it everything that was judged.")
    ] = "",
    symbol: SymbolsOption = None,
    interval: OptionalIntervalOption = None,
    job: Annotated[
        str | None, typer.Option("--job", metavar="JOB", help="A research job by the beginning of its id, or newest.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to write it; default: reports/.")] = None,
) -> Report:
    """Writes one HTML file: equity, folds, all trials with the chosen one, overfitting, cost stress, gates."""
    from tradewind.cli.answers.report import answer

    return answer(config, strategy, symbol, interval, output, named("--job", job))
