"""``tradewind calendar``: scheduled news and what they keep out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, group, verb
from tradewind.cli.options import SymbolsOption

app = group("What is due, for which pairs, and where that is known from.")


@app.command()
@verb
def show(
    config: Path | None = None,
    symbol: SymbolsOption = None,
    hours: Annotated[float, typer.Option("--hours", min=0.1, max=8784, help="How far ahead.")] = 24.0,
    at: Annotated[str, typer.Option("--at", help="Another moment than now, e.g. 2022-06-10T12:00Z.")] = "",
) -> Report:
    """Lists what lies ahead and says of each pair whether entries are kept out now (exit 3: no calendar knows)."""
    from tradewind.cli.answers.calendar import show_answer

    return show_answer(config, symbol, hours, at)


@app.command()
@verb
def fetch(config: Path | None = None) -> Report:
    """Asks the feed of `filters.news.url` and keeps the answer."""
    from tradewind.cli.answers.calendar import fetch_answer

    return fetch_answer(config)


@app.command("import")
@verb
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, JSON or Parquet with time, currency, impact and title.")],
    config: Path | None = None,
    zone: Annotated[
        str,
        typer.Option("--zone", help="Zone of times that name none, e.g. America/New_York. Default: filters.news.zone."),
    ] = "",
) -> Report:
    """Keeps a history of releases, for backtests and replays over that time; it replaces the one imported before."""
    from tradewind.cli.answers.calendar import import_answer

    return import_answer(config, file, zone)
