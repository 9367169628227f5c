"""``tradewind strategy restore``: the strategies of the signed verdicts, in the book again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.adapters.wall_clock import WallClock
from tradewind.app.config import load_config
from tradewind.app.database import database_path
from tradewind.app.own_strategies import families_of
from tradewind.app.proofs import on_simulated_bars, shelf_of
from tradewind.app.validation.restoring import restored
from tradewind.app.workspace import Workspace
from tradewind.cli.contract import Report, table, warn
from tradewind.errors import Unavailable
from tradewind.model.strategy import StrategyStatus


def restore_answer(config: Path | None) -> Report:
    """Enters what the book does not know, and says what a person has to decide."""
    settings, now = load_config(config), WallClock().now()
    data = Workspace(settings).data
    shelf, files = shelf_of(data), VerdictFiles(data)
    warn([f"a verdict is not taken: {fault}" for fault in shelf.faults])
    if not shelf.held:
        raise Unavailable(
            "no signed verdict of this project is on file" + (", only such that cannot be taken" * bool(shelf.on_file)),
            where=str(files.folder),
            next_step="restore data/verdicts and data/verdict.key from their backup",
        )
    with StrategyBook.open(database_path(settings), now) as book:
        found = restored(book, shelf, files, families_of(settings), now)
    warn([f"not entered: {fault}" for fault in found.faults])
    made = on_simulated_bars(shelf)
    rows = [
        (one.id, one.symbol + (" SIMULATED" if (one.spec_hash, one.symbol) in made else ""), one.verdict,
         str(one.status), one.trades)
        for one in found.rows
    ]  # fmt: skip
    off = [one.id for one in found.rows if one.status is StrategyStatus.DISABLED]
    document = {"restored": [one.id for one in found.rows], "switched_off": off, "not_entered": found.faults}
    if not rows:
        return Report(document, f"The book knows of all {len(shelf.held)} verdicts already; nothing was changed.")
    human: list[Any] = [table("Entered again", ["strategy", "pair", "verdict", "status", "trades"], rows)]
    if off:
        human.append(
            f"{len(off)} that passed are switched off: which of them a person had switched off is not known any more."
            f" Who is to be heard is enabled one by one: tradewind strategy enable {off[0]} --reason TEXT"
        )
    return Report(document, human)
