"""``tradewind trades list|worst|export|verify``: what was traded and closed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli.contract import Report, group, verb
from tradewind.cli.options import StoreOption

app = group("Closed trades: list, the worst of them, an export with a hash chain.")

CountOption = Annotated[int, typer.Option("--number", "-n", min=1, max=100_000, help="How many.")]


@app.command("list")
@verb
def list_(config: Path | None = None, number: CountOption = 20, store: StoreOption = None) -> Report:
    """Lists the newest closed trades (exit 3: nothing has run)."""
    from tradewind.cli.answers.trades import list_answer

    return list_answer(config, store, number)


@app.command()
@verb
def worst(config: Path | None = None, number: CountOption = 10, store: StoreOption = None) -> Report:
    """Lists the dearest losses, and the symbols, exits and hours in which trades lose more often than elsewhere."""
    from tradewind.cli.answers.trades import worst_answer

    return worst_answer(config, store, number)


@app.command()
@verb
def export(
    config: Path | None = None,
    year: Annotated[int | None, typer.Option("--year", help="Only trades closed in this year, UTC.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; default: stdout.")] = None,
    store: StoreOption = None,
) -> Report:
    """Writes closed trades as CSV in which every row carries the hash of all rows before it."""
    from tradewind.cli.answers.trades import export_answer

    return export_answer(config, store, year, out)


@app.command()
@verb
def verify(file: Annotated[Path, typer.Argument(help="An exported CSV file.", metavar="FILE")]) -> Report:
    """Checks that no row of an export was changed, added, dropped or moved (exit 1: one was)."""
    from tradewind.cli.answers.trades import verify_answer

    return verify_answer(file)
