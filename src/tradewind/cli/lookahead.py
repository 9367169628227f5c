"""``tradewind lookahead``: whether strategies, or code somebody wrote, use bars that come later."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import OptionalIntervalOption, SeedOption, SymbolOption, TimeRangeOption

app = single()

MembersArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[MEMBER]...", help="Member ids or families. Default: all configured.")
]
ColumnsOption = Annotated[
    list[str] | None, typer.Option("--columns", help="FILE.py:NAME, a function from bars to columns; repeatable.")
]
TradesOption = Annotated[
    list[str] | None, typer.Option("--trades", help="FILE.py:NAME, a function from bars to trades; repeatable.")
]
FirstOption = Annotated[int, typer.Option("--first", min=1, help="Fewest bars that your functions can work on.")]
ToleranceOption = Annotated[
    float, typer.Option("--tolerance", min=0.0, max=1e-6, help="Relative rounding to allow; 0 compares every bit.")
]
SimulatedOption = Annotated[bool, typer.Option("--simulated", help="On 4,000 SIMULATED bars instead of stored ones.")]


@app.command()
@verb
def lookahead(
    config: Path | None,
    member: MembersArgument = None,
    symbol: SymbolOption = "",
    interval: OptionalIntervalOption = None,
    timerange: TimeRangeOption = None,
    columns: ColumnsOption = None,
    trades: TradesOption = None,
    first: FirstOption = 50,
    tolerance: ToleranceOption = 0.0,
    simulated: SimulatedOption = False,
    seed: SeedOption = 1,
) -> Report:
    """Replays strategies, or your own functions, on fewer and on other bars; names whatever saw the future (exit 4)."""
    from tradewind.cli.answers.lookahead import LookaheadOptions, answer

    return answer(
        config,
        LookaheadOptions(
            members=tuple(member or ()),
            symbol=symbol,
            interval=interval,
            timerange=timerange,
            columns=tuple(columns or ()),
            trades=tuple(trades or ()),
            first=first,
            tolerance=tolerance,
            simulated=simulated,
            seed=seed,
        ),
    )
