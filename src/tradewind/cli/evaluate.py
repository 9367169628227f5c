"""``tradewind evaluate``: what a model is worth, on bars it never saw."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import SymbolsOption

app = single()


@app.command()
@verb
def evaluate(
    config: Path | None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", help="A version, the beginning of its name, its path, or champion | challenger | predecessor."
        ),
    ] = None,
    symbol: SymbolsOption = None,
    interval: Annotated[
        str | None, typer.Option("--interval", "--timeframe", "-i", help="Bar length of the model, 1m to 1d.")
    ] = None,
    type: Annotated[
        str | None, typer.Option("--model-type", "--type", help="lstm, transformer, ...: the newest of this type.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", help="source, honest or strict. Default: model.profile.")
    ] = None,
    min_accuracy: Annotated[
        float | None,
        typer.Option("--min-accuracy", min=0.0, max=1.0, help="Ask for this accuracy of what was acted on, too."),
    ] = None,
    max_calibration_error: Annotated[
        float | None,
        typer.Option("--max-calibration-error", min=0.0, max=1.0, help="Ask for at most this calibration error, too."),
    ] = None,
    check_leakage: Annotated[
        bool, typer.Option("--check-leakage", help="Replay every input; alone: without the completeness.")
    ] = False,
    check_completeness: Annotated[
        bool, typer.Option("--check-completeness", help="Unknown inputs; alone: without the replay.")
    ] = False,
    keep_sealed: Annotated[
        bool, typer.Option("--keep-sealed", help="Judge by the bars of development alone; open nothing.")
    ] = False,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Where the reliability plot goes. Default: the reports folder.")
    ] = None,
) -> Report:
    """Judges models on bars they never saw (exit 4: not promoted, which is a normal result).

    Sealed bars are opened once, and only for a model that met its gate before them.
    """
    from tradewind.cli.answers.evaluate import EvaluateOptions, evaluated

    return evaluated(
        config,
        EvaluateOptions(
            model, tuple(symbol or ()), interval, type or "", profile, min_accuracy, max_calibration_error,
            leakage=check_leakage or not check_completeness, completeness=check_completeness or not check_leakage,
            opens=not keep_sealed, picture=picture,
        ),
    )  # fmt: skip
