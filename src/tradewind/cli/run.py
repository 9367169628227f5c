"""``tradewind run``: closing bars in, signals out; signals only, or paper."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.answers.run_options import RunOptions
from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import (
    DetailOption,
    GatewayOption,
    OptionalIntervalOption,
    PresetOption,
    ProviderOption,
    RiskPresetOption,
    SizingOption,
    StoreOption,
    SymbolsOption,
    TimeRangeOption,
    split_symbols,
)
from tradewind.cli.preset_words import preset_word

app = single()

FeedOption = Annotated[str | None, typer.Option("--feed", help="Where bars come from: replay, poll or stream.")]
ExecutionOption = Annotated[str | None, typer.Option("--execution", help="none (signals only), paper, approve, auto.")]
ModeOption = Annotated[str | None, typer.Option("--mode", help="Older word: dryrun, paper; live is refused.")]
IterationsOption = Annotated[int, typer.Option("--iterations", min=0, help="Stop after so many closes; 0: at the end.")]
SpeedOption = Annotated[float, typer.Option("--speed", min=0.0, help="Times real time; 0: as fast as it goes.")]
UnprovenOption = Annotated[
    bool,
    typer.Option(
        "--allow-unproven", help="Replay and paper only: strategies without a verdict too; stamps everything."
    ),
]
ShadowOption = Annotated[
    bool, typer.Option("--shadow", help="Hear nobody: votes and their outcomes are journaled, nothing is signalled.")
]
LearnOption = Annotated[
    bool, typer.Option("--learn", help="Replay: follow outcomes, act on drift and select, as live runs always do.")
]
RunPageOption = Annotated[
    Path | None, typer.Option("--report", help="Afterwards repeat the run from its journal and write an HTML report.")
]


@app.command()
@verb
def run(
    config: Path | None,
    symbol: SymbolsOption = None,
    interval: OptionalIntervalOption = None,
    feed: FeedOption = None,
    execution: ExecutionOption = None,
    mode: ModeOption = None,
    iterations: IterationsOption = 0,
    speed: SpeedOption = 0.0,
    timerange: TimeRangeOption = None,
    detail: DetailOption = "auto",
    preset: PresetOption = None,
    risk_preset: RiskPresetOption = None,
    sizing: SizingOption = None,
    store: StoreOption = None,
    provider: ProviderOption = "",
    gateway: GatewayOption = "",
    page: RunPageOption = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print warnings only, not signals and trades as they happen.")
    ] = False,
    allow_unproven: UnprovenOption = False,
    shadow: ShadowOption = False,
    learn: LearnOption = False,
) -> Report:
    """Turns closing bars into signals of proven strategies, journaled; continues an earlier run on the same store.

    Exit code 4 where no strategy is proven: nothing speaks, and no bar is lowered.
    """
    from tradewind.cli.answers.run import answer

    return answer(
        config,
        RunOptions(
            symbols=split_symbols(symbol),
            interval=interval,
            feed=feed,
            execution=execution,
            mode=mode,
            iterations=iterations,
            speed=speed,
            timerange=timerange,
            detail=detail,
            preset=preset_word(preset, risk_preset, sizing),
            store=store,
            provider=provider,
            gateway=gateway,
            page=page,
            quiet=quiet,
            allow_unproven=allow_unproven,
            shadow=shadow,
            learn=learn,
        ),
    )
