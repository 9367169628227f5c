"""``tradewind news``: what articles say of a pair, and where they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, group, verb

app = group("Articles of the news: what they say of a pair, from when it was known, and where they come from.")


@app.command()
@verb
def sentiment(
    config: Path | None,
    symbol: Annotated[str, typer.Argument(help="Pair, e.g. BTC/USDT or EURUSD.")],
    at: Annotated[str, typer.Option("--at", help="Another moment than now, e.g. 2018-06-10T12:00Z.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=0, max=10_000, help="Articles that are listed.")] = 20,
) -> Report:
    """Mean score (-1 to 1) of the last day's articles, and the articles (exit 3: nobody read for a whole day)."""
    from tradewind.cli.answers.news import sentiment_answer

    return sentiment_answer(config, symbol, at, limit)


@app.command()
@verb
def fetch(config: Path | None = None) -> Report:
    """Asks every feed of `sentiment.feeds` once and keeps what is new; refused entries are counted by reason."""
    from tradewind.cli.answers.news import fetch_answer

    return fetch_answer(config)


@app.command("import")
@verb
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, JSON, JSON lines, Parquet, or a saved feed (.xml).")],
    config: Path | None = None,
) -> Report:
    """Adds a file of articles to the archive, for training and backtests over its time; nothing is replaced."""
    from tradewind.cli.answers.news import import_answer

    return import_answer(config, file)
