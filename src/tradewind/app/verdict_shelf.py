"""What the signed verdicts on file say about the rows of the strategy book, and what the book does not know of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tradewind.adapters.store.strategy_book import StrategyBook
from tradewind.app.proofs import RESTORE, on_simulated_bars, shelf_of, unjudged
from tradewind.app.settings.root import AppConfig
from tradewind.app.workspace import Workspace
from tradewind.errors import Misconfigured
from tradewind.model.strategy import StoredStrategy, StrategyStatus

SHOWN = 5
"""Names in a warning."""

Key = tuple[str, str]  # spec hash and symbol


class OnFile(NamedTuple):
    """The genuine verdicts by spec hash and symbol: all, those of SIMULATED bars, those that say PASS.

    ``fault`` says why they cannot be read at all; nothing is known then.
    """

    all: frozenset[Key] = frozenset()
    made: frozenset[Key] = frozenset()
    passed: frozenset[Key] = frozenset()
    fault: str = ""

    def simulated(self, row: StoredStrategy) -> bool:
        """Whether the row's evidence is of SIMULATED bars, as the book says or the file."""
        return bool(row.simulated) or (row.spec_hash, row.symbol) in self.made

    def lacks(self, row: StoredStrategy) -> bool:
        """Whether the book says validated and no signed file says so, so that nobody hears it."""
        status = row.status_before if row.status is StrategyStatus.DISABLED else str(row.status)
        return not self.fault and status == StrategyStatus.VALIDATED and (row.spec_hash, row.symbol) not in self.passed

    def missing(self, rows: Sequence[StoredStrategy]) -> tuple[str, ...]:
        """A warning where the file of some of ``rows`` is missing."""
        names = [row.id for row in rows if self.lacks(row)]
        if not names:
            return ()
        some = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
        return (
            f"no signed PASS is on file for {some}: nobody is heard on the word of the book alone; restore"
            " data/verdicts and data/verdict.key from their backup",
        )

    def forgotten(self, book: StrategyBook | None) -> str:
        """How many verdicts ``book`` (None: there is none) does not know of, and what to do; empty for none."""
        rows = book.judged([spec for spec, _ in self.all]) if book is not None and self.all else ()
        gone = len(self.all - {(row.spec_hash, row.symbol) for row in rows if not unjudged(row)})
        return f"{gone} signed verdicts on file are unknown to the strategy book: {RESTORE} enters them" if gone else ""


def on_file(settings: AppConfig) -> OnFile:
    """The verdicts of a project; a key that others may read is a ``fault``, the book can be read all the same."""
    try:
        shelf = shelf_of(Workspace(settings).data)
    except Misconfigured as fault:
        return OnFile(fault=f"the signed verdicts cannot be read: {fault}")
    verdicts = [one.verdict for one in shelf.held]
    return OnFile(
        frozenset((one.strategy.spec_hash, one.symbol) for one in verdicts),
        on_simulated_bars(shelf),
        frozenset((one.strategy.spec_hash, one.symbol) for one in verdicts if one.judgement.proven),
    )
