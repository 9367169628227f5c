"""What a signed verdict rests on: the entry of the trial ledger that it names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tradewind.adapters.ledger.trial_ledger import FILE_NAME, hashes_of
from tradewind.errors import Corrupt, Unavailable
from tradewind.research.verdict import SignedVerdict

RESTORE: Final = "restore the ledger from its backup, with its .head file"


def footing_in(data: Path) -> Callable[[SignedVerdict], str]:
    """A question to a verdict: why it rests on nothing in the ledger of the ``data`` folder, ``""`` where it does.

    A ledger that is missing or cannot be read carries nobody.
    """
    try:
        hashes, fault = hashes_of(data / FILE_NAME), ""
    except (Corrupt, Unavailable) as found:
        hashes, fault = (), f" ({found.found})"

    def why_not(verdict: SignedVerdict) -> str:
        entry, _, digest = verdict.stamp.ledger_head.partition(":")
        place = int(entry) if entry.isdecimal() else 0
        if not place or (place <= len(hashes) and hashes[place - 1] == digest):
            return ""
        return f"rests on entry {place} of the trial ledger, which is not there as it was{fault}: {RESTORE}"

    return why_not
