"""``tradewind backtest``: the strategies over stored candles, costs included."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import (
    DetailOption,
    OptionalIntervalOption,
    PeriodOption,
    PresetOption,
    RiskPresetOption,
    SeedOption,
    SizingOption,
    SymbolsOption,
    TimeRangeOption,
    split_symbols,
)
from tradewind.cli.preset_words import preset_word

app = single()


@app.command()
@verb
def backtest(
    config: Path | None,
    symbol: SymbolsOption = None,
    interval: OptionalIntervalOption = None,
    timerange: TimeRangeOption = None,
    period: PeriodOption = None,
    detail: DetailOption = "auto",
    preset: PresetOption = None,
    risk_preset: RiskPresetOption = None,
    sizing: SizingOption = None,
    seed: SeedOption = 1,
    page: Annotated[Path | None, typer.Option("--report", help="Where the HTML report goes.")] = None,
    stress: Annotated[bool, typer.Option("--stress", help="Also at 2 and 3 times spread and slippage.")] = False,
    sealed: Annotated[
        bool, typer.Option("--sealed", help="Also the sealed window; written down, it proves nothing afterwards.")
    ] = False,
    with_sentiment: Annotated[
        bool,
        typer.Option("--with-sentiment", help="With the sentiment veto and the articles of the archive, and without."),
    ] = False,
    system: Annotated[
        str, typer.Option("--system", help="crypto or forex: only the pairs of that market; gold is forex.")
    ] = "",
    no_page: Annotated[bool, typer.Option("--no-report", help="Write no HTML report.")] = False,
) -> Report:
    """Runs the strategies over stored candles: decisions, trades, costs, gates, an HTML report."""
    from tradewind.cli.answers.backtest import BacktestOptions, answer

    return answer(
        config,
        BacktestOptions(
            symbols=split_symbols(symbol),
            interval=interval,
            timerange=timerange,
            period=period,
            detail=detail,
            preset=preset_word(preset, risk_preset, sizing),
            seed=seed,
            page=page,
            stress=stress,
            writes=not no_page,
            sealed=sealed,
            sentiment=with_sentiment,
            system=system,
        ),
    )
