"""What a proof rests on: the key that signs verdicts, the verdicts it signed, and the trial ledger they name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tradewind.adapters.verdict_files import VerdictFiles
from tradewind.app.doctor.finding import Finding, State
from tradewind.app.proofs import shelf_of
from tradewind.app.settings.root import AppConfig
from tradewind.app.validation.project_ledger import look_at_ledger
from tradewind.errors import TradewindError

RESTORE = "restore data/verdict.key and data/verdicts from the same backup; nobody is heard without a verdict"


def look_at_proof(config: AppConfig, data: Path, folder: Path) -> Iterator[Finding]:
    """Whether the key is there and private, every verdict signed with it, and the ledger whole."""
    files = VerdictFiles(data)
    try:
        key = files.required_key()
        shelf = shelf_of(data)
    except TradewindError as fault:
        yield Finding("project", "verdict key", State.FAIL, fault.found, fault.next_step)
    else:
        yield Finding("project", "verdict key", State.OK, "there and private" if key else "none yet; a proof makes it")
        for text in shelf.faults:
            yield Finding("project", "verdicts", State.FAIL, text, RESTORE)
        if shelf.on_file and not shelf.faults:
            yield Finding("project", "verdicts", State.OK, f"{shelf.on_file} signed with this key")
    try:
        ledger = look_at_ledger(config, data, folder)
    except TradewindError as fault:
        yield Finding("project", "trial ledger", State.FAIL, fault.found, fault.next_step)
    else:
        text = (
            "none yet; the first search begins it" if ledger is None else f"{ledger.head[0]} entries, all hashes hold"
        )
        yield Finding("project", "trial ledger", State.OK, text)
