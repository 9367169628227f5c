"""``tradewind strategy list|show|enable|disable|health``: the book of all strategies that were ever tried."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, single, verb
from tradewind.cli.options import OptionalIntervalOption, SymbolsOption, named

app = single()

StrategyArgument = Annotated[
    str, typer.Argument(help="Id such as EMA_Crossover_1h_v42, or a spec hash or its beginning.", metavar="ID")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept with the change.")]
ActorOption = Annotated[str, typer.Option("--by", help="Who; default: the user of this process.")]


@app.command("list")
@verb
def list_(
    config: Path | None = None,
    min_confidence: Annotated[
        float | None,
        typer.Option("--min-confidence", min=0, max=100, help="Percent. Default: strategies.min_confidence."),
    ] = None,
    min_trades: Annotated[
        int | None, typer.Option("--min-trades", min=0, help="Default: strategies.min_trades.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Default: strategies.limit.")] = None,
    family: Annotated[str | None, typer.Option("--family", help="Only this family.")] = None,
    interval: OptionalIntervalOption = None,
    symbol: Annotated[str | None, typer.Option("--symbol", "--pair", "-p", help="Only those judged on it.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Everything in the book, refused ones with their reason.")
    ] = False,
) -> Report:
    """Lists validated strategies, the best first by the lower bound of their win rate (exit 3: there is none)."""
    from tradewind.cli.answers.strategy_book import Filters, list_answer

    return list_answer(
        config, Filters(min_confidence, min_trades, limit, named("--family", family), interval, symbol), everything
    )


@app.command()
@verb
def show(
    strategy: StrategyArgument,
    config: Path | None = None,
    symbol: SymbolsOption = None,
    price: Annotated[
        list[str] | None,
        typer.Option("--price", help="SYMBOL=PRICE to compute pips from, instead of the last stored candle."),
    ] = None,
) -> Report:
    """Shows one strategy: parameters, status, evidence, verdict, and its stop in percent, ATR and pips per pair."""
    from tradewind.cli.answers.strategy_book import show_answer

    return show_answer(config, strategy, symbol, price)


@app.command()
@verb
def enable(
    strategy: StrategyArgument, config: Path | None = None, reason: ReasonOption = "", by: ActorOption = ""
) -> Report:
    """Gives a disabled strategy its status back (exit 4: the gates refused it)."""
    from tradewind.cli.answers.strategy_book import switch_answer

    return switch_answer(config, strategy, by, reason, on=True)


@app.command()
@verb
def disable(
    strategy: StrategyArgument, config: Path | None = None, reason: ReasonOption = "", by: ActorOption = ""
) -> Report:
    """Switches a strategy off; a run that is going on obeys before its next vote. Kept: who, when, --reason."""
    from tradewind.cli.answers.strategy_book import switch_answer

    return switch_answer(config, strategy, by, reason, on=False)


@app.command()
@verb
def health(
    strategy: Annotated[str, typer.Argument(help="Id; every validated or disabled one without it.", metavar="ID")] = "",
    config: Path | None = None,
) -> Report:
    """Scores strategies from 0 to 100 with the components the score is made of; unknown ones are dashes."""
    from tradewind.cli.answers.strategy_book import health_answer

    return health_answer(config, strategy)
