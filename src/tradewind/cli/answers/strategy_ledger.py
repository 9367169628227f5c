"""``tradewind strategy ledger``: what was tried, and which sealed windows were read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tradewind.adapters.ledger.trial_ledger import TrialLedger
from tradewind.app.config import load_config
from tradewind.app.signal_text import utc
from tradewind.app.strategy_pool import ledger_path
from tradewind.app.validation.project_ledger import look_at_ledger
from tradewind.app.workspace import Workspace
from tradewind.cli.contract import Report, table, warn


def ledger_answer(config: Path | None) -> Report:
    """Reads and verifies the ledger, beside a job that writes it or without one; exit 1 where it forgot something."""
    settings = load_config(config)
    ledger = look_at_ledger(settings, Workspace(settings).data) or TrialLedger.read(ledger_path(settings))
    warn(ledger.notes)
    verified = ledger.verify()
    columns, looks = ledger.trials(), ledger.looks_of()
    newest = columns.newest()
    series = [
        {"symbol": symbol, "interval": timeframe, "trials": int((columns.series == row).sum()),
         "distinct": int((columns.series[newest] == row).sum())}
        for row, (symbol, timeframe) in enumerate(columns.serieses)
    ]  # fmt: skip
    counts = np.bincount(columns.family[newest], minlength=len(columns.families)).tolist()
    document = {
        "ledger": str(ledger.path),
        "entries": verified.entries,
        "trials": verified.trials,
        "head": verified.head,
        "population": ledger.population(),
        "series": series,
        "families": dict(zip(columns.families, counts, strict=True)),
        "looks": looks,
        "contaminated": sum(one.contaminated for one in looks),
        "notes": ledger.notes,
    }
    tried = table(
        f"Trials in {ledger.path}",
        ["pair", "interval", "trials", "distinct"],
        [tuple(one.values()) for one in series],
        note=f"{verified.entries} entries, every hash holds; head {verified.head[:16]}. Nothing here is ever deleted.",
    )
    read = table(
        "Sealed windows that were read",
        ["time", "pair", "interval", "family", "strategy", "from", "to", "stamp"],
        [
            (utc(one.ts), one.look.symbol, one.look.timeframe, one.look.family, one.look.spec_hash,
             utc(one.look.start), utc(one.look.end), "contaminated" if one.contaminated else "first read")
            for one in looks
        ],
        note=f"{len(looks)} reads, {document['contaminated']} of windows that were read before, by whatever name.",
    )  # fmt: skip
    return Report(document, human=[tried, read])
