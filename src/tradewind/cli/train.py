"""``tradewind train``: one model for a symbol and an interval, judged as soon as it is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import MOST_WORKERS, SymbolsOption, named

app = single()

CheckpointOption = Annotated[
    bool, typer.Option("--checkpoint", help="Best weights as models/checkpoints/TYPE_SYMBOL_best.npz, too.")
]
SentimentOption = Annotated[
    bool,
    typer.Option("--with-sentiment", help="Also read what articles said; trained again without, for comparison."),
]
NoSealOption = Annotated[
    bool, typer.Option("--no-seal", help="Leave no newest bars out: for a challenger, judged on bars to come.")
]
UntilOption = Annotated[
    str, typer.Option("--until", help="Know only bars that closed up to then, e.g. 2024-06-01T12:00Z.")
]
SinceOption = Annotated[
    str, typer.Option("--since", help="When the market changed: nothing older once enough is newer.")
]
RetrainOption = Annotated[
    bool, typer.Option("--retrain", help="Start from the newest version of the same type and sizes.")
]
ReplayOption = Annotated[
    float, typer.Option("--replay", min=0.0, max=0.9, help="With --retrain: share of the samples that are older.")
]
PrecisionOption = Annotated[str, typer.Option("--precision", help="float32 or bfloat16.")]
PatienceOption = Annotated[
    int, typer.Option("--patience", min=1, max=10_000, help="Passes without progress before it stops.")
]
OptionOption = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="NAME=NUMBER", help="Another size of a net, such as channels=32; repeatable."),
]
TuneOption = Annotated[
    int, typer.Option("--tune", min=0, max=10_000, help="Sizes and rates tried on the stop slice first.")
]
BenchOption = Annotated[
    bool, typer.Option("--bench", help="Keep nothing; say what each stage costs and what a whole one would.")
]


@app.command()
@verb
def train(
    config: Path | None,
    symbol: SymbolsOption = None,
    interval: Annotated[str, typer.Option("--interval", "--timeframe", "-i", help="Bar length, 1m to 1d.")] = "1h",
    type: Annotated[
        str, typer.Option("--type", "--model-type", help="base_rate, logistic, boosting, or a net; see docs/models.md.")
    ] = "patch_mlp",
    size: Annotated[str, typer.Option("--size", help="A named size: 3x128 of lstm, 256x8 of transformer.")] = "",
    epochs: Annotated[int, typer.Option("--epochs", min=1, max=10_000, help="Passes over the samples at most.")] = 50,
    patience: PatienceOption = 12,
    batch_size: Annotated[int, typer.Option("--batch-size", min=1, max=100_000, help="Samples a step.")] = 64,
    rate: Annotated[float, typer.Option("--rate", min=0.0, max=1.0, help="Learning rate; 0: the net's own.")] = 0.0,
    dropout: Annotated[float | None, typer.Option("--dropout", min=0.0, max=0.95, help="Units left out.")] = None,
    hidden_size: Annotated[int | None, typer.Option("--hidden-size", min=1, help="Units of recurrent nets.")] = None,
    num_layers: Annotated[int | None, typer.Option("--num-layers", min=1, help="Layers of a net.")] = None,
    model_dim: Annotated[int | None, typer.Option("--model-dim", min=1, help="Units of transformer.")] = None,
    num_heads: Annotated[int | None, typer.Option("--num-heads", min=1, help="Heads of transformer.")] = None,
    option: OptionOption = None,
    length: Annotated[int, typer.Option("--length", min=1, max=2000, help="Bars in a window.")] = 60,
    samples: Annotated[
        int | None, typer.Option("--samples", min=1000, help="Newest samples that are used. Default: 9416.")
    ] = None,
    more_data: Annotated[bool, typer.Option("--more-data", help="Use every stored sample.")] = False,
    no_seal: NoSealOption = False,
    until: UntilOption = "",
    since: SinceOption = "",
    retrain: RetrainOption = False,
    replay: ReplayOption = 0.5,
    precision: PrecisionOption = "float32",
    tune: TuneOption = 0,
    budget: Annotated[
        float, typer.Option("--budget", min=0.0, help="Seconds of processor time, with --tune of all tries; 0: none.")
    ] = 0.0,
    workers: Annotated[int, typer.Option("--workers", min=1, max=MOST_WORKERS, help="Processes of --tune.")] = 1,
    cluster: Annotated[
        str | None, typer.Option("--cluster", metavar="ADDRESS", help="Scheduler of --tune, tcp://HOST:PORT.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of everything random.")] = 0,
    with_sentiment: SentimentOption = False,
    name: Annotated[str, typer.Option("--name", help="Name of the version, v1.1; default: made of the time.")] = "",
    checkpoint: CheckpointOption = False,
    bench: BenchOption = False,
) -> Report:
    """Trains, calibrates and judges one model of stored candles and keeps it as a signed version, passed or not.

    Cut short, the same command goes on.
    """
    from tradewind.cli.answers.train import TrainOptions, sample_count, sized, trained

    sizes = sized(
        option, hidden=hidden_size, layers=num_layers, model_dim=model_dim, heads=num_heads, dropout=dropout
    )  # fmt: skip
    count = sample_count(samples, every=more_data)
    return trained(
        config,
        TrainOptions(
            tuple(symbol or ()), interval, type, size, sizes, epochs, patience, batch_size, rate, length,
            count, retrain, replay, precision, budget, seed, not no_seal, with_sentiment,
            name, checkpoint, bench, tune, workers, named("--cluster", cluster) or "", until, since,
        ),
    )  # fmt: skip
