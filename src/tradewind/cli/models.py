"""``tradewind models``: which models a project has, who serves, what they did, copies and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, group, verb
from tradewind.cli.options import StoreOption, SymbolsOption

OwnOption = Annotated[
    Path | None, typer.Option("--store", help="The run in this database, whose models are its own where it has any.")
]
app = group("Models: who serves and who shadows, what they did, every decision, copies and the way back.")

IntervalsOption = Annotated[
    list[str] | None,
    typer.Option("--interval", "--timeframe", "-i", help="Bar length; repeat, or separate by commas."),
]


@app.command("list")
@verb
def list_models(
    config: Path | None,
    symbol: SymbolsOption = None,
    interval: IntervalsOption = None,
    check: Annotated[bool, typer.Option("--check", help="Exit 4 where a model is missing or does not verify.")] = False,
    versions: Annotated[bool, typer.Option("--versions", help="Every version on the shelf, too.")] = False,
    store: OwnOption = None,
) -> Report:
    """One line a symbol and interval: champion, challenger, gate; those that are missing are named."""
    from tradewind.cli.answers.models import listed

    return listed(config, tuple(symbol or ()), tuple(interval or ()), check=check, versions=versions, store=store)


@app.command()
@verb
def decisions(
    config: Path | None, symbol: SymbolsOption = None, interval: IntervalsOption = None, store: OwnOption = None
) -> Report:
    """Every promotion, refusal, challenge and way back with its reason and both scores, oldest first."""
    from tradewind.cli.answers.models import decided

    return decided(config, tuple(symbol or ()), tuple(interval or ()), store)


@app.command()
@verb
def review(
    config: Path | None,
    symbol: SymbolsOption = None,
    interval: IntervalsOption = None,
    days: Annotated[float, typer.Option("--days", min=0.1, max=3650.0, help="How far back.")] = 5.0,
    store: StoreOption = None,
) -> Report:
    """Champions of late: hits against what they promised, calibration against what it was, where they fail."""
    from tradewind.cli.answers.models import reviewed

    return reviewed(config, tuple(symbol or ()), tuple(interval or ()), days, store)


@app.command()
@verb
def backup(
    config: Path | None,
    output: Annotated[Path | None, typer.Option("--output", help="Folder; backup.folder when left out.")] = None,
    store: OwnOption = None,
) -> Report:
    """Copies versions, seats and decisions into models_backup_YYYYMMDD.tar, here and in the bucket if one is set."""
    from tradewind.cli.answers.models import backed_up

    return backed_up(config, output, store)


@app.command()
@verb
def restore(
    file: Annotated[str, typer.Argument(help="The copy: a file, or its name in the bucket.")],
    config: Path | None = None,
    version: Annotated[str, typer.Option("--version", help="This version alone.")] = "",
    seats: Annotated[
        bool, typer.Option("--seats", help="Seats and decisions as the copy has them; those here are set aside.")
    ] = False,
    store: OwnOption = None,
) -> Report:
    """Brings versions back that answer as they were trained (exit 4 where one does not); nobody is promoted by it."""
    from tradewind.cli.answers.models import restored

    return restored(config, file, version, seats=seats, store=store)
