"""``tradewind strategy ledger``: what was tried, and which sealed windows were read."""

from __future__ import annotations

from pathlib import Path

from tradewind.cli.contract import Report, single, verb

app = single()


@app.command()
@verb
def ledger(config: Path | None = None) -> Report:
    """Verifies the trial ledger; says what was tried and which sealed windows were read (exit 1: it is damaged)."""
    from tradewind.cli.answers.strategy_ledger import ledger_answer

    return ledger_answer(config)
