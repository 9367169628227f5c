"""``tradewind features``: what models read, as Parquet files; and whether it was known at each bar."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, group, verb
from tradewind.cli.options import SymbolsOption, TimeRangeOption

app = group("What models read: inputs of every bar as Parquet, and the proof that nothing in them came later.")

IntervalsOption = Annotated[
    list[str] | None,
    typer.Option("--interval", "--timeframe", "-i", help="Bar length, 1m to 1d; repeat, or separate by commas."),
]
InputOption = Annotated[
    list[Path] | None, typer.Option("--input", help="Bar files or folders of them instead of stored candles.")
]


@app.command()
@verb
def build(
    config: Path | None,
    symbol: SymbolsOption = None,
    interval: IntervalsOption = None,
    timerange: TimeRangeOption = None,
    input: InputOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Folder of the files. Default: data/features.")
    ] = None,
    save_parquet: Annotated[
        bool,
        typer.Option("--save-parquet/--no-save-parquet", help="Write the files, or only say what they would hold."),
    ] = True,
    with_sentiment: Annotated[
        bool, typer.Option("--with-sentiment", help="Also what articles of the archive said, and how much is unknown.")
    ] = False,
) -> Report:
    """Makes the inputs of models from candles, one *_features.parquet a series (exit 4 when one has no usable row)."""
    from tradewind.cli.answers.features import BuildOptions, built

    return built(
        config,
        BuildOptions(
            tuple(symbol or ()),
            tuple(interval or ()),
            timerange,
            tuple(input or ()),
            output,
            save_parquet,
            with_sentiment,
        ),
    )


@app.command()
@verb
def verify(
    config: Path | None,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Feature files or folders. Default: those in data/features.")
    ] = None,
    symbol: SymbolsOption = None,
    interval: IntervalsOption = None,
    input: InputOption = None,
    check_leakage: Annotated[
        bool, typer.Option("--check-leakage", help="Replay every bar; alone: without the completeness.")
    ] = False,
    check_completeness: Annotated[
        bool, typer.Option("--check-completeness", help="Unknown values, gaps, hashes; alone: without the replay.")
    ] = False,
    max_unknown: Annotated[
        float, typer.Option("--max-unknown", min=0.0, max=1.0, help="Share of a column that may be unknown.")
    ] = 0.01,
) -> Report:
    """Names every column that knew the future, and where, and what is incomplete or changed (exit 4)."""
    from tradewind.cli.answers.features import VerifyOptions, verified

    return verified(
        config,
        VerifyOptions(
            tuple(files or ()),
            tuple(symbol or ()),
            tuple(interval or ()),
            tuple(input or ()),
            leakage=check_leakage or not check_completeness,
            complete=check_completeness or not check_leakage,
            most=max_unknown,
        ),
    )
