"""``tradewind strategy restore``: the strategies of the signed verdicts, in the book again."""

from __future__ import annotations

from pathlib import Path

from tradewind.cli.contract import Report, single, verb

app = single()


@app.command()
@verb
def restore(config: Path | None = None) -> Report:
    """Enters strategies with a signed verdict into a book that lost them; who passed is switched off until enabled."""
    from tradewind.cli.answers.strategy_restore import restore_answer

    return restore_answer(config)
