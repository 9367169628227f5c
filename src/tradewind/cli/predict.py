"""``tradewind predict``: what the promoted models say of a symbol now."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import OptionalIntervalOption

app = single()


@app.command()
@verb
def predict(
    symbol: Annotated[str, typer.Argument(help="The pair, for example BTC/USDT.")],
    config: Path | None,
    interval: OptionalIntervalOption = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Versions in the place of the promoted ones, separated by commas.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="What every model says, and how it adds up.")] = False,
    bench: Annotated[
        bool, typer.Option("--bench", help="Time 200 answers; exit 4 where the 99th percentile is above 500 ms.")
    ] = False,
) -> Report:
    """Asks the promoted models about the newest stored bars; journals nothing. A signal is what `run` makes of it.

    Exit code 3 where no model is promoted.
    """
    from tradewind.cli.answers.predict import answer

    return answer(config, symbol, interval, model, explains=explain, bench=bench)
